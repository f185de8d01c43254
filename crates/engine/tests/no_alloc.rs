//! A warm engine allocates nothing per event on the Rust side, with models and without. A binary of
//! its own, because it installs an allocator that counts each thread's calls.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe by its trait; it forwards every call"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};

use fluxo_core::{Actions, InstrumentId, Market, StrategyKind};
use fluxo_engine::Engine;
use fluxo_ensemble::Forecaster;
use fluxo_session::{EngineFile, Inputs, Instruments, Models, Recording, Selection};
use fluxo_sim::Timeline;
use fluxo_test_data::TestBundle;

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

/// The instrument of a run.
const ONLY: InstrumentId = InstrumentId::new(0);
/// Events after which an engine is warm.
const WARM_UP: u64 = 20_000;

#[test]
fn the_counter_counts() {
    let before = CALLS.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(CALLS.get(), before + 1);
}

/// Runs a strategy over files, counts what a warm engine allocates, and gives the events that were
/// counted over and the forecasts that were made.
fn check(files: &[PathBuf], strategy: StrategyKind, bundle: Option<(&Path, &Path)>) -> (u64, u64) {
    let overrides =
        [format!("strategy.name={}", strategy.name()), "rows.warm_after_s=0".to_owned()];
    let file = EngineFile::load(None, &overrides).unwrap();
    let instruments = Instruments::load(None).unwrap();
    let inputs = Inputs::find(files, &Selection::default()).unwrap();
    let recording = Recording::open(&inputs, &instruments).unwrap();
    let spec = recording.spec().clone();
    let sim = file.sim_config(recording.match_ttl()).unwrap();
    let config = file.engine_config(&spec).unwrap();
    let mut timeline = Timeline::new(recording, std::slice::from_ref(&spec), sim).unwrap();
    let mut engine = Engine::new(vec![(spec.clone(), config)]).unwrap();
    if let Some((bundle, library)) = bundle {
        let models = Models::load(bundle, &file, &spec, Some(library)).unwrap();
        engine.begin_with(ONLY, Forecaster::Models(models.into_ensemble()));
    }
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
    assert_eq!(allocations, 0, "{files:?} {strategy:?}: {steady} events");
    assert!(steady > 10_000, "{files:?} has too few events to be warm");
    (engine.stats().orders, engine.stats().forecasts)
}

#[test]
fn a_warm_engine_allocates_nothing() {
    for run in fluxo_test_data::synchronised_runs() {
        for strategy in [StrategyKind::Imbalance, StrategyKind::Maker, StrategyKind::Agents] {
            check(&run.files, strategy, None);
        }
    }
}

#[test]
fn a_warm_engine_allocates_nothing_with_models() {
    let Some(library) = fluxo_test_data::runtime_library() else { return };
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 16_000);
    let bundle = folder.path().join("bundle");
    let instruments = Instruments::load(None).unwrap();
    let spec = instruments.get(Market::BinanceUsdm, "BTCUSDT").unwrap();
    let schema = EngineFile::load(None, &[]).unwrap().feature_schema_text(spec).unwrap();
    TestBundle::new(&["small", "large", "brittle"], &schema, "BTCUSDT").write(&bundle);
    let (orders, forecasts) = check(&[capture], StrategyKind::Ensemble, Some((&bundle, &library)));
    assert!(orders > 50 && forecasts > 5_000, "{orders} orders, {forecasts} forecasts");
}
