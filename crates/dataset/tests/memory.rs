//! Memory does not grow with the number of events. A binary of its own, because it installs an allocator
//! that counts the bytes at hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe by its trait; it forwards every call"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use fluxo_core::{MarketEvent, Nanos};
use fluxo_dataset::{GROUP_ROWS, Mode, write_dataset_of};
use fluxo_lake::Digest;
use fluxo_session::EngineFile;
use fluxo_sim::synthetic::{SyntheticConfig, SyntheticKind, SyntheticStream, instrument};
use fluxo_sim::{MarketSource, Recorded};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn taken(bytes: usize) {
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

fn given_back(bytes: usize) {
    LIVE.fetch_sub(bytes, Ordering::Relaxed);
}

// SAFETY: every call is forwarded unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        given_back(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        given_back(layout.size());
        taken(size);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were at hand since the last call.
fn peak() -> usize {
    PEAK.swap(LIVE.load(Ordering::Relaxed), Ordering::Relaxed)
}

const HALF: u64 = 100_000;
/// Five events of a step of the market: half of them is twenty-five minutes.
const PACE: Nanos = Nanos::from_millis(75);

/// A market that is watched: how much memory the first half of its events took at most.
struct Watched {
    stream: SyntheticStream,
    given: u64,
    first_half: usize,
    /// The control: whoever keeps what it was given.
    kept: Option<Vec<Recorded>>,
}

impl MarketSource for Watched {
    type Error = Infallible;

    fn next(&mut self) -> Result<Option<Recorded>, Infallible> {
        if self.given == HALF {
            self.first_half = peak();
        }
        self.given += 1;
        let next = self.stream.next()?;
        if let (Some(kept), Some(next)) = (&mut self.kept, &next) {
            kept.push(next.clone());
        }
        Ok(next)
    }

    fn recycle(&mut self, event: MarketEvent) {
        self.stream.recycle(event);
    }
}

/// The rows of a market by a clock, and the bytes that each half of its events took at most.
fn halves(clock: &str, kept: Option<Vec<Recorded>>) -> (u64, [usize; 2]) {
    let config = SyntheticConfig {
        // So volatile per second as the shipped market.
        volatility: 2e-4 * (PACE.get() as f64 / 1e9).sqrt(),
        ..SyntheticConfig::new(SyntheticKind::Planted, 1)
    };
    let stream = SyntheticStream::new(&config, PACE, 2 * HALF);
    let mut source = Watched { stream, given: 0, first_half: 0, kept };
    let engine = EngineFile::load(None, &[format!("rows.clock={clock}")]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let facts = (Mode::BookEnhanced, &instrument(), Digest::of(b"synthetic"));
    peak();
    let dataset = write_dataset_of(&mut source, facts, &engine, out.path(), &mut |_| ()).unwrap();
    assert_eq!(dataset.events, 2 * HALF);
    assert!(dataset.manifest.labels["tb_label"].labelled > 1_000);
    (dataset.manifest.number("ds.rows"), [source.first_half, peak()])
}

/// Beyond what a half may take more than the other: how full the pages of a file are is chance.
fn grew([first, second]: [usize; 2]) -> bool {
    second > first + first / 50 + (1 << 20)
}

/// Each half fills a group of rows and writes it, and rows wait for their labels in both.
#[test]
fn twice_the_events_take_no_more_memory() {
    let (rows, bytes) = halves("time:10", None);
    assert!(rows > 2 * GROUP_ROWS as u64, "{rows} rows");
    assert!(bytes[0] > 50 << 20, "{bytes:?}: a group of rows is counted");
    assert!(!grew(bytes), "{bytes:?} of {rows} rows");
    // The control: what keeps its events is found.
    let (_, kept) = halves("time:1000", Some(Vec::new()));
    assert!(grew(kept) && kept[1] - kept[0] > 20 << 20, "{kept:?}");
}
