//! The files of a bundle as an edge read them, and whether they are the ones that were published:
//! nothing missing, nothing beside them, every byte as hashed.

use std::collections::BTreeMap;

use fluxo_core::BundleId;

use crate::{Error, Hash};

/// What the models are, and how they are asked.
pub const MANIFEST: &str = "manifest.json";
/// The SHA-256 of every file but itself and [`PROVENANCE`].
pub const SUMS: &str = "SHA256SUMS";
/// Times and hosts: what changes from one training to the next of the same bytes. No hash covers it.
pub const PROVENANCE: &str = "provenance.json";

/// More files than any bundle has.
pub const FILES_MAX: usize = 64;
/// The largest file of a bundle: a forest.
pub const FILE_BYTES_MAX: u64 = 20 << 20;
/// The largest bundle.
pub const BUNDLE_BYTES_MAX: u64 = 64 << 20;

/// The bytes of a bundle's files, by path relative to its folder, with `/` between the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundleFiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl BundleFiles {
    /// Adds a file.
    ///
    /// # Errors
    /// A path that leads out of the folder, a file that is too large, or one too many.
    pub fn insert(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        check_path(path)?;
        check_size(path, bytes.len() as u64)?;
        self.files.insert(path.to_owned(), bytes);
        if self.files.len() > FILES_MAX {
            return Err(Error::TooManyFiles { limit: FILES_MAX });
        }
        let total: u64 = self.files.values().map(|bytes| bytes.len() as u64).sum();
        if total > BUNDLE_BYTES_MAX {
            return Err(Error::BundleTooLarge { bytes: total, limit: BUNDLE_BYTES_MAX });
        }
        Ok(())
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When there is none of that path.
    pub fn get(&self, path: &str) -> Result<&[u8], Error> {
        let missing = || Error::Missing { file: path.to_owned() };
        self.files.get(path).map(Vec::as_slice).ok_or_else(missing)
    }

    /// Every file, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Checks every file against [`SUMS`] and gives the bundle's name: the hash of that list.
    pub(crate) fn check_sums(&self) -> Result<(BundleId, BTreeMap<String, Hash>), Error> {
        let list = self.get(SUMS)?;
        let sums = parse_sums(list)?;
        for (path, expected) in &sums {
            if Hash::of(self.get(path)?) != *expected {
                return Err(Error::Altered { file: path.clone() });
            }
        }
        let is_listed = |path: &str| sums.contains_key(path) || [SUMS, PROVENANCE].contains(&path);
        if let Some(path) = self.files.keys().find(|path| !is_listed(path)) {
            return Err(Error::Unlisted { file: path.clone() });
        }
        Ok((BundleId::new(*Hash::of(list).as_bytes()), sums))
    }
}

/// The lines `<hash>  <path>`, in the order of the paths.
fn parse_sums(list: &[u8]) -> Result<BTreeMap<String, Hash>, Error> {
    let mut sums = BTreeMap::new();
    let text = str::from_utf8(list).map_err(|_| Error::SumsLine { line: 1 })?;
    let mut last = "";
    for (line, at) in text.split_terminator('\n').zip(1..) {
        let malformed = Error::SumsLine { line: at };
        let Some((hash, path)) = line.split_once("  ") else { return Err(malformed) };
        let Some(hash) = Hash::from_hex(hash) else { return Err(malformed) };
        check_path(path)?;
        if path <= last || [SUMS, PROVENANCE].contains(&path) {
            return Err(malformed);
        }
        last = path;
        sums.insert(path.to_owned(), hash);
    }
    // A file that was cut at the end of a line is whole in every line that it has; one that was cut
    // elsewhere is not.
    if !text.ends_with('\n') {
        return Err(Error::SumsLine { line: sums.len() });
    }
    Ok(sums)
}

/// A path stays in the bundle's folder, and is written in one way only.
fn check_path(path: &str) -> Result<(), Error> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    let odd = |c: char| c.is_control() || c == '\\' || c == ':';
    let fits = path.split('/').all(plain) && !path.contains(odd);
    if fits { Ok(()) } else { Err(Error::UnsafePath { path: path.to_owned() }) }
}

/// A file may not be larger than any model.
fn check_size(path: &str, bytes: u64) -> Result<(), Error> {
    if bytes <= FILE_BYTES_MAX {
        return Ok(());
    }
    Err(Error::FileTooLarge { file: path.to_owned(), bytes, limit: FILE_BYTES_MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&str, &str)]) -> BundleFiles {
        let mut files = BundleFiles::default();
        for (path, text) in all {
            files.insert(path, text.as_bytes().to_vec()).unwrap();
        }
        files
    }

    fn sums(all: &[(&str, &str)]) -> String {
        all.iter().map(|(path, text)| format!("{}  {path}\n", Hash::of(text.as_bytes()))).collect()
    }

    #[test]
    fn what_is_listed_is_there_and_nothing_else() {
        let (a, b) = (("a", "one"), ("b/c", "two"));
        let list = sums(&[a, b]);
        let listed = (SUMS, list.as_str());
        let (id, found) = files(&[a, b, listed]).check_sums().unwrap();
        assert_eq!(id.as_bytes(), Hash::of(list.as_bytes()).as_bytes());
        assert_eq!(found.len(), 2);
        assert!(files(&[a, b, listed, (PROVENANCE, "now")]).check_sums().is_ok());
        let wrong = |all: &[(&str, &str)]| files(all).check_sums().unwrap_err().to_string();
        assert_eq!(wrong(&[a, b]), "SHA256SUMS is missing");
        assert_eq!(wrong(&[a, listed]), "b/c is missing");
        assert!(wrong(&[a, ("b/c", "too"), listed]).starts_with("b/c is not the file"));
        assert!(wrong(&[a, b, ("d", ""), listed]).starts_with("d is no part"));
    }

    #[test]
    fn a_list_is_written_in_one_way_only() {
        let (a, b) = (("a", "one"), ("b", "two"));
        let whole = sums(&[a, b]);
        assert!(parse_sums(whole.as_bytes()).is_ok());
        for bad in [
            sums(&[b, a]),
            sums(&[a, a]),
            sums(&[(PROVENANCE, "")]),
            whole.replace("  ", " "),
            whole.replace('\n', "\r\n"),
            whole[..whole.len() - 1].to_owned(),
            whole.to_uppercase(),
            "\n".to_owned(),
            String::new(),
        ] {
            assert!(parse_sums(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_path_does_not_leave_the_folder() {
        for path in ["../a", "/a", "a/../b", "a//b", "./a", "a/", "", "a\\b", "c:a", "a\0b"] {
            let refused = BundleFiles::default().insert(path, Vec::new());
            assert!(matches!(refused, Err(Error::UnsafePath { .. })), "{path:?}");
            let list = sums(&[(path, "")]);
            assert!(parse_sums(list.as_bytes()).is_err(), "{path:?}");
        }
    }
}
