//! Finds ONNX Runtime's library on this machine.
//!
//! What is named must be it: `--ort-lib`, then `ORT_DYLIB_PATH`. Otherwise the first that is there of
//! `.ort/` in this folder and the ones above, where `cargo setup` puts it; the folder of the program;
//! an installed Python package; the system. The first one found is used or refused: to go on to
//! another one would hide which library runs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use fluxo_ensemble::{Runtime, RuntimeError};
use fluxo_report::{Failure, Outcome};

/// The library's name, as far as all systems agree.
const NAME: &str = "libonnxruntime.so";
/// Names the library for this and every other program.
const VARIABLE: &str = "ORT_DYLIB_PATH";
/// Sets up what is missing.
const REMEDY: &str = "run `cargo setup`, or name the library with --ort-lib";
/// Where a system keeps libraries and Python packages.
const SYSTEM: [&str; 5] = [
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
];

/// Loads and starts the runtime; `named` is the library to use.
///
/// # Errors
/// No library, or one that is not the version that this program runs.
pub fn load_runtime(named: Option<&Path>) -> Outcome<Runtime> {
    let path = find_library(named)?;
    let shown = path.display().to_string();
    let bytes = fs::read(&path).map_err(|error| {
        Failure::usage(error).while_doing(format!("cannot read {shown}")).remedy(REMEDY)
    })?;
    Runtime::load(&path, &bytes).map_err(|error| refused(error).while_doing(shown))
}

/// The library's place.
///
/// # Errors
/// The one that is named is not there, or none is named and there is none.
pub fn find_library(named: Option<&Path>) -> Outcome<PathBuf> {
    let variable = variable(VARIABLE).map(PathBuf::from);
    let folder = std::env::current_dir().unwrap_or_default();
    let program = std::env::current_exe().unwrap_or_default();
    if let Some(path) = named.or(variable.as_deref()) {
        if path.is_file() {
            return Ok(path.to_owned());
        }
        let by = if named.is_some() { "--ort-lib" } else { VARIABLE };
        let what = anyhow!("{by} names {}, and there is no such file", path.display());
        return Err(Failure::usage(what).remedy(REMEDY));
    }
    let places = folder
        .ancestors()
        .map(|folder| folder.join(".ort").join(NAME))
        .chain(program.parent().map(|folder| folder.join(NAME)))
        .chain(in_python(&folder))
        .chain(SYSTEM.iter().filter_map(|folder| library_in(Path::new(folder))));
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        let what =
            anyhow!("models need ONNX Runtime, and its library {NAME} is nowhere on this machine");
        Failure::usage(what).remedy(REMEDY)
    })
}

/// Says of a library that is refused what can be done about it.
pub(super) fn refused(error: RuntimeError) -> Failure {
    Failure::usage(error).remedy(REMEDY)
}

/// The library of an installed Python package: of the active environment, of `.venv` in this folder
/// and the ones above, of the system.
fn in_python(folder: &Path) -> Vec<PathBuf> {
    let environments = variable("VIRTUAL_ENV")
        .map(PathBuf::from)
        .into_iter()
        .chain(folder.ancestors().map(|folder| folder.join(".venv")))
        .chain(["/usr/local", "/usr"].map(PathBuf::from));
    let mut found = Vec::new();
    for environment in environments {
        let versions = children(&environment.join("lib"), "python3");
        for packages in ["site-packages", "dist-packages"] {
            let capi = |version: &PathBuf| version.join(packages).join("onnxruntime/capi");
            found.extend(versions.iter().filter_map(|version| library_in(&capi(version))));
        }
    }
    found
}

/// The library in a folder: its name may end in the version.
fn library_in(folder: &Path) -> Option<PathBuf> {
    children(folder, NAME).into_iter().next()
}

/// What of a folder has a name that begins so, in the order of the names; nothing where there is no
/// such folder.
fn children(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let begins = |name: Option<&OsStr>| {
        name.is_some_and(|name| name.to_string_lossy().starts_with(beginning))
    };
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| begins(path.file_name()))
        .collect();
    found.sort();
    found
}

#[expect(
    clippy::disallowed_methods,
    reason = "an edge is told by the environment where things lie"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_named_must_be_there() {
        let refused = find_library(Some(Path::new("/nowhere/lib.so"))).unwrap_err().to_string();
        assert!(refused.starts_with("--ort-lib names /nowhere/lib.so"), "{refused}");
        assert!(refused.ends_with("cargo setup`, or name the library with --ort-lib"), "{refused}");
    }

    #[test]
    fn a_python_package_is_found_by_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let capi = ".venv/lib/python3.11/site-packages/onnxruntime/capi";
        let capi = folder.path().join(capi);
        fs::create_dir_all(&capi).unwrap();
        let library = capi.join("libonnxruntime.so.1.31.1");
        fs::write(&library, "").unwrap();
        let inside = folder.path().join("a/b");
        assert!(in_python(&inside).contains(&library));
    }

    #[test]
    fn what_is_no_library_is_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, "a text").unwrap();
        let refused = load_runtime(Some(&path)).unwrap_err();
        let line = refused.to_string();
        assert!(line.contains("not a library of ONNX Runtime; run `cargo setup`"), "{line}");
        assert_eq!(refused.exit(), fluxo_report::Exit::Usage);
    }

    #[test]
    fn another_version_is_named() {
        let Some(library) = fluxo_test_data::runtime_library() else { return };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let mut bytes = fs::read(library).unwrap();
        let (ours, other) = (b"VERS_1.31.1\0", b"VERS_1.29.0\0");
        let places: Vec<usize> =
            (0..bytes.len() - ours.len()).filter(|at| bytes[*at..].starts_with(ours)).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..at + other.len()].copy_from_slice(other);
        }
        fs::write(&path, &bytes).unwrap();
        let line = load_runtime(Some(&path)).unwrap_err().to_string();
        assert!(line.contains("is ONNX Runtime 1.29.0, and this program runs 1.31.1"), "{line}");
        // A copy that broke off is found before it is loaded.
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let line = load_runtime(Some(&path)).unwrap_err().to_string();
        assert!(line.contains("cut short"), "{line}");
    }
}
