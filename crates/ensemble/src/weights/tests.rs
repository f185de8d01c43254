//! Whether the weights are those of FEATURES 10.
#![expect(clippy::float_cmp, reason = "equal losses tilt by exactly nothing")]

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

/// The worked case, in the one table of the text's numbers; what else is there is the feature crate's.
#[derive(Deserialize)]
struct Table {
    weights: WorkedCase,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkedCase {
    eta: f64,
    alpha: f64,
    losses: [[f64; 3]; 2],
    /// By performance alone, after each of them.
    base: [[f64; 3]; 2],
    multipliers: [f64; 3],
    kappa: f64,
    floor: f64,
    #[serde(rename = "final")]
    tilted: [f64; 3],
}

const CLASSES_KNOWN: [RegimeClass; 4] =
    [RegimeClass::Quiet, RegimeClass::Range, RegimeClass::Trend, RegimeClass::Stress];

fn config(eta: f64, alpha: f64, floor: f64) -> WeightsConfig {
    WeightsConfig { eta, alpha, floor, ..WeightsConfig::STANDARD }
}

fn settle(weights: &mut EnsembleWeights, losses: &[f64], class: RegimeClass) {
    let losses: Vec<Option<f64>> = losses.iter().copied().map(Some).collect();
    let round = Round { losses: &losses, base_rate_loss: 0.5, class, regime_prob: None };
    weights.settle(&round);
}

fn near(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (one, other) in got.iter().zip(expected) {
        assert!((one - other).abs() <= 1e-9, "got {got:?}, expected {expected:?}");
    }
}

#[test]
fn the_oracle() {
    let table = include_str!("../../../features/tests/oracles.toml");
    let case = toml::from_str::<Table>(table).unwrap().weights;
    let mut weights = EnsembleWeights::new(config(case.eta, case.alpha, case.floor), &[0, 1, 2]);
    for (losses, base) in case.losses.iter().zip(&case.base) {
        settle(&mut weights, losses, RegimeClass::Unknown);
        near(weights.base(), base);
    }
    let tilted = weights.base().iter().zip(case.multipliers);
    let mut tilted: Vec<f64> = tilted.map(|(w, m)| w * libm::pow(m, case.kappa)).collect();
    assert!(floored(&mut tilted, &[true; 3], case.floor));
    near(&tilted, &case.tilted);
}

/// Two families in a class: what one loses more than in general, the other loses less.
#[test]
fn a_class_tilts_by_the_shrunk_gap() {
    let mut weights = EnsembleWeights::new(WeightsConfig::STANDARD, &[0, 1]);
    for _ in 0..100 {
        settle(&mut weights, &[0.5, 0.5], RegimeClass::Range);
    }
    assert_eq!(weights.multiplier(0, RegimeClass::Range), 1.0);
    for _ in 0..50 {
        settle(&mut weights, &[0.4, 0.6], RegimeClass::Trend);
    }
    // In the trend 0.4 and 0.6; over all (50+20)/150 and (50+30)/150; the mean excess is 0.
    let excess = 0.4 - 70.0 / 150.0;
    let expected = libm::exp(-5.0 * 50.0 / 250.0 * excess);
    assert!((weights.multiplier(0, RegimeClass::Trend) - expected).abs() < 1e-12);
    assert!((weights.multiplier(1, RegimeClass::Trend) * expected - 1.0).abs() < 1e-12);
    for untouched in [RegimeClass::Unknown, RegimeClass::Stress] {
        assert_eq!(weights.multiplier(0, untouched), 1.0);
    }
    // The multiplier has full effect at full confidence, and its square root at half of it.
    let base = weights.base().to_vec();
    let ratio = |of: &[f64]| (of[0] - 0.02) / (of[1] - 0.02) * base[1] / base[0];
    for (kappa, power) in [(1.0, 2.0), (0.5, 1.0), (0.0, 0.0)] {
        let got = weights.weights(RegimeClass::Trend, kappa, &[true; 2]).unwrap();
        assert!((ratio(got) - libm::pow(expected, power)).abs() < 1e-12);
    }
}

#[test]
fn a_tilt_is_bounded() {
    let mut weights = EnsembleWeights::new(WeightsConfig::STANDARD, &[0, 1]);
    for _ in 0..2000 {
        settle(&mut weights, &[0.0, 1.0], RegimeClass::Quiet);
        settle(&mut weights, &[1.0, 0.0], RegimeClass::Stress);
    }
    assert!((weights.multiplier(0, RegimeClass::Quiet) - 3.0).abs() < 1e-12);
    assert!((weights.multiplier(0, RegimeClass::Stress) - 1.0 / 3.0).abs() < 1e-12);
}

/// Families count once each, however many models they have, and numbers may have gaps.
#[test]
fn families_are_means_of_their_models() {
    let mut weights = EnsembleWeights::new(WeightsConfig::STANDARD, &[0, 0, 3]);
    settle(&mut weights, &[0.5, 0.5, 0.5], RegimeClass::Range);
    for _ in 0..199 {
        settle(&mut weights, &[0.5, 0.5, 0.5], RegimeClass::Range);
        settle(&mut weights, &[0.2, 0.4, 0.6], RegimeClass::Trend);
    }
    settle(&mut weights, &[0.2, 0.4, 0.6], RegimeClass::Trend);
    // Excess: 0.3 - 0.4 = -0.1 and 0.6 - 0.55 = 0.05, mean -0.025; half of it is believed.
    let expected = libm::exp(-5.0 * 0.5 * -0.075);
    assert!((weights.multiplier(0, RegimeClass::Trend) - expected).abs() < 1e-12);
    assert!((weights.multiplier(3, RegimeClass::Trend) * expected - 1.0).abs() < 1e-12);
}

#[test]
fn who_abstains_has_the_loss_of_the_base_rate() {
    let mut abstained = EnsembleWeights::new(WeightsConfig::STANDARD, &[0, 1]);
    let mut spoke = abstained.clone();
    let round = Round {
        losses: &[Some(0.7), None],
        base_rate_loss: 0.4,
        class: RegimeClass::Range,
        regime_prob: None,
    };
    abstained.settle(&round);
    spoke.settle(&Round { losses: &[Some(0.7), Some(0.4)], ..round });
    assert_eq!(abstained.base(), spoke.base());
    assert!(abstained.base()[1] > 0.5);
}

#[test]
fn a_likely_change_makes_the_base_forget() {
    let mut steady = EnsembleWeights::new(WeightsConfig::STANDARD, &[0, 1]);
    for _ in 0..100 {
        settle(&mut steady, &[0.0, 1.0], RegimeClass::Range);
    }
    let mut changing = steady.clone();
    let losses = [Some(0.5), Some(0.5)];
    let round = Round {
        losses: &losses,
        base_rate_loss: 0.5,
        class: RegimeClass::Range,
        regime_prob: None,
    };
    let before = steady.base()[0];
    steady.settle(&round);
    changing.settle(&Round { regime_prob: Some(1.0), ..round });
    near(&steady.base()[..1], &[before * (1.0 - 1.0 / 120.0) + 0.5 / 120.0]);
    near(&changing.base()[..1], &[before * 0.8 + 0.1]);
}

#[test]
fn an_unhealthy_model_leaves_no_trace() {
    let mut three = EnsembleWeights::new(WeightsConfig::STANDARD, &[0, 1, 2]);
    settle(&mut three, &[0.1, 0.9, 0.3], RegimeClass::Range);
    let base = three.base().to_vec();
    let got = three.weights(RegimeClass::Range, 0.0, &[true, false, true]).unwrap();
    let part = |at: usize| 0.96 * base[at] / (base[0] + base[2]) + 0.02;
    near(got, &[part(0), 0.0, part(2)]);
    let alone = three.weights(RegimeClass::Range, 0.7, &[false, true, false]).unwrap();
    near(alone, &[0.0, 1.0, 0.0]);
    assert_eq!(three.weights(RegimeClass::Range, 0.7, &[false; 3]), None);
    assert_eq!(three.base(), base, "asking changes nothing");
}

#[test]
fn what_has_fallen_to_nothing_is_as_good_as_its_like() {
    let mut weights = EnsembleWeights::new(config(1000.0, 0.0, 0.0), &[0, 1, 2]);
    settle(&mut weights, &[0.0, 1.0, 1.0], RegimeClass::Range);
    near(weights.weights(RegimeClass::Range, 0.0, &[false, true, true]).unwrap(), &[0.0, 0.5, 0.5]);
}

#[test]
#[should_panic(expected = "a loss of 1.5")]
fn a_loss_beyond_one_is_a_bug() {
    settle(&mut EnsembleWeights::new(WeightsConfig::STANDARD, &[0]), &[1.5], RegimeClass::Range);
}

/// The least loss of any sequence of models with at most `switches` switches.
fn best_sequence(rounds: &[Vec<f64>], switches: usize) -> f64 {
    let models = rounds[0].len();
    // best[s][i]: the least loss so far that ends on model i after at most s switches.
    let mut best = vec![vec![0.0; models]; switches + 1];
    for losses in rounds {
        let before = best.clone();
        for s in 0..=switches {
            let least = |s: usize| before[s].iter().copied().fold(f64::INFINITY, f64::min);
            for i in 0..models {
                let moved = if s > 0 { least(s - 1) } else { f64::INFINITY };
                best[s][i] = before[s][i].min(moved) + losses[i];
            }
        }
    }
    best[switches].iter().copied().fold(f64::INFINITY, f64::min)
}

/// Plays an adversary that sees the weights, and gives what we lost and what there was to lose.
fn play(
    config: WeightsConfig,
    models: usize,
    rounds: usize,
    mut adversary: impl FnMut(usize, &[f64]) -> Vec<f64>,
) -> (f64, Vec<Vec<f64>>) {
    let families: Vec<usize> = (0..models).collect();
    let mut weights = EnsembleWeights::new(config, &families);
    let (mut lost, mut all) = (0.0, Vec::new());
    for round in 0..rounds {
        let losses = adversary(round, weights.base());
        lost += weights.base().iter().zip(&losses).map(|(w, l)| w * l).sum::<f64>();
        settle(&mut weights, &losses, RegimeClass::Range);
        all.push(losses);
    }
    (lost, all)
}

/// The bound of FEATURES 10.1.
fn bound(models: usize, rounds: usize, switches: usize, eta: f64, alpha: f64) -> f64 {
    let (n, m) = (rounds as f64, switches as f64);
    let sharing = if alpha > 0.0 {
        m * libm::log(1.0 / alpha) + (n - m - 1.0) * libm::log(1.0 / (1.0 - alpha))
    } else {
        0.0
    };
    ((m + 1.0) * libm::log(models as f64) + sharing) / eta + eta * n / 8.0
}

/// What an adversary may do: each hits the models that the weights trust, or moves the best one.
fn adversary(kind: usize, round: usize, weights: &[f64], random: &mut u64) -> Vec<f64> {
    *random =
        random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let chance = (*random >> 33) as f64 / (1_u64 << 31) as f64;
    let models = weights.len();
    let top = (0..models).max_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap();
    let good = (round / 60) % models;
    let loss = |model: usize| match kind {
        0 => f64::from(u8::from(model == top)),
        1 => f64::from(u8::from(model != good)),
        2 => f64::from(u8::from((round + model).is_multiple_of(2))),
        3 => weights[model],
        4 if model == good => 0.4 * chance,
        _ => chance,
    };
    (0..models).map(loss).collect()
}

#[test]
fn regret_keeps_its_bound_against_adversaries() {
    let mut tightest = f64::INFINITY;
    for models in [2, 3, 8] {
        for kind in 0..6 {
            for (eta, alpha) in [(0.3, 1.0 / 120.0), (0.5, 0.01), (0.05, 0.001)] {
                let (rounds, mut random) = (600, 9);
                let (lost, all) =
                    play(config(eta, alpha, 0.02), models, rounds, |round, weights| {
                        adversary(kind, round, weights, &mut random)
                    });
                for switches in 0..=10 {
                    let regret = lost - best_sequence(&all, switches);
                    let bound = bound(models, rounds, switches, eta, alpha);
                    assert!(regret <= bound, "{models} {kind} {switches}: {regret} > {bound}");
                    tightest = tightest.min(bound - regret);
                }
            }
        }
    }
    println!("the bound was kept by {tightest:.2} at least");
}

/// Without switches and with the best learning rate the bound is `sqrt(n ln N/2)`.
#[test]
fn regret_of_plain_hedge() {
    for models in [2, 5, 8] {
        let (rounds, n) = (1000, 1000.0);
        let eta = libm::sqrt(8.0 * libm::log(models as f64) / n);
        let most = libm::sqrt(n * libm::log(models as f64) / 2.0);
        assert!((bound(models, rounds, 0, eta, 0.0) - most).abs() < 1e-9);
        for kind in 0..6 {
            let mut random = 3;
            let (lost, all) = play(config(eta, 0.0, 0.02), models, rounds, |round, weights| {
                adversary(kind, round, weights, &mut random)
            });
            let regret = lost - best_sequence(&all, 0);
            assert!(regret <= most, "{models} models, adversary {kind}: {regret} > {most}");
        }
    }
}

#[derive(Clone, Debug)]
struct Played {
    families: Vec<usize>,
    rounds: Vec<(Vec<f64>, usize, f64)>,
    healthy: Vec<bool>,
    kappa: f64,
}

fn played() -> impl Strategy<Value = Played> {
    (1..=MODELS_MAX).prop_flat_map(|models| {
        let losses = prop::collection::vec(0.0..=0.5_f64, models);
        let round = (losses, 0..RegimeClass::ALL.len(), 0.0..=0.5_f64);
        (
            prop::collection::vec(0..4_usize, models),
            prop::collection::vec(round, 0..60),
            prop::collection::vec(any::<bool>(), models),
            0.0..=1.0_f64,
        )
            .prop_map(|(families, rounds, healthy, kappa)| Played {
                families,
                rounds,
                healthy,
                kappa,
            })
    })
}

impl Played {
    fn settled(&self, shifted: bool) -> EnsembleWeights {
        let mut weights = EnsembleWeights::new(WeightsConfig::STANDARD, &self.families);
        for (losses, class, shift) in &self.rounds {
            let shift = if shifted { *shift } else { 0.0 };
            let losses: Vec<f64> = losses.iter().map(|loss| loss + shift).collect();
            settle(&mut weights, &losses, RegimeClass::ALL[*class]);
        }
        weights
    }
}

proptest! {
    #[test]
    fn weights_add_up_to_one_and_keep_their_floor(played in played(), class in 0..5_usize) {
        let mut weights = played.settled(false);
        let left = played.healthy.iter().filter(|healthy| **healthy).count();
        let got = weights.weights(RegimeClass::ALL[class], played.kappa, &played.healthy);
        prop_assert_eq!(got.is_some(), left > 0);
        let Some(got) = got else { return Ok(()) };
        prop_assert!((got.iter().sum::<f64>() - 1.0).abs() <= 1e-12);
        let floor = 0.02_f64.min(0.5 / left as f64);
        for (weight, healthy) in got.iter().zip(&played.healthy) {
            let least = if *healthy { floor } else { 0.0 };
            prop_assert!(*weight >= least && (*healthy || *weight <= 0.0));
        }
        prop_assert!((weights.base().iter().sum::<f64>() - 1.0).abs() <= 1e-12);
    }

    #[test]
    fn a_shift_of_all_losses_changes_nothing(played in played(), class in 0..5_usize) {
        let all = vec![true; played.families.len()];
        let (mut plain, mut shifted) = (played.settled(false), played.settled(true));
        let class = RegimeClass::ALL[class];
        let plain = plain.weights(class, played.kappa, &all).unwrap();
        let shifted = shifted.weights(class, played.kappa, &all).unwrap();
        for (one, other) in plain.iter().zip(shifted) {
            prop_assert!((one - other).abs() <= 1e-12, "{} and {}", one, other);
        }
    }

    #[test]
    fn without_confidence_the_class_does_not_matter(played in played()) {
        let all = vec![true; played.families.len()];
        let mut weights = played.settled(false);
        let unknown = weights.weights(RegimeClass::Unknown, 1.0, &all).unwrap().to_vec();
        for class in CLASSES_KNOWN {
            prop_assert_eq!(weights.weights(class, 0.0, &all).unwrap(), &unknown[..]);
        }
    }
}
