//! Lines out of a file, whether it is compressed or not.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::{Error, Line, lobster_archive, market_by_order};

/// No message is longer than this: a snapshot of 5,000 levels has about 300 kB.
pub const LINE_BYTES_MAX: usize = 64 << 20;

const BUFFER_BYTES: usize = 1 << 20;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const DBN_MAGIC: [u8; 3] = *b"DBN";

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingKind {
    /// Lines of `<receive time> <payload>`.
    Capture,
    /// An archive of LOBSTER.
    Lobster,
    /// A market-by-order file of Databento.
    MarketByOrder,
}

impl fmt::Display for RecordingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capture => "a capture of lines",
            Self::Lobster => "an archive of LOBSTER",
            Self::MarketByOrder => "a market-by-order file",
        })
    }
}

/// Reads one capture file, line by line, into one reused buffer.
pub struct CaptureReader {
    path: PathBuf,
    text: BufReader<Box<dyn Read + Send>>,
    kind: RecordingKind,
    compressed: bool,
    line: Vec<u8>,
    number: u64,
    offset: u64,
}

impl std::fmt::Debug for CaptureReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaptureReader")
            .field("path", &self.path)
            .field("number", &self.number)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl CaptureReader {
    /// Opens a file; its first bytes say what it is.
    ///
    /// # Errors
    /// [`Error::Open`] when the system refuses, or what is there is no regular file;
    /// [`Error::NoRecording`] for an archive or a DBN file without a recording that is read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Open { path: path.to_owned(), source };
        // Before it is opened: a pipe would wait for its writer, and cannot be read twice.
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if !metadata.is_file() {
            let kind = io::ErrorKind::InvalidInput;
            return Err(failed(io::Error::new(kind, "not a regular file: save it to one first")));
        }
        let file = File::open(path).map_err(failed)?;
        let mut bytes = BufReader::with_capacity(BUFFER_BYTES, file);
        let magic = bytes.fill_buf().map_err(failed)?;
        let begins = |with: &[u8]| magic.starts_with(with);
        let (gzip, zstd) = (begins(&GZIP_MAGIC), begins(&ZSTD_MAGIC));
        let (zip, dbn) = (begins(&ZIP_MAGIC), begins(&DBN_MAGIC));
        let compressed = gzip || zstd || zip || dbn;
        let text: Box<dyn Read + Send> = if gzip {
            Box::new(MultiGzDecoder::new(bytes))
        } else if zip {
            Box::new(lobster_archive::open(path)?)
        } else if zstd {
            let packed = zstd::Decoder::with_buffer(bytes).map_err(failed)?;
            Box::new(market_by_order::open(path, Box::new(packed))?)
        } else if dbn {
            Box::new(market_by_order::open(path, Box::new(bytes))?)
        } else {
            Box::new(bytes)
        };
        Ok(Self {
            path: path.to_owned(),
            text: BufReader::with_capacity(BUFFER_BYTES, text),
            kind: match (zip, zstd || dbn) {
                (true, _) => RecordingKind::Lobster,
                (_, true) => RecordingKind::MarketByOrder,
                _ => RecordingKind::Capture,
            },
            compressed,
            line: Vec::with_capacity(1 << 16),
            number: 0,
            offset: 0,
        })
    }

    /// Reads a text that is made while it is read; errors call it `name`.
    #[must_use]
    pub fn made(name: &Path, text: Box<dyn Read + Send>) -> Self {
        Self {
            path: name.to_owned(),
            text: BufReader::with_capacity(BUFFER_BYTES, text),
            kind: RecordingKind::Capture,
            compressed: false,
            line: Vec::with_capacity(1 << 16),
            number: 0,
            offset: 0,
        }
    }

    /// How the file is written.
    #[must_use]
    pub const fn kind(&self) -> RecordingKind {
        self.kind
    }

    /// The file, or the name of what is made.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes of text were handed out, ends of lines included.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line that is not empty, or `None` at the end of the file. Only a plain file may end
    /// without an end of line.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Damaged`] or [`Error::Read`]: everything before the fault was
    /// handed out, and half a line never is.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, Error> {
        loop {
            let start = self.offset;
            self.line.clear();
            self.fill_line(start)?;
            if self.line.is_empty() {
                return Ok(None);
            }
            self.offset = start + self.line.len() as u64;
            self.number += 1;
            let end = self.line.len() - line_end(&self.line);
            if end > 0 {
                return Ok(Some(Line {
                    number: self.number,
                    offset: start,
                    bytes: &self.line[..end],
                }));
            }
        }
    }

    fn fill_line(&mut self, start: u64) -> Result<(), Error> {
        loop {
            let available = match self.text.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.fault(error)),
            };
            let newline = memchr::memchr(b'\n', available);
            let take = newline.map_or(available.len(), |at| at + 1);
            self.line.extend_from_slice(&available[..take]);
            self.text.consume(take);
            if newline.is_some() || take == 0 {
                return Ok(());
            }
            if self.line.len() > LINE_BYTES_MAX {
                let path = self.path.clone();
                return Err(Error::LineTooLong { path, offset: start, limit: LINE_BYTES_MAX });
            }
        }
    }

    fn fault(&self, source: io::Error) -> Error {
        let (path, offset) = (self.path.clone(), self.offset);
        // Decoders name damage by several kinds of error, and never by a number of the system.
        let is_of_system = source.raw_os_error().is_some();
        match source.kind() {
            _ if is_of_system || !self.compressed => Error::Read { path, offset, source },
            io::ErrorKind::UnexpectedEof => Error::Truncated { path, offset },
            _ => Error::Damaged { path, offset, source },
        }
    }
}

/// The length of the end of line: `\n`, `\r\n` or none.
fn line_end(line: &[u8]) -> usize {
    match line {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}
