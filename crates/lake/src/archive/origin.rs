//! Where the text of a recording comes from. It is read from its beginning more than once: to see
//! what it is, to compare it with what is there, to take it.

use std::io::Read;
use std::path::Path;

use fluxo_capture::CaptureReader;

/// A recording that is made while it is read: nothing of it lies in a file.
#[derive(Clone, Copy)]
pub struct MadeRecording<'a> {
    /// The name that the lake knows it by.
    pub name: &'a str,
    /// Begins its text anew: the same lines of `<receive time> <JSON>` each time.
    pub text: &'a dyn Fn() -> Box<dyn Read + Send>,
}

impl core::fmt::Debug for MadeRecording<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MadeRecording").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A file, or what is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'a> {
    File(&'a Path),
    Made(MadeRecording<'a>),
}

impl<'a> Origin<'a> {
    /// What the recording is called in errors and progress.
    pub(super) fn path(&self) -> &'a Path {
        match self {
            Self::File(path) => path,
            Self::Made(made) => Path::new(made.name),
        }
    }

    /// Its lines, from the first one on.
    pub(super) fn lines(&self) -> Result<CaptureReader, fluxo_capture::Error> {
        match self {
            Self::File(path) => CaptureReader::open(path),
            Self::Made(made) => Ok(CaptureReader::made(Path::new(made.name), (made.text)())),
        }
    }
}
