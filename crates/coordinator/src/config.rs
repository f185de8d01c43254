//! What the rules are told. There is no default for anything that moves money.

use fluxo_core::{AgentKind, Nanos, Size, StrategyKind};

use crate::Error;

/// One rule, with what it trades in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// The rule.
    pub strategy: Strategy,
    /// The size of one order.
    pub order: Size,
    /// The most that a rule wants to hold on either side.
    pub position_max: Size,
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strategy {
    /// A threshold on the imbalance of the best level.
    Imbalance(Hysteresis),
    /// Joins the best bid and the best ask.
    Maker(Maker),
    /// Follows the weighted opinions of the agents.
    Agents {
        /// When to enter and leave, on the consensus in [-1, 1].
        thresholds: Hysteresis,
        /// How much each agent counts.
        weights: AgentWeights,
    },
    /// Follows the models of a bundle, by the thresholds that the bundle brings.
    Ensemble(Following),
}

/// How a bundle's forecast is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Following {
    /// Keep a position at least this long.
    pub hold: Nanos,
    /// Leave a position when there was no forecast for longer than this: without an opinion there is
    /// no reason to hold it. Until then it is kept, because one row without an answer is no reason
    /// to pay for leaving and coming back.
    pub flat_after: Nanos,
}

/// When a position is entered, and when it is left again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hysteresis {
    /// Enter when the signal's magnitude reaches this.
    pub enter: f64,
    /// Leave when the signal falls below this in the position's direction. It may be negative, as far
    /// as `-enter`: then a position is left only for the opposite one.
    pub leave: f64,
    /// Keep a position at least this long.
    pub hold: Nanos,
}

/// How quotes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker {
    /// Cancel and quote again at every decision, also where the price did not move.
    pub renew: bool,
}

/// How much each agent counts; zero silences it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgentWeights([f64; AgentKind::ALL.len()]);

impl AgentWeights {
    /// The weights, in the order of [`AgentKind::ALL`].
    #[must_use]
    pub const fn new(weights: [f64; AgentKind::ALL.len()]) -> Self {
        Self(weights)
    }

    pub(crate) fn of(&self, agent: AgentKind) -> f64 {
        AgentKind::ALL.iter().zip(self.0).find(|(kind, _)| **kind == agent).map_or(0.0, |(_, w)| w)
    }
}

impl Strategy {
    /// The name of the rule.
    #[must_use]
    pub const fn kind(&self) -> StrategyKind {
        match self {
            Self::Imbalance(_) => StrategyKind::Imbalance,
            Self::Maker(_) => StrategyKind::Maker,
            Self::Agents { .. } => StrategyKind::Agents,
            Self::Ensemble(_) => StrategyKind::Ensemble,
        }
    }
}

impl Config {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        for (name, Size::Quantity(size) | Size::Notional(size)) in
            [("order", self.order), ("position_max", self.position_max)]
        {
            if !size.is_positive() {
                return Err(Error::Size { name });
            }
        }
        match &self.strategy {
            Strategy::Imbalance(thresholds) => thresholds.validate(),
            Strategy::Maker(_) => Ok(()),
            Strategy::Agents { thresholds, weights } => {
                thresholds.validate()?;
                weights.validate()
            }
            Strategy::Ensemble(following) => following.validate(),
        }
    }
}

impl Hysteresis {
    fn validate(&self) -> Result<(), Error> {
        let Self { enter, leave, hold } = *self;
        // NaN fails the comparison.
        if !(-enter <= leave && leave < enter && enter.is_finite()) {
            return Err(Error::Thresholds { enter, leave });
        }
        not_negative(hold)
    }
}

impl Following {
    fn validate(&self) -> Result<(), Error> {
        not_negative(self.hold)?;
        if self.flat_after < Nanos::ZERO {
            return Err(Error::FlatAfter { flat_after_ns: self.flat_after.get() });
        }
        Ok(())
    }
}

fn not_negative(hold: Nanos) -> Result<(), Error> {
    if hold < Nanos::ZERO {
        return Err(Error::Hold { hold_ns: hold.get() });
    }
    Ok(())
}

impl AgentWeights {
    fn validate(&self) -> Result<(), Error> {
        for (agent, weight) in AgentKind::ALL.iter().zip(self.0) {
            if !(weight >= 0.0 && weight.is_finite()) {
                return Err(Error::Weight { agent: agent.name(), weight });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::Decimal;

    use super::*;

    fn refused(enter: f64, leave: f64, hold: i64, weight: f64) -> bool {
        let thresholds = Hysteresis { enter, leave, hold: Nanos::new(hold) };
        let one = Size::Quantity(Decimal::ONE);
        let strategy = Strategy::Agents { thresholds, weights: AgentWeights::new([weight]) };
        Config { strategy, order: one, position_max: one }.validate().is_err()
    }

    #[test]
    fn thresholds_and_weights_that_no_rule_can_work_with_are_refused() {
        let (nan, infinity) = (f64::NAN, f64::INFINITY);
        assert!(!refused(0.6, 0.2, 0, 0.0));
        assert!(!refused(0.6, -0.6, 0, 0.0));
        for (enter, leave) in [
            (nan, 0.2),
            (0.6, nan),
            (infinity, 0.2),
            (infinity, infinity),
            (0.6, -infinity),
            (0.2, 0.6),
            (0.6, 0.6),
            (0.6, -0.61),
            (-0.2, -0.4),
        ] {
            assert!(refused(enter, leave, 0, 1.0), "enter {enter} leave {leave}");
        }
        assert!(refused(0.6, 0.2, -1, 1.0));
        for weight in [-1.0, nan, infinity] {
            assert!(refused(0.6, 0.2, 0, weight), "weight {weight}");
        }
    }
}
