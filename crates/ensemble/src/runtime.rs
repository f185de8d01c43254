//! ONNX Runtime's library: whether a file is the one version that bundles are verified with, and the
//! process's one handle to it.
//!
//! A library runs code while it is loaded, so what it is must be known before. Its version stands in
//! the file, as the name of its symbols' version; nothing is loaded that does not name ours.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use crate::RuntimeError;

/// The version of ONNX Runtime that this program runs, bundles are made with, and set-up fetches.
pub const RUNTIME_VERSION: &str = "1.31.1";

/// In front of the version, in every library of ONNX Runtime for Linux.
const VERSION_MARK: &[u8] = b"VERS_";
/// The one function that such a library has for the world.
const ENTRY: &[u8] = b"OrtGetApiBase";
/// Longer than any version.
const VERSION_LENGTH_MAX: usize = 24;

/// A process has one: ONNX Runtime keeps global state.
static STARTED: Mutex<Option<Environment>> = Mutex::new(None);

/// ONNX Runtime, started.
#[derive(Clone)]
pub struct Runtime {
    environment: Environment,
}

impl Runtime {
    /// Loads the library that lies at `path` and has these bytes, and starts it. A process has one
    /// runtime: once it is started, a library of the same version gives the same handle.
    ///
    /// # Errors
    /// A file that is no library of ONNX Runtime, is cut short, is of another version than
    /// [`RUNTIME_VERSION`], or does not load.
    pub fn load(path: &Path, bytes: &[u8]) -> Result<Self, RuntimeError> {
        inspect(bytes)?;
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(environment) = &*started {
            return Ok(Self { environment: environment.clone() });
        }
        let environment = ort::init_from(path)?.with_telemetry(false).build()?;
        // What fails is returned as an error; the runtime would print it as well.
        environment.set_log_level(LogLevel::Fatal);
        *started = Some(environment.clone());
        Ok(Self { environment })
    }

    pub(crate) const fn environment(&self) -> &Environment {
        &self.environment
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runtime").field(&RUNTIME_VERSION).finish()
    }
}

/// Whether these are the bytes of our version of the library.
fn inspect(bytes: &[u8]) -> Result<(), RuntimeError> {
    let needed = elf_length(bytes).ok_or(RuntimeError::NotTheLibrary)?;
    if (bytes.len() as u64) < needed {
        return Err(RuntimeError::Cut { bytes: bytes.len() as u64, needed });
    }
    let version = version(bytes).ok_or(RuntimeError::NotTheLibrary)?;
    if memchr::memmem::find(bytes, ENTRY).is_none() {
        return Err(RuntimeError::NotTheLibrary);
    }
    if version != RUNTIME_VERSION {
        return Err(RuntimeError::Version { found: version.to_owned(), needed: RUNTIME_VERSION });
    }
    Ok(())
}

/// How long a 64-bit ELF file is by its own header: its table of sections ends it. A file that ends
/// before that would not fail to load, it would crash us.
fn elf_length(bytes: &[u8]) -> Option<u64> {
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let field = |at: usize, length: usize| {
        let mut number = [0; 8];
        number[..length].copy_from_slice(bytes.get(at..at + length)?);
        Some(u64::from_le_bytes(number))
    };
    let (table, entry_bytes, entries) = (field(0x28, 8)?, field(0x3a, 2)?, field(0x3c, 2)?);
    table.checked_add(entry_bytes.checked_mul(entries)?)
}

/// The version that a library names.
fn version(bytes: &[u8]) -> Option<&str> {
    memchr::memmem::find_iter(bytes, VERSION_MARK).find_map(|at| {
        let rest = &bytes[at + VERSION_MARK.len()..];
        let text = &rest[..rest.len().min(VERSION_LENGTH_MAX)];
        let length = text.iter().position(|byte| *byte == 0)?;
        let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let version = &text[..length];
        let fits = version.contains(&b'.') && version.iter().all(digits);
        str::from_utf8(version).ok().filter(|_| fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that looks like a library as far as we look, of that version.
    fn library(version: &str) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01".to_vec();
        bytes.resize(0x40, 0);
        bytes.extend(b"VERS_\0VERS_x\0OrtGetApiBase\0VERS_");
        bytes.extend(version.bytes());
        bytes.push(0);
        let table = bytes.len() as u64;
        bytes[0x28..0x30].copy_from_slice(&table.to_le_bytes());
        bytes[0x3a..0x3c].copy_from_slice(&64_u16.to_le_bytes());
        bytes[0x3c..0x3e].copy_from_slice(&2_u16.to_le_bytes());
        bytes.resize(bytes.len() + 128, 0);
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        inspect(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_file_says_which_version_it_is() {
        let ours = library(RUNTIME_VERSION);
        inspect(&ours).unwrap();
        for other in ["1.30.0", "1.31.10", "1.31", "2.31.1"] {
            let line = refusal(&library(other));
            assert!(line.contains(&format!("ONNX Runtime {other}, and")), "{line}");
        }
        assert_eq!(refusal(b"a text"), "not a library of ONNX Runtime");
        assert_eq!(refusal(&library("")), "not a library of ONNX Runtime");
        let other = String::from_utf8(ours.clone()).unwrap().replace("OrtGetApi", "SomeOther");
        assert_eq!(refusal(other.as_bytes()), "not a library of ONNX Runtime");
        let cut = refusal(&ours[..ours.len() - 1]);
        assert!(cut.starts_with("the library is cut short"), "{cut}");
    }
}
