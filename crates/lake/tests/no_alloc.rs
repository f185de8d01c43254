//! A warm journal writer allocates nothing per record. A binary of its own, because it installs an
//! allocator that counts.
#![expect(unsafe_code, reason = "an allocator cannot be written without it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use fluxo_core::{
    BatchKind, BookBatch, Event, InstrumentId, LevelUpdate, Lots, MarketData, MarketEvent, Price,
    Side, Stamped, StrategyKind, UnixNanos,
};
use fluxo_lake::journal::{End, Header, JournalConfig, JournalWriter};

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged; counting touches no memory of
// its own but a thread-local integer that needs no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn event(sequence: u64, levels: usize) -> Stamped {
    let level =
        LevelUpdate { side: Side::Ask, price: Price::from_ticks(618_000), lots: Lots::new(5) };
    let batch =
        BookBatch { kind: BatchKind::Update, update_id: sequence, levels: vec![level; levels] };
    let event = Event::Market(MarketEvent {
        instrument: InstrumentId::new(0),
        ts_event: Some(UnixNanos::new(1)),
        data: MarketData::Book(batch),
    });
    Stamped { ts_recv: UnixNanos::new(2), sequence, event }
}

#[test]
fn a_warm_writer_allocates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let header = Header::new("test".to_owned(), String::new(), StrategyKind::Maker);
    let mut journal =
        JournalWriter::open(folder.path(), &header, JournalConfig::default()).unwrap();
    let events: Vec<Stamped> =
        (0..500).map(|k| event(k, usize::try_from(k % 300).unwrap())).collect();
    let mut round = |rounds: u32| {
        for _ in 0..rounds {
            events.iter().for_each(|event| journal.append_event(event).unwrap());
        }
        CALLS.get()
    };
    // Long enough for the buffers to have been written out.
    let before = round(3);
    assert_eq!(round(20), before);
    journal.finish(&End::default()).unwrap();
}
