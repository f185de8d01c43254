//! Where a dataset is published: a folder that is whole as soon as it has its name.
//!
//! It is written beside its place under a name that nothing looks for, put on the medium, and renamed.
//! What a killed run left is cleared by the next one.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fluxo_lake::Digest;
use sha2::Digest as _;

use crate::Error;
use crate::error::Occupant;
use crate::facts::{self, Facts};
use crate::manifest::{MANIFEST, Manifest};

/// A dataset that is being written.
pub(crate) struct Unfinished {
    path: PathBuf,
    place: PathBuf,
    /// Locked while it is held.
    folder: File,
}

impl Unfinished {
    /// Takes the room beside `place`, and clears it.
    pub(crate) fn open(place: &Path) -> Result<Self, Error> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let path = place.with_file_name(format!(".{name}.unfinished"));
        fs::create_dir_all(&path).map_err(Error::disk("create", &path))?;
        let parent = place.parent().unwrap_or(place);
        let writable = fs::metadata(parent).map_err(Error::disk("look at", parent))?;
        if writable.permissions().readonly() {
            let source = io::Error::from(io::ErrorKind::PermissionDenied);
            return Err(Error::disk("write", parent)(source));
        }
        let folder = File::open(&path).map_err(Error::disk("open", &path))?;
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(Error::disk("lock", &path)(source)),
        }
        for leftover in list(&path)? {
            let leftover = path.join(leftover);
            fs::remove_file(&leftover).map_err(Error::disk("remove", &leftover))?;
        }
        Ok(Self { path, place: place.to_owned(), folder })
    }

    /// Where a file of that name is written until the dataset is published: what looks for parts
    /// everywhere must not find it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.unfinished"))
    }

    /// Writes a small file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(Error::disk("write", &path))
    }

    /// Gives the files and then the folder their names, and returns when that is on the medium.
    pub(crate) fn publish<'n>(self, files: impl Iterator<Item = &'n String>) -> Result<(), Error> {
        for name in files {
            let (from, to) = (self.file(name), self.path.join(name));
            fs::rename(from, &to).map_err(Error::disk("write", &to))?;
        }
        self.folder.sync_all().map_err(Error::disk("write", &self.path))?;
        fs::rename(&self.path, &self.place).map_err(Error::disk("write", &self.place))?;
        let parent = self.place.parent().unwrap_or(&self.place);
        File::open(parent)
            .and_then(|parent| parent.sync_all())
            .map_err(Error::disk("write", parent))
    }

    /// Leaves nothing behind.
    pub(crate) fn abandon(self) {
        // It would be cleared by the next run as well.
        let _left_for_the_next_run = fs::remove_dir_all(&self.path);
    }
}

/// The manifest of the dataset that lies there already, if it is the one that is meant and whole;
/// `None` when nothing lies there.
pub(crate) fn published(place: &Path, meant: &Facts) -> Result<Option<Manifest>, Error> {
    if !place.exists() {
        return Ok(None);
    }
    let entries = list(place)?;
    let Some(first) = entries.first() else { return Ok(None) };
    let taken = |what| Err(Error::Taken { path: place.to_owned(), what });
    if !entries.iter().any(|entry| entry == Path::new(MANIFEST)) {
        return taken(Occupant::File(first.clone()));
    }
    let path = place.join(MANIFEST);
    let bytes = fs::read(&path).map_err(Error::disk("read", &path))?;
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
        return Err(Error::Changed { path });
    };
    for (key, name) in NAMES {
        if facts::as_listed(manifest.facts.get(key)).as_ref() != meant.get(key) {
            return taken(Occupant::Dataset(name));
        }
    }
    let files = manifest.files.iter().map(|(name, facts)| (name, facts.sha256));
    let reports = manifest.reports.iter().map(|(name, sha256)| (name, *sha256));
    for (name, sha256) in files.chain(reports) {
        let path = place.join(name);
        if hash_of(&path).map_err(Error::disk("read", &path))? != sha256 {
            return Err(Error::Changed { path });
        }
    }
    Ok(Some(manifest))
}

/// The facts that tell datasets apart, and what a person calls them.
const NAMES: [(&str, &str); 10] = [
    ("ds.format_version", "layout"),
    ("ds.source_sha256", "recording"),
    ("ds.instrument", "instrument"),
    ("ds.clock", "row clock"),
    ("ds.calibration", "calibration"),
    ("ds.feature_schema_hash", "feature schema"),
    ("ds.feature_schema", "feature schema"),
    ("ds.target_schema", "target schema"),
    ("ds.mode", "mode"),
    ("ds.code_version", "build of this program"),
];

/// The hash of a file's bytes.
pub(crate) fn hash_of(path: &Path) -> io::Result<Digest> {
    let mut hash = Hashing(sha2::Sha256::new());
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(Digest::new(hash.0.finalize().into()))
}

struct Hashing(sha2::Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The names in a folder, sorted.
fn list(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(path)?.map(|entry| Ok(PathBuf::from(entry?.file_name()))).collect()
    };
    let mut entries = entries().map_err(Error::disk("list", path))?;
    entries.sort();
    Ok(entries)
}
