//! Capture files of one run, read one after the other.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fluxo_capture::CaptureReader;
use fluxo_core::Nanos;
use fluxo_lake::Digest;
use fluxo_lake::journal::SourceFile;
use fluxo_market_data::Decoder;
use sha2::{Digest as _, Sha256};

use crate::RecordingError;
use crate::feed::Feed;
use crate::peek::Peek;

/// Clocks of recorders are set, and files rotated by several hands: so much of one recording may lie in
/// the next without what happened twice.
const OVERLAP_MAX: Nanos = Nanos::SECOND;

/// Where a frame could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MalformedFrame {
    pub(crate) path: PathBuf,
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) what: String,
}

/// The files that are still to be read, and the one that is being read.
#[derive(Debug)]
pub(crate) struct CaptureInput {
    waiting: VecDeque<PathBuf>,
    reader: Option<CaptureReader>,
    /// The file before the one that is being read, until that has said when it begins.
    before: Option<PathBuf>,
    decoder: Decoder,
    pub(crate) frames: u64,
    pub(crate) malformed: u64,
    pub(crate) first_malformed: Option<MalformedFrame>,
}

impl CaptureInput {
    pub(crate) fn new(files: &[PathBuf]) -> Self {
        Self {
            waiting: files.iter().cloned().collect(),
            reader: None,
            before: None,
            decoder: Decoder::new(),
            frames: 0,
            malformed: 0,
            first_malformed: None,
        }
    }

    /// The file that is being read; `None` between two.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.reader.as_ref().map(CaptureReader::path)
    }

    /// Hands the next frame to the feed; `false` when there is none left.
    pub(crate) fn advance(&mut self, feed: &mut Feed) -> Result<bool, RecordingError> {
        if self.reader.is_none() {
            let Some(path) = self.waiting.pop_front() else { return Ok(false) };
            self.reader = Some(CaptureReader::open(&path)?);
            feed.boundary();
        }
        let Some(reader) = &mut self.reader else { return Ok(false) };
        let Some(line) = reader.next_line()? else {
            self.before = self.reader.take().map(|reader| reader.path().to_owned());
            return Ok(true);
        };
        self.frames += 1;
        let (number, offset) = (line.number, line.offset);
        let what = match line.stamp() {
            None => "no receive time at its beginning".to_owned(),
            Some(stamp) => {
                if let (Some(earlier), Some(ended)) = (self.before.take(), feed.latest())
                    && stamp.ts_recv.get() < ended.get().saturating_sub(OVERLAP_MAX.get())
                {
                    let begins = stamp.ts_recv;
                    let path = reader.path().to_owned();
                    return Err(RecordingError::Overlap { path, begins, earlier, ended });
                }
                let taken = self.decoder.decode_with(stamp.payload, |result| {
                    result.map(|message| feed.on_message(stamp.ts_recv, &message))
                });
                match taken {
                    Ok(()) => return Ok(true),
                    Err(error) => error.to_string(),
                }
            }
        };
        self.malformed += 1;
        if self.first_malformed.is_none() {
            let path = reader.path().to_owned();
            self.first_malformed = Some(MalformedFrame { path, line: number, offset, what });
        }
        Ok(true)
    }
}

/// What the first frames of a file say about its instrument.
pub(crate) fn peek(path: &Path) -> Result<Peek, RecordingError> {
    let mut reader = CaptureReader::open(path)?;
    let (mut decoder, mut peek) = (Decoder::new(), Peek::default());
    while !peek.is_enough() {
        let line = match reader.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            // A fault further on is met where it lies.
            Err(_) if peek.instrument().is_some() => break,
            Err(fault) => return Err(fault.into()),
        };
        peek.count_line();
        if let Some(stamp) = line.stamp() {
            decoder.decode_with(stamp.payload, |result| {
                if let Ok(message) = result {
                    peek.observe(stamp.ts_recv, &message);
                }
            });
        }
    }
    Ok(peek)
}

/// A file's name, size and hash: what a journal keeps of its sources.
pub(crate) fn describe(path: &Path) -> Result<SourceFile, RecordingError> {
    let failed = |source| {
        RecordingError::Capture(fluxo_capture::Error::Read {
            path: path.to_owned(),
            offset: 0,
            source,
        })
    };
    let mut file = File::open(path)
        .map_err(|source| fluxo_capture::Error::Open { path: path.to_owned(), source })?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(SourceFile { name, bytes, sha256: Digest::new(hash.finalize().into()) })
}
