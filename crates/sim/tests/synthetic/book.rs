//! The market of the steps: its book, its trades, and what tells of the signal.

use fluxo_core::{Aggressor, Side};
use fluxo_sim::synthetic::{
    FIRST_PRICE_TICKS, LEVELS, Process, Step, SyntheticConfig, SyntheticKind, SyntheticMarket,
    step_time,
};

const STEPS: usize = 200_000;

fn steps(config: &SyntheticConfig) -> impl Iterator<Item = Step> {
    let mut market = SyntheticMarket::new(config);
    std::iter::repeat_with(move || market.step()).take(STEPS)
}

fn planted(seed: u64) -> SyntheticConfig {
    SyntheticConfig::new(SyntheticKind::Planted, seed)
}

#[test]
fn every_book_is_whole_and_one_tick_wide() {
    for kind in SyntheticKind::ALL {
        for (index, step) in steps(&SyntheticConfig::new(kind, 3)).enumerate() {
            assert_eq!((step.index, step.at), (index as u64, step_time(index as u64)));
            let [bid, ask] = Side::BOTH.map(|side| step.best(side).price.ticks());
            assert_eq!(ask, bid + 1);
            #[expect(clippy::cast_precision_loss, reason = "prices far below 2^53")]
            let exact = FIRST_PRICE_TICKS as f64 * libm::exp(step.log_price);
            #[expect(clippy::cast_precision_loss, reason = "prices far below 2^53")]
            let within = exact >= bid as f64 - 1e-6 && exact <= ask as f64 + 1e-6;
            assert!(within, "step {index}: {exact} is not between {bid} and {ask}");
            for side in Side::BOTH {
                let levels = step.levels(side);
                assert!(levels.windows(2).all(|pair| side.is_better(pair[0].price, pair[1].price)));
                let reach = (levels[0].price - levels[LEVELS - 1].price).get().abs();
                assert_eq!(reach, 9, "step {index}");
                assert!(levels.iter().all(|level| level.lots.get() >= 1_000), "step {index}");
            }
        }
    }
}

#[test]
fn the_touch_tells_what_was_drawn() {
    let config = planted(4);
    let mut process = Process::new(&config);
    for step in steps(&config) {
        let draw = process.draw();
        assert_eq!(step.signal.to_bits(), draw.signal.to_bits());
        let told = step.evidence();
        // Sizes are whole lots, so what they tell of a lopsided book is a little coarse.
        let bounded = draw.evidence.clamp(-3.4, 3.4);
        let tolerance = if draw.evidence.abs() < 3.0 { 1e-3 } else { 0.2 };
        assert!((told.clamp(-3.4, 3.4) - bounded).abs() < tolerance, "{told} of {draw:?}");
    }
}

#[test]
fn trades_are_at_the_touch_and_the_touch_outlives_them() {
    let (mut trades, mut bought) = (0_u32, 0_u32);
    for step in steps(&planted(5)) {
        let mut left = Side::BOTH.map(|side| step.best(side).lots);
        assert!(step.trades().windows(2).all(|pair| pair[0].after <= pair[1].after));
        for trade in step.trades() {
            let side = trade.aggressor.hit_side().unwrap();
            assert_eq!(trade.price, step.best(side).price);
            left[side.index()] -= trade.lots;
            assert_eq!(trade.left, left[side.index()]);
            assert!(trade.left.get() > 0 && trade.lots.get() > 0);
            assert!(trade.after.get() > 0 && step.at + trade.after < step_time(step.index + 1));
            trades += 1;
            bought += u32::from(trade.aggressor == Aggressor::Buyer);
        }
    }
    let per_step = f64::from(trades) / STEPS as f64;
    assert!((per_step - 2.0).abs() < 0.02, "{per_step}");
    assert!((f64::from(bought) / f64::from(trades) - 0.5).abs() < 0.005);
}

/// The correlation of two series.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mean_x: f64, y: &[f64], mean_y: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>()
    };
    product(a, mean_a, b, mean_b)
        / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

/// A series of what a trader sees besides the imbalance, from a step.
type Seen = (&'static str, fn(&Step) -> f64);

const SEEN: [Seen; 6] = [
    ("signed volume", |step| {
        step.trades().iter().map(|t| (t.aggressor.sign() * t.lots.get()) as f64).sum()
    }),
    ("volume", |step| step.trades().iter().map(|t| t.lots.get() as f64).sum()),
    ("trades", |step| step.trades().len() as f64),
    ("first trade", |step| step.trades().first().map_or(0.0, |t| t.after.get() as f64)),
    ("size of the touch", |step| {
        Side::BOTH.map(|side| step.best(side).lots.get() as f64).iter().sum()
    }),
    ("size of the last level", |step| {
        Side::BOTH.map(|side| step.levels(side)[LEVELS - 1].lots.get() as f64).iter().sum()
    }),
];

#[test]
fn only_the_imbalance_tells_of_the_signal() {
    let config = planted(6);
    let all: Vec<Step> = steps(&config).collect();
    let signal: Vec<f64> = all.iter().map(|step| step.signal).collect();
    let ahead: Vec<f64> = all.windows(2).map(|w| w[1].log_price - w[0].log_price).collect();
    // Independent series of this length are correlated by 0.0022 times a normal number; a persistent
    // one by no more here, because the other is not persistent.
    const LIMIT: f64 = 0.01;
    for (what, of) in SEEN {
        let seen: Vec<f64> = all.iter().map(of).collect();
        for (other, series) in [("signal", &signal[..]), ("next return", &ahead[..])] {
            let found = correlation(&seen[..series.len()], series);
            assert!(found.abs() < LIMIT, "{what} and {other}: {found}");
        }
        // Nor does it tell of itself: no clusters of trades, no memory of sizes.
        let memory = correlation(&seen[1..], &seen[..seen.len() - 1]);
        assert!(memory.abs() < LIMIT, "{what} and itself: {memory}");
    }
    let evidence: Vec<f64> = all.iter().map(Step::evidence).collect();
    assert!((correlation(&evidence, &signal) - 0.8_f64.sqrt()).abs() < 0.01);
    let found = correlation(&evidence[..ahead.len()], &ahead);
    assert!((found - 0.1 * 0.8_f64.sqrt()).abs() < LIMIT, "{found}");
    // Only one step ahead: what the book told is in the price when the next book is there.
    let past: Vec<f64> = ahead[..ahead.len() - 1].to_vec();
    let memory = correlation(&ahead[1..], &past);
    assert!(memory.abs() < 0.02, "{memory}");
}

#[test]
fn without_a_signal_the_book_tells_nothing_of_the_price() {
    let config = SyntheticConfig::new(SyntheticKind::NoSignal, 6);
    let all: Vec<Step> = steps(&config).collect();
    let evidence: Vec<f64> = all.iter().map(Step::evidence).collect();
    let ahead: Vec<f64> = all.windows(2).map(|w| w[1].log_price - w[0].log_price).collect();
    for lag in 0..3 {
        let found = correlation(&evidence[..ahead.len() - lag], &ahead[lag..]);
        assert!(found.abs() < 0.01, "lag {lag}: {found}");
    }
    // Its book is as lively as the planted one.
    let memory = correlation(&evidence[1..], &evidence[..evidence.len() - 1]);
    assert!((memory - 0.95 * 0.8).abs() < 0.01, "{memory}");
}

#[test]
fn seeds_and_kinds_are_markets_of_their_own() {
    let first = |config: &SyntheticConfig| -> Vec<f64> {
        let mut market = SyntheticMarket::new(config);
        (0..50).map(|_| market.step().log_price).collect()
    };
    assert_eq!(first(&planted(1)), first(&planted(1)));
    assert_ne!(first(&planted(1)), first(&planted(2)));
    let others: Vec<Step> =
        SyntheticKind::ALL.map(|kind| steps(&SyntheticConfig::new(kind, 1)).nth(9).unwrap()).into();
    assert_ne!(others[0].signal.to_bits(), others[1].signal.to_bits());
    assert_ne!(others[0].log_price.to_bits(), others[1].log_price.to_bits());
}

/// The bits themselves, so that another machine or version that draws other numbers is noticed.
#[test]
fn the_market_is_the_same_everywhere() {
    let step = steps(&planted(1)).nth(999).unwrap();
    let bits = [step.signal.to_bits(), step.log_price.to_bits()];
    let touch = Side::BOTH.map(|side| step.best(side)).map(|l| (l.price.ticks(), l.lots.get()));
    assert_eq!(bits, [13_831_348_525_777_426_986, 4_571_693_002_111_247_241]);
    assert_eq!(touch, [(20_087, 71_512), (20_088, 1_011_217)]);
}
