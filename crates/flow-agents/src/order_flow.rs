//! The order-flow specialist: which side is pushing, by imbalance, delta and aggression.

use fluxo_core::{AgentKind, Direction, Evidence, Lots, Measurement, Nanos, Opinion};
use fluxo_features::{FeatureRow, catalogue};

use crate::Error;

/// What the specialist holds the flow against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrderFlowConfig {
    /// Order-flow imbalance of five seconds, in average best queues, that counts as three quarters
    /// of a certainty (tanh 1 = 0.76).
    pub ofi_scale: f64,
    /// Signed volume of a minute, in size units, that counts the same.
    pub delta_scale_units: f64,
    /// A score below this, in [0, 1), is no direction.
    pub dead_band: f64,
    /// For how long its opinions are meant.
    pub horizon: Nanos,
}

/// Order-flow imbalance (Cont, Kukanov and Stoikov 2014) says which side of the book is pushing, the
/// balance of aggressive volume says who pays for it, the minute's delta says for how long.
#[derive(Clone, Debug)]
pub struct OrderFlowSpecialist {
    config: OrderFlowConfig,
    delta_scale_lots: f64,
}

// Imbalance leads because it is the best single linear predictor of the next seconds' move in the
// source; the other two confirm it. The weights sum to one, so the score lies in [-1, 1].
const IMBALANCE_WEIGHT: f64 = 0.5;
const AGGRESSION_WEIGHT: f64 = 0.3;
const DELTA_WEIGHT: f64 = 0.2;

impl OrderFlowSpecialist {
    /// A specialist for an instrument whose size unit is `size_unit` lots.
    ///
    /// # Errors
    /// A scale of zero or less, or a dead band outside [0, 1).
    pub fn new(config: OrderFlowConfig, size_unit: Lots) -> Result<Self, Error> {
        for (name, value) in
            [("ofi_scale", config.ofi_scale), ("delta_scale_units", config.delta_scale_units)]
        {
            // NaN fails the comparison.
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::Scale { name, value });
            }
        }
        if !(0.0..1.0).contains(&config.dead_band) {
            return Err(Error::DeadBand { value: config.dead_band });
        }
        #[expect(clippy::cast_precision_loss, reason = "a scale, far below 2^53")]
        let delta_scale_lots = config.delta_scale_units * size_unit.get().max(1) as f64;
        Ok(Self { config, delta_scale_lots })
    }

    /// What the row says; `None` while imbalance or aggression is undefined. The minute's delta joins
    /// when a minute has been seen: until then the other two share its weight.
    #[must_use]
    pub fn opinion(&self, row: &FeatureRow) -> Option<Opinion> {
        let measure =
            |slot| Some(Measurement { feature: u8::try_from(slot).ok()?, value: row.value(slot)? });
        let imbalance = measure(catalogue::index::OFI_5S)?;
        let aggression = measure(catalogue::index::VOLUME_IMBALANCE)?;
        let delta = measure(catalogue::index::DELTA_60S);
        let (delta_score, weights) = match delta {
            Some(delta) => (libm::tanh(f64::from(delta.value) / self.delta_scale_lots), 1.0),
            None => (0.0, IMBALANCE_WEIGHT + AGGRESSION_WEIGHT),
        };
        let score = (IMBALANCE_WEIGHT
            * libm::tanh(f64::from(imbalance.value) / self.config.ofi_scale)
            + AGGRESSION_WEIGHT * f64::from(aggression.value)
            + DELTA_WEIGHT * delta_score)
            / weights;
        let direction = if score >= self.config.dead_band && score > 0.0 {
            Direction::Up
        } else if score <= -self.config.dead_band && score < 0.0 {
            Direction::Down
        } else {
            Direction::Flat
        };
        #[expect(clippy::cast_possible_truncation, reason = "a confidence in [0, 1] is an f32")]
        let confidence = score.abs().min(1.0) as f32;
        let evidence = match delta {
            Some(delta) => Evidence::new(&[imbalance, aggression, delta]),
            None => Evidence::new(&[imbalance, aggression]),
        };
        Some(Opinion {
            agent: AgentKind::OrderFlowSpecialist,
            direction,
            confidence,
            horizon: self.config.horizon,
            evidence,
        })
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::UnixNanos;
    use proptest::prelude::*;

    use super::*;

    fn specialist() -> OrderFlowSpecialist {
        let config = OrderFlowConfig {
            ofi_scale: 2.0,
            delta_scale_units: 50.0,
            dead_band: 0.15,
            horizon: Nanos::from_millis(5_000),
        };
        OrderFlowSpecialist::new(config, Lots::new(100)).unwrap()
    }

    fn row(imbalance: Option<f64>, aggression: Option<f64>, delta: Option<f64>) -> FeatureRow {
        let mut row = FeatureRow::undefined(UnixNanos::new(0), UnixNanos::new(0));
        row.set(catalogue::index::OFI_5S, imbalance);
        row.set(catalogue::index::VOLUME_IMBALANCE, aggression);
        row.set(catalogue::index::DELTA_60S, delta);
        row
    }

    fn opinion(imbalance: f64, aggression: f64, delta: f64) -> Opinion {
        specialist().opinion(&row(Some(imbalance), Some(aggression), Some(delta))).unwrap()
    }

    #[test]
    fn buyers_who_push_point_up() {
        let up = opinion(6.0, 0.9, 8_000.0);
        assert_eq!(up.direction, Direction::Up);
        assert!(up.confidence > 0.9, "{}", up.confidence);
        assert_eq!(opinion(0.1, 0.1, 0.0).direction, Direction::Flat);
    }

    #[test]
    fn the_evidence_holds_the_numbers() {
        let values: Vec<f32> =
            opinion(1.5, -0.25, 700.0).evidence.iter().map(|m| m.value).collect();
        assert_eq!(values, [1.5, -0.25, 700.0]);
    }

    #[test]
    fn without_an_input_there_is_no_opinion() {
        for row in [row(None, Some(0.0), Some(0.0)), row(Some(0.0), None, Some(0.0))] {
            assert_eq!(specialist().opinion(&row), None);
        }
    }

    #[test]
    fn before_the_first_minute_two_voices_share_the_weight() {
        let young = specialist().opinion(&row(Some(100.0), Some(1.0), None)).unwrap();
        assert_eq!(young.direction, Direction::Up);
        assert!((young.confidence - 1.0).abs() < 1e-6, "{}", young.confidence);
        assert_eq!(young.evidence.iter().count(), 2);
    }

    #[test]
    fn a_scale_of_nothing_is_refused() {
        let config = OrderFlowConfig { ofi_scale: 0.0, ..specialist().config };
        let refused = OrderFlowSpecialist::new(config, Lots::new(1)).unwrap_err();
        assert_eq!(refused, Error::Scale { name: "ofi_scale", value: 0.0 });
    }

    proptest! {
        #[test]
        fn a_mirrored_market_mirrors_the_opinion(ofi in -50.0_f64..50.0, aggression in -1.0_f64..1.0, delta in -1e6_f64..1e6) {
            let (straight, mirrored) = (opinion(ofi, aggression, delta), opinion(-ofi, -aggression, -delta));
            prop_assert_eq!(straight.direction.sign(), -mirrored.direction.sign());
            prop_assert_eq!(straight.confidence.to_bits(), mirrored.confidence.to_bits());
            prop_assert!((0.0..=1.0).contains(&straight.confidence));
        }
    }
}
