//! From a row, what is thought of it and a view of the market to one intent.

use fluxo_core::{
    Forecast, InstrumentId, InstrumentSpec, Intent, Lots, Opinions, Price, Target, UnixNanos, Why,
};
use fluxo_features::{FeatureRow, catalogue};

use crate::Error;
use crate::config::{AgentWeights, Config, Following, Hysteresis, Strategy};
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

/// What was said of a row.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// By the agents.
    pub opinions: &'a Opinions,
    /// By the models; `None` without a bundle.
    pub forecast: Option<&'a Forecast>,
}

/// The rule of one instrument, with its memory.
#[derive(Debug)]
pub struct Coordinator {
    instrument: InstrumentId,
    spec: InstrumentSpec,
    config: Config,
    stance: Stance,
    /// The row of the last forecast that had a signal.
    last_signal: Option<UnixNanos>,
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
        Ok(Self { instrument, spec, config, stance: Stance::FLAT, last_signal: None })
    }

    /// Hears what models said of a row, whether or not anything can be traded on it: models that go
    /// on speaking while there is no market are not silent. To be called before
    /// [`Self::decide`], with every row.
    pub fn hear(&mut self, row: UnixNanos, forecast: Option<&Forecast>) {
        if forecast.is_some_and(|forecast| forecast.signal.is_some()) {
            self.last_signal = Some(row);
        }
    }

    /// What is wanted now; `None` when there is no basis for a decision: the rule's input is
    /// undefined, or a size cannot be computed. Nothing changes then.
    pub fn decide(&mut self, row: &FeatureRow, said: Said<'_>, view: &View) -> Option<Intent> {
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
                let value = consensus(said.opinions, &weights)?;
                (
                    self.follow(row.ts, value, &thresholds, order),
                    Signal { value, threshold: thresholds.enter },
                )
            }
            Strategy::Ensemble(following) => {
                let asked = (row.ts, said.forecast);
                self.follow_models(asked, following, order, view.position)?
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
            opinions: *said.opinions,
            forecast: said.forecast.copied(),
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

    /// Follows the forecast by its own thresholds. Without a signal the stance stays as it is; after
    /// too long without one, a stance is given up.
    fn follow_models(
        &mut self,
        (now, forecast): (UnixNanos, Option<&Forecast>),
        following: Following,
        lots: Lots,
        held: Lots,
    ) -> Option<(Target, Signal)> {
        let spoken = forecast.and_then(|forecast| Some((forecast, forecast.signal?)));
        if let Some((forecast, value)) = spoken {
            let Forecast { enter, leave, .. } = *forecast;
            let thresholds = Hysteresis { enter, leave, hold: following.hold };
            let target = self.follow(now, value, &thresholds, lots);
            return Some((target, Signal { value, threshold: enter }));
        }
        let is_recent = |last| now - last <= following.flat_after;
        let is_flat = self.stance.position() == Lots::ZERO && held == Lots::ZERO;
        if is_flat || self.last_signal.is_some_and(is_recent) {
            return None;
        }
        // Asked for until the position is gone: the venue may not take it at once.
        self.stance.give_up(now);
        Some((Target::Position(Lots::ZERO), Signal { value: 0.0, threshold: 0.0 }))
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
