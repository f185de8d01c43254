//! A whole event through the engine: book, features, agents, strategy, gate, desk, hash chain.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints what its figures are of")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_core::{Actions, InstrumentSpec, Stamped};
use fluxo_engine::{Config, Engine};
use fluxo_session::{EngineFile, Inputs, Instruments, Recording, Selection};
use fluxo_sim::Timeline;

const CAPTURE: &str = "usdm_btcusdt_20240808.gz";

/// The events that the engine is shown in a run, its own orders included.
struct Tape {
    events: Vec<Stamped>,
    spec: InstrumentSpec,
    config: Config,
}

fn tape(strategy: &str) -> Option<Tape> {
    let path = fluxo_test_data::capture(CAPTURE)?;
    let file = EngineFile::load(None, &[format!("strategy.name={strategy}")]).unwrap();
    let instruments = Instruments::load(None).unwrap();
    let inputs = Inputs::find(&[path], &Selection::default()).unwrap();
    let recording = Recording::open(&inputs, &instruments).unwrap();
    let spec = recording.spec().clone();
    let sim = file.sim_config(recording.match_ttl()).unwrap();
    let config = file.engine_config(&spec).unwrap();
    let mut timeline = Timeline::new(recording, std::slice::from_ref(&spec), sim).unwrap();
    let mut engine = Engine::new(vec![(spec.clone(), config.clone())]).unwrap();
    let (mut actions, mut events) = (Actions::with_capacity(256), Vec::new());
    while let Some(stamped) = timeline.next().unwrap() {
        events.push(stamped.clone());
        engine.on_event(stamped, &mut actions);
        timeline.perform(actions.as_slice());
    }
    println!("{strategy}: {} events, actions {}", events.len(), engine.chain().hex());
    Some(Tape { events, spec, config })
}

fn bench(criterion: &mut Criterion) {
    for strategy in ["imbalance", "maker", "agents"] {
        let Some(tape) = tape(strategy) else { return };
        let mut group = criterion.benchmark_group("engine");
        group.sample_size(20).throughput(Throughput::Elements(tape.events.len() as u64));
        group.bench_function(format!("event/{strategy}"), |bencher| {
            bencher.iter_batched(
                || Engine::new(vec![(tape.spec.clone(), tape.config.clone())]).unwrap(),
                |mut engine| {
                    let mut actions = Actions::with_capacity(256);
                    for stamped in &tape.events {
                        engine.on_event(black_box(stamped), &mut actions);
                    }
                    engine
                },
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
