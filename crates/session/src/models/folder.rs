//! Reads the folder of a bundle: plain files only, and no more than a bundle has.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use fluxo_core::BundleId;
use fluxo_ensemble::{BundleFiles, Error, FILE_BYTES_MAX, Hash, SUMS};
use fluxo_report::{Failure, Outcome, Unfit};

use super::bundle_failure;

/// Folders in folders: `golden/` is one deep.
const DEPTH_MAX: usize = 4;

/// The bytes of every file of a bundle's folder.
///
/// # Errors
/// A folder that is none or cannot be read; a link, or whatever else is no plain file; more or larger
/// files than a bundle has.
pub fn read_bundle(folder: &Path) -> Outcome<BundleFiles> {
    if !folder.is_dir() {
        return Err(Failure::usage(anyhow!("{} is no folder of a bundle", folder.display()))
            .remedy("check the path"));
    }
    let mut files = BundleFiles::default();
    let mut folders = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((path, prefix, depth)) = folders.pop() {
        for entry in entries(&path)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (place, inside) = (entry.path(), format!("{prefix}{name}"));
            // Of the entry itself: what a link points to may lie anywhere.
            let kind = entry.file_type().with_context(|| shown(&place)).or_usage()?;
            if kind.is_file() {
                let bytes = read(&place).map_err(|error| error.while_doing(shown(&place)))?;
                files.insert(&inside, bytes).map_err(|error| bundle_failure(error, folder))?;
            } else if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((place, format!("{inside}/"), depth + 1));
            } else {
                return Err(Failure::damaged(anyhow!(
                    "the bundle {} is refused: {inside} is a link, or no plain file",
                    folder.display()
                ))
                .remedy("put a whole copy of the bundle back"));
            }
        }
    }
    Ok(files)
}

/// Which bundle a folder claims to be, without verifying it; `None` where it is none.
#[must_use]
pub fn bundle_id(folder: &Path) -> Option<BundleId> {
    let list = read(&folder.join(SUMS)).ok()?;
    Some(BundleId::new(*Hash::of(&list).as_bytes()))
}

fn entries(folder: &Path) -> Outcome<Vec<fs::DirEntry>> {
    let list = || fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>();
    list().with_context(|| shown(folder)).or_usage()
}

/// The bytes of a file, as long as it may be: one that still grows is cut off right behind that.
fn read(path: &PathBuf) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).or_usage()?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).or_usage()?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let file = path.display().to_string();
        let bytes = bytes.len() as u64;
        return Err(Failure::damaged(Error::FileTooLarge { file, bytes, limit: FILE_BYTES_MAX }));
    }
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    format!("cannot read {}", path.display())
}

#[cfg(test)]
mod tests {
    use fluxo_test_data::TestBundle;

    use super::*;

    fn bundle() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        TestBundle::new(&["small"], "", "BTCUSDT").write(folder.path());
        folder
    }

    #[test]
    fn every_file_is_read_by_its_path_in_the_folder() {
        let folder = bundle();
        let files = read_bundle(folder.path()).unwrap();
        let paths: Vec<&str> = files.iter().map(|(path, _)| path).collect();
        let expected = [
            "SHA256SUMS",
            "golden/inputs.npy",
            "golden/outputs_small.npy",
            "manifest.json",
            "provenance.json",
            "small.onnx",
        ];
        assert_eq!(paths, expected);
        let id = bundle_id(folder.path()).unwrap();
        assert_eq!(id.as_bytes(), Hash::of(files.get("SHA256SUMS").unwrap()).as_bytes());
        assert_eq!(bundle_id(&folder.path().join("golden")), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused_wherever_it_leads() {
        let folder = bundle();
        let (file, outside) = (folder.path().join("small.onnx"), tempfile::tempdir().unwrap());
        let target = outside.path().join("small.onnx");
        fs::rename(&file, &target).unwrap();
        std::os::unix::fs::symlink(&target, &file).unwrap();
        let refused = read_bundle(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("small.onnx is a link"), "{refused}");
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(outside.path(), &file).unwrap();
        assert!(read_bundle(folder.path()).is_err());
    }

    #[test]
    fn more_than_a_bundle_has_is_refused() {
        let folder = bundle();
        let refused =
            |folder: &tempfile::TempDir| read_bundle(folder.path()).unwrap_err().to_string();
        let large = folder.path().join("large.onnx");
        fs::File::create(&large).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(refused(&folder).contains("more than"), "{}", refused(&folder));
        fs::remove_file(large).unwrap();
        for number in 0..fluxo_ensemble::FILES_MAX {
            fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        assert!(refused(&folder).contains("more than 64 files"), "{}", refused(&folder));
        let deep = bundle();
        fs::create_dir_all(deep.path().join("a/b/c/d/e")).unwrap();
        assert!(read_bundle(deep.path()).is_err());
        assert!(read_bundle(&deep.path().join("nowhere")).is_err());
    }
}
