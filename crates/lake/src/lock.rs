//! One writer, or any number of readers, per folder: the lock dies with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::Doing;
use crate::{Error, disk};

/// The empty file that is locked. It stays: to delete it would race with the next process.
pub(crate) const LOCK_NAME: &str = "lock";

/// Holds a folder until it is dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    /// `None` in a folder whose lock file is not there, a copy for instance: nobody writes to it.
    _file: Option<File>,
}

impl FolderLock {
    /// For the one who writes.
    pub(crate) fn exclusive(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(LOCK_NAME);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| Error::io(Doing::Lock, &path, source))?;
        taken(folder, file.try_lock())?;
        Ok(Self { _file: Some(file) })
    }

    /// For one who reads: it changes nothing, so that it also works on a read-only medium.
    pub(crate) fn shared(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(LOCK_NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { _file: None });
            }
            Err(source) => return Err(Error::io(Doing::Open, &path, source)),
        };
        taken(folder, file.try_lock_shared())?;
        Ok(Self { _file: Some(file) })
    }
}

/// Whether nobody has put anything into a folder yet: it is empty, or a kill came early.
pub(crate) fn is_unused(folder: &Path) -> Result<bool, Error> {
    Ok(disk::list(folder)?.iter().all(|path| {
        path.file_name().is_some_and(|name| name == LOCK_NAME) || disk::is_unfinished(path)
    }))
}

fn taken(folder: &Path, result: Result<(), TryLockError>) -> Result<(), Error> {
    match result {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Error::io(Doing::Lock, folder, source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_is_alone_and_readers_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let writer = FolderLock::exclusive(folder.path()).unwrap();
        assert!(matches!(FolderLock::exclusive(folder.path()), Err(Error::Locked { .. })));
        assert!(matches!(FolderLock::shared(folder.path()), Err(Error::Locked { .. })));
        drop(writer);
        let readers = [FolderLock::shared(folder.path()), FolderLock::shared(folder.path())];
        assert!(readers.iter().all(Result::is_ok));
        assert!(matches!(FolderLock::exclusive(folder.path()), Err(Error::Locked { .. })));
    }
}
