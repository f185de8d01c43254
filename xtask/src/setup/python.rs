//! Python's environment for the cold path, exactly as its lock says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::{clear, quietly, system_python};

/// Every package with its version and its hashes.
const LOCK: &str = "python/requirements.lock";
/// The installer, likewise.
const UV_LOCK: &str = "python/uv.lock.txt";
/// The installer's own folder: nothing is put into the machine's Python.
const UV_FOLDER: &str = ".uv";
const ENVIRONMENT: &str = ".venv";
/// A new environment until it is whole, and the old one until it is gone.
const NEW: &str = ".venv.new";
const OLD: &str = ".venv.old";
/// Written last, into a folder: it is whole, and made from the locks with this hash.
const MARK: &str = "fluxo-locks.sha256";

/// Where the programs of the environment lie.
pub(crate) fn programs(root: &Path) -> PathBuf {
    root.join(ENVIRONMENT).join("bin")
}

pub(super) fn set_up(root: &Path) -> anyhow::Result<()> {
    let (uv_lock, locks) = (hash(root, &[UV_LOCK])?, hash(root, &[LOCK, UV_LOCK])?);
    let environment = root.join(ENVIRONMENT);
    if is_marked(&environment, &locks) && programs(root).join("python").is_file() {
        println!("Python: {ENVIRONMENT} is in place");
        return Ok(());
    }
    let python = system_python()?;
    for leftover in [NEW, OLD] {
        clear(root, leftover)?;
    }
    let uv_folder = root.join(UV_FOLDER);
    if !is_marked(&uv_folder, &uv_lock) {
        install_uv(root, python)?;
        mark(&uv_folder, &uv_lock)?;
    }
    // Beside the one in place, which works on until the new one is whole.
    let new = root.join(NEW);
    fill(root, &uv_folder.join("bin/uv"), python, &new)?;
    mark(&new, &locks)?;
    if environment.exists() {
        fs::rename(&environment, root.join(OLD))
            .with_context(|| format!("setting the old {ENVIRONMENT} aside"))?;
    }
    fs::rename(&new, &environment).with_context(|| format!("placing {ENVIRONMENT}"))?;
    clear(root, OLD)?;
    println!("Python: {ENVIRONMENT} was made from {LOCK}");
    Ok(())
}

/// Makes an environment, installs the lock into it, and sees that it works.
fn fill(root: &Path, uv: &Path, python: &str, new: &Path) -> anyhow::Result<()> {
    let mut create = Command::new(uv);
    // It moves to its place once it is whole.
    create.args(["venv", "--quiet", "--relocatable", "--python", python]).arg(new);
    quietly(create.current_dir(root), "making the environment")?;
    let interpreter = new.join("bin/python");
    let mut install = Command::new(uv);
    install
        .args(["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--link-mode", "copy"])
        .arg("--python")
        .arg(&interpreter)
        .args(["-r", LOCK]);
    quietly(install.current_dir(root), &format!("installing {LOCK}"))?;
    make_importable(root, &interpreter)?;
    check(&interpreter)
}

/// Whether a folder was finished from the locks with that hash.
fn is_marked(folder: &Path, locks: &str) -> bool {
    fs::read_to_string(folder.join(MARK)).is_ok_and(|text| text == locks)
}

fn mark(folder: &Path, locks: &str) -> anyhow::Result<()> {
    fs::write(folder.join(MARK), locks).with_context(|| format!("marking {}", folder.display()))
}

/// The hash over these files.
fn hash(root: &Path, locks: &[&str]) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for lock in locks {
        hash.update(fs::read(root.join(lock)).with_context(|| format!("reading {lock}"))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn install_uv(root: &Path, python: &str) -> anyhow::Result<()> {
    clear(root, UV_FOLDER)?;
    let mut install = Command::new(python);
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--require-hashes", "--target", UV_FOLDER, "-r", UV_LOCK])
        .current_dir(root);
    quietly(&mut install, "installing uv with pip")
}

/// The package is read from the tree, so that an edit needs no new installation.
fn make_importable(root: &Path, interpreter: &Path) -> anyhow::Result<()> {
    let ask = "import sysconfig; print(sysconfig.get_paths()['purelib'])";
    let output = Command::new(interpreter)
        .args(["-c", ask])
        .output()
        .context("starting the Python of the environment")?;
    let packages = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let source = root.join("python/src");
    let source = source.canonicalize().with_context(|| format!("finding {}", source.display()))?;
    fs::write(packages.join("fluxo_train.pth"), format!("{}\n", source.display()))
        .with_context(|| format!("writing into {}", packages.display()))
}

/// LightGBM needs a library of the system that no wheel brings.
fn check(interpreter: &Path) -> anyhow::Result<()> {
    let output = Command::new(interpreter)
        .args(["-c", "import fluxo_train, lightgbm, onnxruntime, pyarrow, xgboost"])
        .output()
        .context("starting the Python of the environment")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("libgomp") {
        bail!("LightGBM needs libgomp1: install it (on Debian: apt-get install libgomp1)");
    }
    bail!("the environment does not work: {}", said.lines().last().unwrap_or("it said nothing"))
}
