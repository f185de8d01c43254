//! Plays frames through decoder, synchroniser and audit, and keeps what a test wants to know.

use std::path::Path;

use fluxo_capture::CaptureReader;
use fluxo_core::{InstrumentId, InstrumentSpec, MarketData, MarketEvent, UnixNanos};
use fluxo_market_data::{
    AuditConfig, AuditCounts, BookAudit, Decoder, FeedCounts, Message, SpecInference, SyncConfig,
    SyncState, Synchroniser,
};

/// What a feed came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) frames: u64,
    pub(crate) malformed: u64,
    pub(crate) out_of_range: u64,
    pub(crate) feed: FeedCounts,
    pub(crate) audit: AuditCounts,
    pub(crate) state: SyncState,
    pub(crate) spec: InstrumentSpec,
    /// Batches: states that the book was brought to.
    pub(crate) books: u64,
    pub(crate) specs: Vec<InstrumentSpec>,
}

/// A feed of one instrument on its way through.
pub(crate) struct Replay {
    sync: Synchroniser,
    pub(crate) audit: BookAudit,
    events: Vec<MarketEvent>,
    frames: u64,
    malformed: u64,
    out_of_range: u64,
    books: u64,
    specs: Vec<InstrumentSpec>,
}

impl Replay {
    pub(crate) fn new(spec: InstrumentSpec) -> Self {
        Self {
            audit: BookAudit::new(&spec, AuditConfig::DEFAULT),
            sync: Synchroniser::new(InstrumentId::new(0), spec, SyncConfig::DEFAULT).unwrap(),
            events: Vec::new(),
            frames: 0,
            malformed: 0,
            out_of_range: 0,
            books: 0,
            specs: Vec::new(),
        }
    }

    pub(crate) fn on_frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        if let Some(ended) = frame.recording_ended {
            self.sync.recording_boundary(ended);
        }
        let Some(message) = frame.message else {
            self.malformed += 1;
            return;
        };
        let result = self.sync.on_message(frame.ts_recv, message, &mut self.events);
        self.out_of_range += u64::from(result.is_err());
        for event in self.events.drain(..) {
            self.audit.on_event(&event);
            match &event.data {
                MarketData::Book(_) => self.books += 1,
                MarketData::Spec(spec) => self.specs.push(spec.as_ref().clone()),
                _ => {}
            }
            self.sync.recycle(event);
        }
    }

    pub(crate) fn outcome(self) -> Outcome {
        Outcome {
            frames: self.frames,
            malformed: self.malformed,
            out_of_range: self.out_of_range,
            feed: *self.sync.counts(),
            audit: *self.audit.counts(),
            state: self.sync.state(),
            spec: self.sync.spec().clone(),
            books: self.books,
            specs: self.specs,
        }
    }
}

/// One frame of a recording.
pub(crate) struct Frame<'a> {
    pub(crate) ts_recv: UnixNanos,
    /// The last receive time of the file before, on the first frame of a file.
    pub(crate) recording_ended: Option<UnixNanos>,
    /// `None` when the frame is malformed.
    pub(crate) message: Option<&'a Message<'a>>,
}

/// Hands over every frame of files that follow each other.
pub(crate) fn for_each_frame<P: AsRef<Path>>(files: &[P], mut take: impl FnMut(&Frame<'_>)) {
    let mut decoder = Decoder::new();
    let mut recording_ended = None;
    for file in files {
        let mut reader = CaptureReader::open(file.as_ref()).unwrap();
        let mut last = None;
        while let Some(line) = reader.next_line().unwrap() {
            let stamp = line.stamp().unwrap();
            let message = decoder.decode(stamp.payload).ok();
            let recording_ended = recording_ended.take();
            take(&Frame { ts_recv: stamp.ts_recv, recording_ended, message: message.as_ref() });
            last = Some(stamp.ts_recv);
        }
        recording_ended = last;
    }
}

/// The specification that the first `frames` frames suggest.
pub(crate) fn inferred<P: AsRef<Path>>(files: &[P], frames: usize) -> InstrumentSpec {
    let mut inference = SpecInference::new();
    let (mut seen, start) = (0, UnixNanos::new(0));
    for_each_frame(files, |frame| {
        if seen < frames || inference.spec(start).is_none() {
            inference.observe(frame.message.unwrap());
            seen += 1;
        }
    });
    inference.spec(start).unwrap()
}

/// Plays files in the units of a specification.
pub(crate) fn replay<P: AsRef<Path>>(files: &[P], spec: InstrumentSpec) -> Outcome {
    let mut replay = Replay::new(spec);
    for_each_frame(files, |frame| replay.on_frame(frame));
    replay.outcome()
}
