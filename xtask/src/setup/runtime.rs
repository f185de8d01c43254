//! The shared library of ONNX Runtime, taken out of its Python wheel.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::{clear, quietly, system_python};

/// The version that the models are checked against: `fluxo_ensemble` refuses any other.
pub(crate) const VERSION: &str = "1.31.1";
/// Where it lies, from the root.
const PLACE: &str = ".ort/libonnxruntime.so";
/// Where a download lies until it was checked, beside the library.
const SCRATCH: &str = "fetch";

/// One kind of machine that there is a wheel for.
struct Build {
    arch: &'static str,
    platform: &'static str,
    /// Of the library, not of the wheel.
    sha256: &'static str,
}

/// The library is the same in the wheels of every Python; those of 3.11 are taken on all machines.
const BUILDS: [Build; 2] = [
    Build {
        arch: "x86_64",
        platform: "manylinux_2_28_x86_64",
        sha256: "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
    },
    Build {
        arch: "aarch64",
        platform: "manylinux_2_28_aarch64",
        sha256: "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
    },
];

/// Copies one member of an archive: `wheel, member, target`.
const EXTRACT: &str = "
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member:
    with open(sys.argv[3], 'wb') as target:
        shutil.copyfileobj(member, target)
";

/// Where the library lies once it was set up.
pub(crate) fn library(root: &Path) -> PathBuf {
    root.join(PLACE)
}

pub(super) fn set_up(root: &Path) -> anyhow::Result<()> {
    let Some(build) = BUILDS
        .iter()
        .find(|build| cfg!(target_os = "linux") && build.arch == std::env::consts::ARCH)
    else {
        bail!(
            "there is no pinned ONNX Runtime for {} on {}: install {VERSION} and name its library in ORT_DYLIB_PATH",
            std::env::consts::OS,
            std::env::consts::ARCH
        );
    };
    let place = library(root);
    if place.is_file() && sha256(&place)? == build.sha256 {
        println!("ONNX Runtime {VERSION}: {PLACE} is in place");
        return Ok(());
    }
    fetch(build, &place)?;
    println!("ONNX Runtime {VERSION}: put into {PLACE}");
    Ok(())
}

fn fetch(build: &Build, place: &Path) -> anyhow::Result<()> {
    let python = system_python()?;
    let folder = place.parent().context("the library lies in a folder")?;
    clear(folder, SCRATCH)?;
    // Beside the target, so that the last step is a rename.
    let scratch = folder.join(SCRATCH);
    let fetched = fetch_into(&scratch, python, build);
    let placed = fetched.and_then(|library| {
        fs::rename(&library, place).with_context(|| format!("placing {}", place.display()))?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("syncing {}", folder.display()))
    });
    let cleared = clear(folder, SCRATCH);
    placed.and(cleared)
}

/// Downloads the wheel and takes the library out of it, checked and on the disk.
fn fetch_into(scratch: &Path, python: &str, build: &Build) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(scratch).with_context(|| format!("making {}", scratch.display()))?;
    let requirement = format!("onnxruntime=={VERSION}");
    let mut download = Command::new(python);
    download
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"])
        .args(["--abi", "cp311", "--platform", build.platform, "--dest"])
        .arg(scratch)
        .arg(&requirement);
    quietly(&mut download, &format!("downloading {requirement} with pip"))?;
    let wheel = fs::read_dir(scratch)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip downloaded no wheel")?;
    let library = scratch.join("libonnxruntime.so");
    let member = format!("onnxruntime/capi/libonnxruntime.so.{VERSION}");
    let mut extract = Command::new(python);
    extract.args(["-c", EXTRACT]).args([&wheel, Path::new(&member), &library]);
    quietly(&mut extract, &format!("taking {member} out of the wheel"))?;
    let found = sha256(&library)?;
    if found != build.sha256 {
        bail!("{member} has the sha256 {found}, and {} is pinned: not installed", build.sha256);
    }
    File::open(&library).and_then(|file| file.sync_all()).context("syncing the library")?;
    Ok(library)
}

fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let read = std::io::Read::read(&mut file, &mut buffer)
            .with_context(|| format!("reading {}", path.display()))?;
        if read == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_up_is_what_the_programs_run() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let source = fs::read_to_string(root.join("crates/ensemble/src/runtime.rs")).unwrap();
        let line = format!("pub const RUNTIME_VERSION: &str = \"{VERSION}\";");
        assert!(source.contains(&line), "{line}");
    }
}
