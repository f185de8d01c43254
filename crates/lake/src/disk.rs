//! Every change that this crate makes to a disk, each with the path in its error.
//!
//! What these functions return from is either done or has left nothing that looks whole. Tests
//! blow a fuse at any of the steps, which is how a kill at any moment is tried out.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::Doing;

/// The ending of files that are not finished yet.
const UNFINISHED: &str = "tmp";

/// A new, empty file; one of that name is emptied.
pub(crate) fn create(path: &Path) -> Result<File, Error> {
    fuse::step(Doing::Create, path)?;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .map_err(|source| Error::io(Doing::Create, path, source))
}

/// Appends to a file.
pub(crate) fn write(file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Err(error) = fuse::step(Doing::Write, path) {
        // A process that is killed in the middle of a write leaves a part of it.
        fuse::part_of(bytes).iter().try_for_each(|part| file.write_all(part)).ok();
        return Err(error);
    }
    file.write_all(bytes).map_err(|source| Error::io(Doing::Write, path, source))
}

/// Waits until the content of a file is on the medium.
pub(crate) fn sync(file: &File, path: &Path) -> Result<(), Error> {
    fuse::step(Doing::Sync, path)?;
    file.sync_data().map_err(|source| Error::io(Doing::Sync, path, source))
}

/// Waits until the names in a folder are on the medium.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    fuse::step(Doing::Sync, path)?;
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| Error::io(Doing::Sync, path, source))
}

/// Writes a whole file so that its name never stands for a part of it, and returns when it and its
/// name are on the medium. A file of that name is replaced.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let unfinished = unfinished_name(path);
    let mut file = create(&unfinished)?;
    write(&mut file, &unfinished, bytes)?;
    sync(&file, &unfinished)?;
    drop(file);
    rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// The name that a file has until it is whole.
pub(crate) fn unfinished_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    path.with_file_name(name)
}

/// Whether a file of that name is not whole.
pub(crate) fn is_unfinished(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == UNFINISHED)
}

/// Gives a file its final name.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fuse::step(Doing::Rename, to)?;
    fs::rename(from, to).map_err(|source| Error::io(Doing::Rename, to, source))
}

/// Makes a folder and those above it, and returns when their names are on the medium.
pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    };
    create_folder(parent)?;
    fuse::step(Doing::Create, path)?;
    fs::create_dir(path).map_err(|source| Error::io(Doing::Create, path, source))?;
    sync_folder(parent)
}

/// Cuts a file, and returns when the cut is on the medium.
pub(crate) fn truncate(path: &Path, bytes: u64) -> Result<(), Error> {
    fuse::step(Doing::Truncate, path)?;
    let failed = |source| Error::io(Doing::Truncate, path, source);
    let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
    file.set_len(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// Deletes a file.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    fuse::step(Doing::Remove, path)?;
    fs::remove_file(path).map_err(|source| Error::io(Doing::Remove, path, source))
}

/// Deletes a folder that is empty.
pub(crate) fn remove_folder(path: &Path) -> Result<(), Error> {
    fuse::step(Doing::Remove, path)?;
    fs::remove_dir(path).map_err(|source| Error::io(Doing::Remove, path, source))
}

/// The whole of a small file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::io(Doing::Read, path, source))
}

/// The entries of a folder, by name.
pub(crate) fn list(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::io(Doing::Read, path, source);
    let mut entries = fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort();
    Ok(entries)
}

/// Refuses a folder that may not be written, also for a user whom the system would let.
pub(crate) fn check_writable(path: &Path) -> Result<(), Error> {
    let here = Path::new(".");
    // The last ancestor of a relative path is the empty one, which stands for the working folder.
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(here);
    let metadata =
        fs::metadata(existing).map_err(|source| Error::io(Doing::Open, existing, source))?;
    if !metadata.is_dir() {
        let source = std::io::Error::from(std::io::ErrorKind::NotADirectory);
        return Err(Error::io(Doing::Create, existing, source));
    }
    if metadata.permissions().readonly() {
        return Err(Error::ReadOnly { path: existing.to_owned() });
    }
    Ok(())
}

#[cfg(not(test))]
mod fuse {
    //! Nothing blows outside tests.

    use super::{Doing, Error, Path};

    pub(super) const fn step(_: Doing, _: &Path) -> Result<(), Error> {
        Ok(())
    }

    pub(super) const fn part_of(_: &[u8]) -> Option<&[u8]> {
        None
    }
}

#[cfg(test)]
pub(crate) mod fuse {
    //! Fails every step from a chosen one on, as a killed process would.

    use std::cell::Cell;

    use super::{Doing, Error, Path};

    thread_local! {
        static STEPS_LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Runs `work` with room for `steps` changes to the disk, and says how many it left.
    pub(crate) fn with_steps<T>(steps: u64, work: impl FnOnce() -> T) -> (T, u64) {
        STEPS_LEFT.set(Some(steps));
        let result = work();
        (result, STEPS_LEFT.replace(None).unwrap_or(0))
    }

    pub(super) fn step(doing: Doing, path: &Path) -> Result<(), Error> {
        match STEPS_LEFT.get() {
            Some(0) => {
                let source = std::io::Error::other("the fuse blew");
                Err(Error::Io { doing, path: path.to_owned(), source })
            }
            Some(left) => {
                STEPS_LEFT.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What a write leaves that is killed in its middle.
    pub(super) fn part_of(bytes: &[u8]) -> Option<&[u8]> {
        (STEPS_LEFT.get() == Some(0)).then(|| &bytes[..bytes.len() / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_never_looks_whole_before_it_is() {
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("whole");
            let (done, left) = fuse::with_steps(steps, || write_whole(&path, b"0123456789"));
            match std::fs::read(&path) {
                Ok(content) => assert_eq!(content, b"0123456789"),
                Err(_) => assert!(done.is_err()),
            }
            if left > 0 {
                assert!(done.is_ok());
                break;
            }
        }
    }

    #[test]
    fn a_folder_without_write_bits_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        check_writable(&inner.join("below")).unwrap();
        std::fs::create_dir(&inner).unwrap();
        let mut permissions = std::fs::metadata(&inner).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&inner, permissions).unwrap();
        let error = check_writable(&inner.join("below/it")).unwrap_err();
        assert!(matches!(error, Error::ReadOnly { path } if path == inner));
    }

    #[test]
    fn a_folder_that_is_still_to_be_made_is_judged_by_the_nearest_one_that_exists() {
        assert!(check_writable(Path::new("nobody-made-this/nor-this")).is_ok());
        let folder = tempfile::tempdir().unwrap();
        assert!(check_writable(&folder.path().join("nor/this")).is_ok());
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(check_writable(&file.join("below")), Err(Error::Io { .. })));
    }
}
