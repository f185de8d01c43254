//! From a row, opinions and a view of the market to one intent.

use fluxo_core::{
    InstrumentId, InstrumentSpec, Intent, Lots, Opinions, Price, Target, UnixNanos, Why,
};
use fluxo_features::{FeatureRow, catalogue};

use crate::Error;
use crate::config::{AgentWeights, Config, Hysteresis, Strategy};
use crate::directional::Stance;

/// What a rule may see of the market and of ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The best bid of a valid book.
    pub bid: Price,
    /// The best ask of a valid book.
    pub ask: Price,
    /// Lots held; long is positive.
    pub position: Lots,
}

/// The rule of one instrument, with its memory.
#[derive(Debug)]
pub struct Coordinator {
    instrument: InstrumentId,
    spec: InstrumentSpec,
    config: Config,
    stance: Stance,
}

/// A number that a rule decided on.
struct Signal {
    value: f64,
    threshold: f64,
}

impl Coordinator {
    /// A coordinator that wants nothing yet.
    ///
    /// # Errors
    /// A configuration that no rule can work with.
    pub fn new(
        instrument: InstrumentId,
        spec: InstrumentSpec,
        config: Config,
    ) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self { instrument, spec, config, stance: Stance::FLAT })
    }

    /// What is wanted now; `None` when there is no basis for a decision: the rule's input is
    /// undefined, or a size cannot be computed. Nothing changes then.
    pub fn decide(&mut self, row: &FeatureRow, opinions: &Opinions, view: &View) -> Option<Intent> {
        let order = self.config.order.order_lots(&self.spec, view.bid)?;
        let (target, signal) = match self.config.strategy {
            Strategy::Imbalance(thresholds) => {
                let value = f64::from(row.value(catalogue::index::IMBALANCE)?);
                (
                    self.follow(row.ts, value, &thresholds, order),
                    Signal { value, threshold: thresholds.enter },
                )
            }
            Strategy::Agents { thresholds, weights } => {
                let value = consensus(opinions, &weights)?;
                (
                    self.follow(row.ts, value, &thresholds, order),
                    Signal { value, threshold: thresholds.enter },
                )
            }
            Strategy::Maker(maker) => {
                let limit = self.config.position_max.limit_lots(&self.spec, view.bid)?;
                let target = maker.target(view.bid, view.ask, order, view.position, limit);
                (target, Signal { value: to_f64(view.position), threshold: to_f64(limit) })
            }
        };
        let why = Why {
            row: row.ts,
            strategy: self.config.strategy.kind(),
            signal: signal.value,
            threshold: signal.threshold,
            opinions: *opinions,
        };
        Some(Intent { instrument: self.instrument, target, why })
    }

    /// The instrument's grid became finer: lots became `lots_factor` times more.
    pub fn respecify(&mut self, spec: InstrumentSpec, lots_factor: i64) {
        self.spec = spec;
        self.stance.rescale(lots_factor);
    }

    fn follow(
        &mut self,
        now: UnixNanos,
        signal: f64,
        thresholds: &Hysteresis,
        lots: Lots,
    ) -> Target {
        self.stance.update(now, signal, thresholds, lots);
        Target::Position(self.stance.position())
    }
}

/// The weighted mean of the opinions, each counting with its confidence, in [-1, 1]. `None` without
/// a voice.
fn consensus(opinions: &Opinions, weights: &AgentWeights) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for opinion in opinions.iter() {
        let weight = weights.of(opinion.agent);
        #[expect(clippy::cast_precision_loss, reason = "-1, 0 or 1")]
        let direction = opinion.direction.sign() as f64;
        sum += weight * f64::from(opinion.confidence) * direction;
        total += weight;
    }
    (total > 0.0).then(|| sum / total)
}

#[expect(clippy::cast_precision_loss, reason = "a number for the record, never a key")]
fn to_f64(lots: Lots) -> f64 {
    lots.get() as f64
}

#[cfg(test)]
mod tests {
    use fluxo_core::{AgentKind, Direction, Evidence, Nanos, Opinion};

    use super::*;

    fn opinion(direction: Direction, confidence: f32) -> Opinion {
        Opinion {
            agent: AgentKind::OrderFlowSpecialist,
            direction,
            confidence,
            horizon: Nanos::SECOND,
            evidence: Evidence::default(),
        }
    }

    #[test]
    fn opinions_count_with_their_confidence() {
        let mut opinions = Opinions::default();
        let weights = AgentWeights::new([2.0]);
        assert_eq!(consensus(&opinions, &weights), None);
        opinions.push(opinion(Direction::Down, 0.5));
        assert_eq!(consensus(&opinions, &weights), Some(-0.5));
        assert_eq!(consensus(&opinions, &AgentWeights::new([0.0])), None);
    }
}
