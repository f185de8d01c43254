//! Warm-up, missing inputs, breaks, classes and the memory for regimes.

use fluxo_core::RegimeClass;

use crate::catalogue::index;
use crate::nsmi::change::{DELTA, HAZARD, Z_CLIP};
use crate::nsmi::class::Classes;
use crate::nsmi::distance::Gaussian;
use crate::nsmi::identity::{REGIMES_MAX, Regimes};
use crate::nsmi::matrix::SIZE_MAX;
use crate::nsmi::monitor::{FAST, REFRACTORY_STEPS, SETTLED_STEPS, SLOW, TEST_STEPS};
use crate::nsmi::tests::random::Random;
use crate::nsmi::{InputSet, Nsmi, NsmiConfig, NsmiInputs, inputs_from, standardise};
use crate::primitives::identity;

/// A market without any news, on its way.
struct Market {
    nsmi: Nsmi,
    random: Random,
    second: i64,
    scale: f64,
}

impl Market {
    fn new(set: InputSet) -> Self {
        let nsmi = Nsmi::new(NsmiConfig::new(set));
        Self { nsmi, random: Random::new(31), second: 0, scale: 1.0 }
    }

    fn inputs(&mut self) -> NsmiInputs {
        let values = self.random.normals(SIZE_MAX).map(|x| self.scale * x);
        NsmiInputs { values, efficiency_ratio: 0.1 }
    }

    fn run(&mut self, seconds: u32) {
        for _ in 0..seconds {
            let inputs = self.inputs();
            self.step(&inputs);
        }
    }

    fn step(&mut self, inputs: &NsmiInputs) {
        self.second += 1;
        self.nsmi.step(self.second, inputs);
    }

    /// Which of the six values are defined.
    fn defined(&self) -> [bool; 6] {
        self.nsmi.vector().map(|value| value.is_some())
    }
}

const NONE: [bool; 6] = [false; 6];
const SPECTRUM: [bool; 6] = [false, false, true, true, true, false];
const ALL: [bool; 6] = [true; 6];
/// Grid seconds of a cold start until the moments begin.
const STANDARDISED: u32 = 174;

#[test]
fn a_cold_start_warms_up_in_stages() {
    for set in [InputSet::Book, InputSet::Trades] {
        let mut market = Market::new(set);
        market.run(STANDARDISED + 173);
        assert_eq!(market.defined(), NONE);
        market.run(1);
        assert_eq!(market.defined(), SPECTRUM);
        assert_eq!((market.nsmi.class(), market.nsmi.kappa()), (RegimeClass::Unknown, 0.0));
        market.run(1800 - 174 - 1);
        assert_eq!(market.defined(), SPECTRUM);
        market.run(1);
        assert_eq!(market.defined(), ALL);
        assert_eq!((market.nsmi.regime_id(), market.nsmi.kappa()), (Some(0), 0.0));
        market.run(300);
        // An age of one half-life, and about no probability of a change.
        let [_, probability, .., stability] = market.nsmi.vector().map(Option::unwrap);
        assert!((stability - 0.5 * (1.0 - probability)).abs() < 1e-12);
        assert!((market.nsmi.kappa() - stability * (1.0 - probability)).abs() < 1e-12);
        assert_ne!(market.nsmi.class(), RegimeClass::Unknown);
    }
}

#[test]
fn a_missing_input_stands_for_a_minute() {
    let mut market = Market::new(InputSet::Book);
    market.run(2500);
    assert_eq!(market.defined(), ALL);
    for missing in 1..=61 {
        let mut inputs = market.inputs();
        inputs.values[7] = f64::NAN;
        market.step(&inputs);
        assert_eq!(market.defined(), if missing <= 60 { ALL } else { NONE }, "{missing} s");
    }
    assert_eq!((market.nsmi.class(), market.nsmi.trend_sign()), (RegimeClass::Unknown, -1));
    assert_eq!((market.nsmi.regime_id(), market.nsmi.kappa()), (None, 0.0));
    market.run(1);
    assert_eq!(market.defined(), ALL);
}

#[test]
fn seconds_that_were_left_out_count_as_missing() {
    let mut market = Market::new(InputSet::Book);
    market.run(2500);
    market.second += 59;
    let gone = NsmiInputs { values: [f64::NAN; SIZE_MAX], efficiency_ratio: f64::NAN };
    market.step(&gone);
    assert_eq!(market.defined(), ALL);
    market.step(&gone);
    assert_eq!(market.defined(), NONE);
}

#[test]
#[should_panic(expected = "the grid went back to 5 s")]
fn a_second_comes_once() {
    let mut market = Market::new(InputSet::Trades);
    market.run(5);
    market.second -= 1;
    market.run(1);
}

#[test]
fn a_break_keeps_what_is_usual_and_restarts_the_fast_estimate() {
    let mut market = Market::new(InputSet::Book);
    market.run(4000);
    let prior = market.nsmi.prior();
    market.nsmi.on_break();
    assert_eq!(market.nsmi.prior(), prior);
    assert_eq!((market.defined(), market.nsmi.regime_id()), (NONE, None));
    market.second += 40_000;
    market.run(173);
    assert_eq!(market.defined(), NONE);
    market.run(1);
    // The slow estimate is there, so the two are distinct at once; a test comes at the next 120th.
    assert_eq!(market.defined(), [false, true, true, true, true, true]);
    assert_eq!(market.nsmi.regime_id(), None);
    market.run(180 - 174);
    assert_eq!(market.nsmi.regime_id(), Some(0), "the regime before the break is found again");
    market.run(240 - 180);
    assert_eq!(market.defined(), ALL);
}

#[test]
fn nothing_is_held_across_a_break() {
    let mut market = Market::new(InputSet::Book);
    market.run(4000);
    market.nsmi.on_break();
    for _ in 0..30 {
        let mut inputs = market.inputs();
        inputs.values[0] = f64::NAN;
        market.step(&inputs);
    }
    // The thirty seconds did not count: the first input was missing.
    market.run(173);
    assert_eq!(market.defined(), NONE);
}

#[test]
fn what_an_earlier_engine_learned_shortens_the_start() {
    let mut market = Market::new(InputSet::Book);
    market.run(4000);
    let config = NsmiConfig::new(InputSet::Book);
    market.nsmi = Nsmi::with_prior(config, &market.nsmi.prior());
    market.run(173);
    assert_eq!(market.defined(), NONE);
    market.run(1);
    assert_eq!(market.defined(), SPECTRUM);
}

#[test]
fn an_alarm_makes_the_regime_unknown_until_it_is_found() {
    let mut market = Market::new(InputSet::Book);
    market.run(174 + 7200);
    assert_eq!(market.nsmi.counts().alarms, 0);
    market.scale = 2.5;
    let mut waited = 0;
    while market.nsmi.counts().alarms == 0 {
        market.run(1);
        waited += 1;
        assert!(waited <= 360, "no alarm within 360 s");
    }
    let [_, probability, .., stability] = market.nsmi.vector().map(Option::unwrap);
    assert!(probability >= 720.0 / 780.0);
    assert_eq!((stability, market.nsmi.kappa()), (0.0, 0.0));
    assert_eq!((market.nsmi.class(), market.nsmi.regime_id()), (RegimeClass::Unknown, None));
    market.run(119);
    assert_eq!(market.nsmi.vector()[1], Some(probability));
    market.run(1);
    assert_eq!(market.nsmi.vector()[1], Some(0.0));
    market.run(119);
    assert_eq!(market.nsmi.regime_id(), None);
    market.run(1);
    assert_eq!(market.nsmi.regime_id(), Some(1), "another regime than the first");
}

/// A market that stands still has no law to compare: its values stand for a minute at most.
#[test]
fn a_degenerate_market_is_a_fault() {
    let mut market = Market::new(InputSet::Book);
    let still = NsmiInputs { values: [1.0; SIZE_MAX], efficiency_ratio: 0.0 };
    for _ in 0..STANDARDISED + 174 + 61 {
        market.step(&still);
    }
    assert_eq!(market.defined(), NONE);
    assert_eq!(market.nsmi.counts().faults, 19, "at each twelfth step until 235");
}

#[test]
fn classes_have_hysteresis_and_an_order() {
    use RegimeClass::{Quiet, Range, Stress, Trend};
    let mut classes = Classes::default();
    let mut class = |z, ratio: f64, repeat| {
        for _ in 0..repeat {
            classes.move_by(ratio);
        }
        classes.step(z);
        (classes.class(), classes.direction() > 0.0)
    };
    assert_eq!(class(2.0, 0.0, 1), (Range, false));
    assert_eq!(class(2.1, 0.0, 1), (Stress, false));
    assert_eq!(class(1.5, 0.0, 1), (Stress, false));
    assert_eq!(class(1.4, 0.0, 1), (Range, false));
    assert_eq!(class(-1.0, 0.0, 1), (Range, false));
    assert_eq!(class(-1.1, 0.0, 1), (Quiet, false));
    assert_eq!(class(-0.5, 0.0, 1), (Quiet, false));
    // A quiet trend is a trend, and a violent one is stress.
    assert_eq!(class(-0.6, -0.9, 100), (Trend, false));
    assert_eq!(class(-0.4, 0.9, 400), (Trend, true));
    assert_eq!(class(2.1, 0.9, 1), (Stress, true));
    assert_eq!(class(1.0, 0.9, 1), (Trend, true));
    // The mean of the ratio falls: between the two thresholds the trend is kept.
    assert_eq!(class(0.0, 0.3, 1000), (Trend, true));
    assert_eq!(class(0.0, 0.2, 1000), (Range, true));
    assert_eq!(class(0.0, 0.3, 1000), (Range, true));
    assert_eq!(class(0.0, f64::NAN, 1000), (Range, true));
}

#[test]
fn a_trend_has_a_sign() {
    for (ratio, sign) in [(0.8, 1), (-0.8, 2), (0.1, 0)] {
        let mut market = Market::new(InputSet::Trades);
        for _ in 0..2500 {
            let mut inputs = market.inputs();
            // A volatility that is neither high nor low.
            inputs.values[2] *= 0.01;
            inputs.efficiency_ratio = ratio;
            market.step(&inputs);
        }
        let mut inputs = market.inputs();
        (inputs.values[2], inputs.efficiency_ratio) = (0.0, ratio);
        market.step(&inputs);
        assert_eq!(market.nsmi.trend_sign(), sign, "{ratio}: {:?}", market.nsmi.class());
    }
}

fn fingerprint(place: f64) -> Gaussian {
    let mut mean = [0.0; SIZE_MAX];
    mean[0] = place;
    Gaussian { mean, covariance: identity() }
}

/// Of two unit spheres the distance is an eighth of the square between their centres.
#[test]
fn a_regime_is_found_again_by_its_fingerprint() {
    let mut regimes = Regimes::default();
    let mut look = |place| regimes.identify(2, &fingerprint(place), 0.125);
    assert_eq!([look(0.0), look(5.0), look(0.9), look(4.2)], [0, 1, 0, 1]);
    // The fingerprints have moved by a tenth of the way: to 0.09, and to 4.92.
    assert_eq!([look(1.05), look(3.95)], [0, 1]);
    assert_eq!(look(2.5), 2);
    // The nearest counts, not the first that is near enough.
    assert_eq!(look(1.6), 2);
}

#[test]
fn the_regime_not_seen_for_longest_is_forgotten_and_its_id_never_used_again() {
    let mut regimes = Regimes::default();
    let mut look = |place: u32| regimes.identify(2, &fingerprint(f64::from(place) * 9.0), 0.1);
    let first: Vec<u32> = (0..8).map(&mut look).collect();
    assert_eq!(first, (0..8).collect::<Vec<_>>());
    assert_eq!(look(0), 0);
    assert_eq!(look(8), 8, "in the place of the second");
    assert_eq!(look(0), 0);
    assert_eq!(look(1), 9);
    assert_eq!(look(2), 10);
}

#[test]
fn inputs_come_from_their_slots() {
    let inputs = inputs_from(InputSet::Book, |slot| (slot != index::OFI_5S).then_some(slot as f64));
    assert_eq!(inputs.values[5], index::IMBALANCE as f64);
    assert_eq!(inputs.values[2], libm::log(index::VOL_10S as f64 + 0.01));
    assert_eq!(inputs.values[7], libm::log((index::AVG_BID_QTY + index::AVG_ASK_QTY) as f64));
    assert!(inputs.values[8].is_nan());
    assert_eq!(inputs.values.iter().filter(|value| value.is_finite()).count(), 11);
    let inputs = inputs_from(InputSet::Trades, |slot| Some(slot as f64));
    assert_eq!(inputs.values[7], index::VPIN as f64);
    assert_eq!(inputs.efficiency_ratio, index::EFFICIENCY_RATIO_60S as f64);
}

#[test]
fn the_parameters_are_those_of_the_table() {
    let table: toml::Table = include_str!("../../../features.toml").parse().unwrap();
    let number = |key: &str| {
        let value = &table["nsmi"][key];
        value.as_float().unwrap_or_else(|| value.as_integer().unwrap() as f64)
    };
    for (key, ours) in [
        ("n_book", InputSet::Book.len() as f64),
        ("n_tick", InputSet::Trades.len() as f64),
        ("half_life_std_s", standardise::HALF_LIFE_S),
        ("half_life_fast", FAST),
        ("half_life_slow", SLOW),
        ("test_step_s", TEST_STEPS as f64),
        ("delta", DELTA),
        ("hazard", HAZARD),
        ("alarm_threshold", NsmiConfig::new(InputSet::Book).alarm_threshold),
        ("refractory_s", REFRACTORY_STEPS as f64),
        ("max_regimes", REGIMES_MAX as f64),
    ] {
        assert_eq!(number(key).to_bits(), ours.to_bits(), "{key}");
    }
    let clip: Vec<f64> = table["nsmi"]["z_clip"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_float)
        .collect();
    assert_eq!(clip, Z_CLIP);
    assert_eq!(SETTLED_STEPS as f64, SLOW);
}
