//! A recorded capture as a source of events.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use fluxo_capture::CaptureReader;
use fluxo_core::{InstrumentId, InstrumentSpec, MarketEvent, UnixNanos};
use fluxo_market_data::{Decoder, SpecInference, SyncConfig, Synchroniser};
use fluxo_sim::{MarketSource, Recorded};

/// How many messages a specification is inferred from; what they did not show refines it later.
const INFERENCE_MESSAGES: usize = 3_000;

/// Reads the files of one run, one after the other.
pub(crate) struct Capture {
    reader: CaptureReader,
    /// What comes after the file at hand, the last one first.
    rest: Vec<PathBuf>,
    decoder: Decoder,
    synchroniser: Synchroniser,
    made: Vec<MarketEvent>,
    ready: VecDeque<Recorded>,
    last_recv: UnixNanos,
}

impl Capture {
    pub(crate) fn open(files: &[PathBuf], spec: &InstrumentSpec) -> Self {
        let mut rest: Vec<PathBuf> = files.iter().rev().cloned().collect();
        let first = rest.pop().expect("a run has a file");
        let config = SyncConfig::DEFAULT;
        Self {
            reader: CaptureReader::open(&first).expect("a capture opens"),
            rest,
            decoder: Decoder::new(),
            synchroniser: Synchroniser::new(InstrumentId::new(0), spec.clone(), config)
                .expect("a specification of Binance"),
            made: Vec::new(),
            ready: VecDeque::new(),
            last_recv: UnixNanos::new(0),
        }
    }

    /// Reads one line; `false` at the end of the run.
    fn read(&mut self) -> Result<bool, fluxo_capture::Error> {
        let Some(line) = self.reader.next_line()? else {
            let Some(next) = self.rest.pop() else { return Ok(false) };
            self.reader = CaptureReader::open(&next)?;
            self.synchroniser.recording_boundary(self.last_recv);
            return Ok(true);
        };
        let stamp = line.stamp().expect("a line has a time");
        let message = self.decoder.decode(stamp.payload).expect("a capture is well formed");
        self.last_recv = stamp.ts_recv;
        self.synchroniser
            .on_message(stamp.ts_recv, &message, &mut self.made)
            .expect("a capture fits its integers");
        let recorded = |event| Recorded { ts_recv: stamp.ts_recv, event };
        self.ready.extend(self.made.drain(..).map(recorded));
        Ok(true)
    }
}

impl MarketSource for Capture {
    type Error = fluxo_capture::Error;

    fn next(&mut self) -> Result<Option<Recorded>, fluxo_capture::Error> {
        loop {
            if let Some(recorded) = self.ready.pop_front() {
                return Ok(Some(recorded));
            }
            if !self.read()? {
                return Ok(None);
            }
        }
    }

    fn recycle(&mut self, event: MarketEvent) {
        self.synchroniser.recycle(event);
    }
}

/// A specification worked out from the first messages of a file.
pub(crate) fn inferred_spec(file: &Path) -> InstrumentSpec {
    let mut reader = CaptureReader::open(file).expect("a capture opens");
    let (mut decoder, mut inference) = (Decoder::new(), SpecInference::new());
    for _ in 0..INFERENCE_MESSAGES {
        let Some(line) = reader.next_line().expect("a capture is readable") else { break };
        let stamp = line.stamp().expect("a line has a time");
        inference.observe(&decoder.decode(stamp.payload).expect("a capture is well formed"));
    }
    inference.spec(UnixNanos::new(0)).expect("a capture names its market")
}
