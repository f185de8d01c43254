//! Python's environment for the cold path, exactly as its lock says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::{quietly, system_python};

/// Every package with its version and its hashes.
const LOCK: &str = "python/requirements.lock";
/// The installer, likewise.
const UV_LOCK: &str = "python/uv.lock.txt";
/// The installer's own folder: nothing is put into the machine's Python.
const UV_FOLDER: &str = ".uv";
const ENVIRONMENT: &str = ".venv";
/// Written last, into the environment: it is whole, and made from the locks with this hash.
const MARK: &str = ".venv/fluxo-locks.sha256";

/// Where the programs of the environment lie.
pub(crate) fn programs(root: &Path) -> PathBuf {
    root.join(ENVIRONMENT).join("bin")
}

fn interpreter(root: &Path) -> PathBuf {
    programs(root).join("python")
}

pub(super) fn set_up(root: &Path) -> anyhow::Result<()> {
    let locks = locks(root)?;
    let mark = root.join(MARK);
    let whole = fs::read_to_string(&mark).is_ok_and(|text| text == locks);
    if whole && interpreter(root).is_file() {
        println!("Python: {ENVIRONMENT} is in place");
        return Ok(());
    }
    let python = system_python()?;
    let environment = root.join(ENVIRONMENT);
    if environment.exists() {
        fs::remove_dir_all(&environment)
            .with_context(|| format!("removing the old {ENVIRONMENT}"))?;
    }
    let uv = root.join(UV_FOLDER).join("bin/uv");
    if !uv.is_file() {
        install_uv(root, python)?;
    }
    let mut create = Command::new(&uv);
    create.args(["venv", "--quiet", "--python", python]).arg(&environment).current_dir(root);
    quietly(&mut create, &format!("making {ENVIRONMENT}"))?;
    let mut install = Command::new(&uv);
    install
        .args(["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--link-mode", "copy"])
        .arg("--python")
        .arg(interpreter(root))
        .args(["-r", LOCK])
        .current_dir(root);
    quietly(&mut install, &format!("installing {LOCK}"))?;
    make_importable(root)?;
    check(root)?;
    fs::write(&mark, &locks).with_context(|| format!("writing {MARK}"))?;
    println!("Python: {ENVIRONMENT} was made from {LOCK}");
    Ok(())
}

/// The hash over both locks.
fn locks(root: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for lock in [LOCK, UV_LOCK] {
        hash.update(fs::read(root.join(lock)).with_context(|| format!("reading {lock}"))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn install_uv(root: &Path, python: &str) -> anyhow::Result<()> {
    let mut install = Command::new(python);
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--require-hashes", "--upgrade", "--target", UV_FOLDER])
        .args(["-r", UV_LOCK])
        .current_dir(root);
    quietly(&mut install, "installing uv with pip")
}

/// The package is read from the tree, so that an edit needs no new installation.
fn make_importable(root: &Path) -> anyhow::Result<()> {
    let ask = "import sysconfig; print(sysconfig.get_paths()['purelib'])";
    let output = Command::new(interpreter(root))
        .args(["-c", ask])
        .output()
        .with_context(|| format!("starting the Python of {ENVIRONMENT}"))?;
    let packages = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let source = root.join("python/src");
    let source = source.canonicalize().with_context(|| format!("finding {}", source.display()))?;
    fs::write(packages.join("fluxo_train.pth"), format!("{}\n", source.display()))
        .with_context(|| format!("writing into {}", packages.display()))
}

/// LightGBM needs a library of the system that no wheel brings.
fn check(root: &Path) -> anyhow::Result<()> {
    let output = Command::new(interpreter(root))
        .args(["-c", "import fluxo_train, lightgbm, onnxruntime, pyarrow, xgboost"])
        .output()
        .with_context(|| format!("starting the Python of {ENVIRONMENT}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("libgomp") {
        bail!("LightGBM needs libgomp1: install it (on Debian: apt-get install libgomp1)");
    }
    bail!("{ENVIRONMENT} does not work: {}", said.lines().last().unwrap_or("it said nothing"))
}
