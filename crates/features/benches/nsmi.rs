//! What a grid second of the regime vector costs.
#![expect(clippy::print_stdout, reason = "a checksum shows that nothing was left out")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fluxo_features::nsmi::{InputSet, Nsmi, NsmiConfig, NsmiInputs, inputs_from};

/// A warm hour: comparisons, tests and all.
const SECONDS: i64 = 3600;

/// Features that move without a pattern: SplitMix64, in (0.1, 1.1).
fn inputs(set: InputSet) -> Vec<NsmiInputs> {
    let mut state = 1_u64;
    let mut number = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64 + 0.1
    };
    (0..SECONDS)
        .map(|_| {
            let features: Vec<f64> = (0..128).map(|_| number()).collect();
            inputs_from(set, |slot| features.get(slot).copied())
        })
        .collect()
}

fn replay(nsmi: &mut Nsmi, from_s: i64, inputs: &[NsmiInputs]) -> f64 {
    let mut sum = 0.0;
    for (inputs, second) in inputs.iter().zip(from_s..) {
        nsmi.step(second, inputs);
        sum += nsmi.vector().into_iter().flatten().sum::<f64>();
    }
    sum
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("nsmi");
    group.throughput(Throughput::Elements(SECONDS.unsigned_abs()));
    for (name, set) in [("book", InputSet::Book), ("trades", InputSet::Trades)] {
        let inputs = inputs(set);
        let (mut nsmi, mut second) = (Nsmi::new(NsmiConfig::new(set)), 0);
        println!("checksum of {name}: {}", replay(&mut nsmi, second, &inputs));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                second += SECONDS;
                replay(&mut nsmi, second, &inputs)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
