//! What can be said of the markets with a pencil, against two million steps of them.

use std::f64::consts::PI;

use fluxo_sim::synthetic::{Band, Process, Score, SyntheticConfig, SyntheticKind};

const STEPS: u32 = 2_000_000;
const BPS: f64 = 10_000.0;

fn planted(predictability: f64) -> SyntheticConfig {
    SyntheticConfig { predictability, ..SyntheticConfig::new(SyntheticKind::Planted, 1) }
}

/// The signal of each step with the return that it leads to, in basis points.
fn pairs(config: &SyntheticConfig) -> impl Iterator<Item = (f64, f64)> {
    let mut process = Process::new(config);
    let mut signal = process.draw().signal;
    (0..STEPS).map(move |_| {
        let draw = process.draw();
        (std::mem::replace(&mut signal, draw.signal), draw.log_return * BPS)
    })
}

/// Bands on the signal itself, at their costs, over one run.
fn scores(config: &SyntheticConfig, bands: &[(f64, f64)]) -> Vec<Score> {
    let mut bands: Vec<Band> =
        bands.iter().map(|(threshold, cost)| Band::new(*threshold, *cost)).collect();
    for (signal, return_bps) in pairs(config) {
        bands.iter_mut().for_each(|band| band.meet(signal, return_bps));
    }
    bands.iter().map(|band| *band.score()).collect()
}

fn assert_near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() < tolerance, "{what}: {got}, expected {expected} ± {tolerance}");
}

/// Mean over standard deviation.
fn sharpe(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for value in values {
        (sum, squares, count) = (sum + value, squares + value * value, count + 1.0);
    }
    let mean: f64 = sum / count;
    mean / (squares / count - mean * mean).sqrt()
}

#[test]
fn a_position_in_proportion_to_the_signal_has_its_sharpe() {
    for rho in [0.05, 0.1] {
        let config = planted(rho);
        let got = sharpe(pairs(&config).map(|(signal, return_bps)| signal * return_bps));
        assert_near("sharpe of s", got, rho / (1.0 + rho * rho).sqrt(), 0.003);
    }
}

#[test]
fn the_sign_of_the_signal_has_its_sharpe_and_its_hits() {
    for rho in [0.05, 0.1] {
        let score = scores(&planted(rho), &[(0.0, 0.0)])[0];
        let mean = rho * (2.0 / PI).sqrt();
        let expected = mean / (1.0 - mean * mean).sqrt();
        assert_near("sharpe of the sign", score.sharpe_per_step(), expected, 0.003);
        assert_near("hit ratio", score.hit_ratio(), 0.5 + rho.asin() / PI, 0.0015);
    }
}

#[test]
fn the_signal_changes_its_sign_as_often_as_it_should() {
    let config = planted(0.1);
    let score = scores(&config, &[(0.0, 0.0)])[0];
    // One unit for the first position, two for each flip.
    let flips = (score.traded - 1) / 2;
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^53")]
    let per_step = flips as f64 / f64::from(STEPS);
    assert_near("flips per step", per_step, config.persistence.acos() / PI, 0.002);
}

#[test]
fn costs_eat_the_sign_and_not_the_band() {
    // TRAINING 10.2: cost, net of the sign, net of the best band, that band.
    let table = [
        (0.5, 0.058, 0.120, 0.6),
        (0.8, -0.003, 0.106, 0.8),
        (1.0, -0.044, 0.099, 0.8),
        (2.0, -0.246, 0.071, 1.0),
        (3.0, -0.448, 0.051, 1.4),
    ];
    let config = planted(0.1);
    let bands: Vec<(f64, f64)> =
        table.iter().flat_map(|(cost, _, _, band)| [(0.0, *cost), (*band, *cost)]).collect();
    let scores = scores(&config, &bands);
    for ((cost, sign, best, band), scores) in table.into_iter().zip(scores.chunks(2)) {
        assert_near(&format!("sign at {cost}"), scores[0].net_bps_per_step(), sign, 0.01);
        assert_near(&format!("{band} at {cost}"), scores[1].net_bps_per_step(), best, 0.01);
    }
}

#[test]
fn the_sign_breaks_even_where_it_should() {
    let config = planted(0.1);
    let gross = 0.1 * 2.0 * (2.0 / PI).sqrt();
    let flips = config.persistence.acos() / PI;
    let break_even = gross / (2.0 * flips);
    assert_near("break-even", break_even, 0.7894, 0.0001);
    let net = |cost| scores(&config, &[(0.0, cost)])[0].net_bps_per_step();
    assert_near("net at half a basis point", net(0.5), 0.05849, 0.01);
    assert_near("net at the break-even", net(break_even), 0.0, 0.01);
    assert!(net(break_even + 0.1) < 0.0 && net(break_even - 0.1) > 0.0);
}

#[test]
fn without_a_signal_there_is_nothing_to_earn() {
    let config = SyntheticConfig::new(SyntheticKind::NoSignal, 1);
    let scores = scores(&config, &[(0.0, 0.0), (0.6, 0.0), (1.4, 0.0), (0.6, 0.5)]);
    for score in &scores[..3] {
        assert_near("gross", score.net_bps_per_step(), 0.0, 4.0 * score.standard_error_bps());
        assert_near("hit ratio", score.hit_ratio(), 0.5, 0.0015);
    }
    assert!(scores[3].net_bps_per_step() < -10.0 * scores[3].standard_error_bps());
}

#[test]
fn returns_are_independent_of_their_past() {
    for kind in SyntheticKind::ALL {
        let config = SyntheticConfig::new(kind, 2);
        let returns: Vec<f64> = pairs(&config).map(|(_, return_bps)| return_bps).collect();
        for lag in 1..=3 {
            let products = returns.iter().zip(&returns[lag..]).map(|(a, b)| a * b);
            let autocorrelation = products.sum::<f64>() / f64::from(STEPS) / 4.0;
            // The signal's own persistence is in the returns: ρ² φ^lag, at most a hundredth.
            let expected = (config.predictability * config.predictability)
                * config.persistence.powi(i32::try_from(lag).unwrap());
            assert_near(&format!("{kind:?} lag {lag}"), autocorrelation, expected, 0.003);
        }
        let squares = returns.iter().map(|r| r * r).sum::<f64>() / f64::from(STEPS);
        assert_near("variance", squares, 4.0, 0.02);
    }
}
