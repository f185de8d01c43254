//! The oracle: its posterior, its band, its result.

use fluxo_sim::synthetic::{
    COST_BPS, Oracle, Posterior, Process, SyntheticConfig, SyntheticKind, SyntheticMarket,
};

const STEPS: u64 = 100_000;

fn planted(seed: u64) -> SyntheticConfig {
    SyntheticConfig::new(SyntheticKind::Planted, seed)
}

#[test]
fn the_posterior_knows_more_than_one_look() {
    let config = planted(11);
    let (mut process, mut posterior) = (Process::new(&config), Posterior::new(&config));
    let (mut filtered, mut single, mut count) = (0.0, 0.0, 0.0);
    let mut stated = 0.0;
    for _ in 0..400_000 {
        let draw = process.draw();
        stated = posterior.next_variance();
        let mean = posterior.update(draw.evidence);
        filtered += (mean - draw.signal).powi(2);
        single += (draw.evidence * 0.8 - draw.signal).powi(2);
        count += 1.0;
    }
    let (filtered, single): (f64, f64) = (filtered / count, single / count);
    // One look leaves b²/(a²+b²) = 0.2 of the signal's variance; the filter settles at what its
    // own recursion says.
    assert!((single - 0.2).abs() < 0.003, "{single}");
    assert!((filtered - stated).abs() < 0.003, "{filtered} is not {stated}");
    assert!(filtered < 0.6 * single, "{filtered} of {single}");
}

#[test]
fn the_posterior_is_what_bayes_says_of_two_looks() {
    // Two jointly normal looks at s_1, by hand: y_0 = s_0 + .5 ν, y_1 = s_1 + .5 ν, cov(s_0, s_1) = φ.
    let mut posterior = Posterior::new(&planted(1));
    let (first, second) = (0.7, -0.4);
    posterior.update(first);
    let mean = posterior.update(second);
    let (variance, phi) = (1.25, 0.95);
    let determinant = variance * variance - phi * phi;
    let weights = [(phi * variance - phi) / determinant, (variance - phi * phi) / determinant];
    assert!((mean - (weights[0] * first + weights[1] * second)).abs() < 1e-12, "{mean}");
}

#[test]
fn the_oracle_earns_after_costs_on_markets_that_its_band_has_not_seen() {
    for seed in 1..=5 {
        let oracle = Oracle::fit(&planted(seed), COST_BPS);
        let threshold = oracle.threshold.unwrap();
        assert!((0.3..=0.9).contains(&threshold), "seed {seed}: {threshold}");
        let score = oracle.score(0..STEPS);
        assert_eq!(score.steps, STEPS - 1);
        let net = score.net_bps_per_step();
        // A little less than the 0.120 of who sees the signal itself: 0.1146 over two million steps.
        let error = 4.0 * score.standard_error_bps();
        assert!((net - 0.1146).abs() < error && net > 0.0, "seed {seed}: {net} ± {error}");
    }
}

#[test]
fn the_oracle_beats_the_sign_and_one_look() {
    let config = planted(21);
    let oracle = Oracle::fit(&config, COST_BPS);
    let best = oracle.score(0..STEPS).net_bps();
    let sign = Oracle { threshold: Some(0.0), ..oracle }.score(0..STEPS).net_bps();
    let shy = Oracle { threshold: Some(2.5), ..oracle }.score(0..STEPS).net_bps();
    assert!(best > sign && best > shy, "{best}, {sign}, {shy}");
}

#[test]
fn without_a_signal_the_oracle_stays_out() {
    for seed in 1..=5 {
        let config = SyntheticConfig::new(SyntheticKind::NoSignal, seed);
        let oracle = Oracle::fit(&config, COST_BPS);
        assert_eq!(oracle.threshold, None, "seed {seed}");
        let score = oracle.score(0..10_000);
        assert_eq!((score.steps, score.traded, score.net_bps()), (9_999, 0, 0.0));
    }
}

#[test]
fn windows_add_up_but_for_the_position_between_them() {
    let oracle = Oracle::fit(&planted(31), COST_BPS);
    let (whole, left, right) =
        (oracle.score(0..20_000), oracle.score(0..10_000), oracle.score(9_999..20_000));
    assert_eq!(whole.steps, left.steps + right.steps);
    let apart = (whole.net_bps() - left.net_bps() - right.net_bps()).abs();
    // A new position costs what it costs, and waits for the signal to leave the band.
    assert!(apart < 40.0, "{apart}");
    assert_eq!(oracle.score(5..6).steps, 0);
    assert_eq!(oracle.score(0..0).steps, 0);
}

#[test]
fn what_the_oracle_trades_on_is_what_the_book_shows() {
    // By hand, over a few steps, with a policy that follows the sign at no cost.
    let config = planted(41);
    let oracle = Oracle { threshold: Some(0.0), ..Oracle::fit(&config, 0.0) };
    let mut market = SyntheticMarket::new(&config);
    let steps: Vec<_> = (0..10).map(|_| market.step()).collect();
    let mut posterior = Posterior::new(&config);
    let mut expected = 0.0;
    for pair in steps.windows(2) {
        let position = posterior.update(pair[0].evidence()).signum();
        let [from, to] = [&pair[0], &pair[1]].map(|step| step.mid_half_ticks() as f64);
        expected += position * (to / from - 1.0) * 10_000.0;
    }
    assert!((oracle.score(0..10).net_bps() - expected).abs() < 1e-9);
}
