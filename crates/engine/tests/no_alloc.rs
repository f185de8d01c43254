//! A warm engine allocates nothing per event. A binary of its own, because it installs an allocator
//! that counts each thread's calls.
#![expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe by its trait; it forwards every call"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use fluxo_core::{Actions, StrategyKind};
use fluxo_engine::Engine;
use fluxo_session::{EngineFile, Inputs, Instruments, Recording, Selection};
use fluxo_sim::Timeline;

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // During the thread's end there is nobody left to count for.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is forwarded unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Events after which an engine is warm.
const WARM_UP: u64 = 20_000;

#[test]
fn the_counter_counts() {
    let before = CALLS.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(CALLS.get(), before + 1);
}

#[test]
fn a_warm_engine_allocates_nothing() {
    for run in fluxo_test_data::synchronised_runs() {
        for strategy in [StrategyKind::Imbalance, StrategyKind::Maker, StrategyKind::Agents] {
            let file =
                EngineFile::load(None, &[format!("strategy.name={}", strategy.name())]).unwrap();
            let instruments = Instruments::load(None).unwrap();
            let inputs = Inputs::find(&run.files, &Selection::default()).unwrap();
            let recording = Recording::open(&inputs, &instruments).unwrap();
            let spec = recording.spec().clone();
            let sim = file.sim_config(recording.match_ttl()).unwrap();
            let config = file.engine_config(&spec).unwrap();
            let mut timeline = Timeline::new(recording, std::slice::from_ref(&spec), sim).unwrap();
            let mut engine = Engine::new(vec![(spec, config)]).unwrap();
            let mut actions = Actions::with_capacity(256);
            let (mut allocations, mut steady) = (0, 0_u64);
            while let Some(stamped) = timeline.next().unwrap() {
                let before = CALLS.get();
                engine.on_event(stamped, &mut actions);
                if stamped.sequence >= WARM_UP {
                    allocations += CALLS.get() - before;
                    steady += 1;
                }
                timeline.perform(actions.as_slice());
            }
            assert_eq!(allocations, 0, "{} {strategy:?}: {steady} events", run.name());
            assert!(steady > 10_000, "{} has too few events to be warm", run.name());
        }
    }
}
