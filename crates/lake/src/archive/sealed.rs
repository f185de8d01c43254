//! Loads sealed files, and never one whose content is not the sealed one.

use std::path::Path;

use bytes::Bytes;

use super::manifest::SealedFile;
use crate::{Digest, Error, disk};

/// The content of a sealed file.
pub(super) fn load(lake: &Path, file: &SealedFile) -> Result<Bytes, Error> {
    let path = lake.join(&file.path);
    if !path.is_file() {
        return Err(Error::MissingFile { path });
    }
    let bytes = disk::read(&path)?;
    let found = Digest::of(&bytes);
    if found == file.sha256 {
        Ok(bytes.into())
    } else {
        Err(Error::WrongDigest { path, found, sealed: file.sha256 })
    }
}
