//! Where a dataset lies, and whether its files are those of its manifest.

use std::fs;
use std::path::{Path, PathBuf};

use fluxo_lake::Digest;

use super::CheckError;
use crate::folder::hash_of;
use crate::manifest::{MANIFEST, Manifest};

/// Below a folder, a dataset lies as MODE/VENUE/SYMBOL.
const DEPTH_MAX: usize = 3;

/// The one folder of a dataset that is `folder` or lies below it.
pub(super) fn find(folder: &Path) -> Result<PathBuf, CheckError> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut waiting = vec![(folder.to_owned(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        if path.join(MANIFEST).is_file() {
            found.push(path);
        } else if depth < DEPTH_MAX && path.is_dir() {
            let entries = fs::read_dir(&path).map_err(CheckError::disk(&path))?;
            let is_hidden = |path: &Path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
            };
            for entry in entries {
                let inner = entry.map_err(CheckError::disk(&path))?.path();
                // What is being written has a hidden name.
                if inner.is_dir() && !is_hidden(&inner) {
                    waiting.push((inner, depth + 1));
                }
            }
        }
    }
    found.sort();
    let path = folder.to_owned();
    match <[PathBuf; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(found) => {
            Err(match <[PathBuf; 2]>::try_from(found.into_iter().take(2).collect::<Vec<_>>()) {
                Ok([one, other]) => CheckError::Several { path, one, other },
                Err(_) => CheckError::None { path },
            })
        }
    }
}

/// Reads the manifest; a part that it does not list is refused.
pub(super) fn manifest(dataset: &Path) -> Result<Manifest, CheckError> {
    let path = dataset.join(MANIFEST);
    let bytes = fs::read(&path).map_err(CheckError::disk(&path))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|source| CheckError::Manifest { path, source })?;
    for entry in fs::read_dir(dataset).map_err(CheckError::disk(dataset))? {
        let path = entry.map_err(CheckError::disk(dataset))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_part = path.extension().is_some_and(|extension| extension == "parquet");
        if is_part && !manifest.files.contains_key(name.as_ref()) {
            return Err(CheckError::Unlisted { path: path.clone() });
        }
    }
    Ok(manifest)
}

/// Whether a file has the bytes that the manifest says.
pub(super) fn verify(path: &Path, sha256: Digest) -> Result<(), CheckError> {
    if !path.is_file() {
        return Err(CheckError::Missing { path: path.to_owned() });
    }
    if hash_of(path).map_err(CheckError::disk(path))? == sha256 {
        Ok(())
    } else {
        Err(CheckError::Changed { path: path.to_owned() })
    }
}
