//! Where the frames come from: captures here, a lake at whoever reads one.

use std::ops::ControlFlow;
use std::path::PathBuf;

use fluxo_capture::CaptureReader;
use fluxo_core::UnixNanos;

use super::SourceError;

/// What a recording holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceItem<'a> {
    /// The next frames are of another recording than those before: their book need not go on from
    /// the one before. It may come before the first one too.
    Recording,
    /// A frame.
    Frame {
        /// When it was received, on the recorder's clock.
        ts_recv: UnixNanos,
        /// What was received: JSON of Binance, in the envelope of a combined stream or bare.
        payload: &'a [u8],
    },
}

/// A recording, from its first frame to its last.
pub trait FrameSource: Send {
    /// Hands every item to `take`, in order, until there is none left or `take` breaks off.
    ///
    /// # Errors
    /// When the recording cannot be read on; what came before was handed out.
    fn read(
        &mut self,
        take: &mut dyn FnMut(SourceItem<'_>) -> ControlFlow<()>,
    ) -> Result<(), SourceError>;
}

/// Capture files of one run, in order; gzip or plain.
#[derive(Clone, Debug)]
pub struct Captures {
    files: Vec<PathBuf>,
}

impl Captures {
    /// The files, in the order of their time.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: files.into_iter().collect() }
    }
}

impl FrameSource for Captures {
    /// Lines that do not say when they were received are left out. A file that is cut or damaged is
    /// an error where the damage lies.
    fn read(
        &mut self,
        take: &mut dyn FnMut(SourceItem<'_>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        for path in &self.files {
            let mut reader = CaptureReader::open(path)?;
            if take(SourceItem::Recording).is_break() {
                return Ok(());
            }
            while let Some(line) = reader.next_line()? {
                let Some(stamp) = line.stamp() else { continue };
                let frame = SourceItem::Frame { ts_recv: stamp.ts_recv, payload: stamp.payload };
                if take(frame).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
