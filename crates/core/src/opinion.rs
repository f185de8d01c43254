//! What a flow agent thinks, with the numbers behind it.

use serde::{Deserialize, Serialize};

use crate::Nanos;

/// The most agents whose opinions are kept with a decision.
pub const AGENTS_MAX: usize = 6;
/// The most measurements that one opinion carries.
pub const EVIDENCE_MAX: usize = 4;

/// The flow agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentKind {
    /// Order-flow imbalance, delta and aggression.
    OrderFlowSpecialist,
}

impl AgentKind {
    /// Every agent.
    pub const ALL: [Self; 1] = [Self::OrderFlowSpecialist];

    /// The name used in configurations and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderFlowSpecialist => "order-flow-specialist",
        }
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Prices will rise.
    Up,
    /// No view either way.
    Flat,
    /// Prices will fall.
    Down,
}

impl Direction {
    /// +1, 0 or -1.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Up => 1,
            Self::Flat => 0,
            Self::Down => -1,
        }
    }
}

/// One number that an opinion rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Index of the feature row.
    pub feature: u8,
    /// Its value on the row.
    pub value: f32,
}

/// The numbers behind an opinion, in the order of their weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    items: [Option<Measurement>; EVIDENCE_MAX],
}

impl Evidence {
    /// Evidence from up to [`EVIDENCE_MAX`] measurements; more are dropped from the end.
    #[must_use]
    pub fn new(measurements: &[Measurement]) -> Self {
        let mut items = [None; EVIDENCE_MAX];
        for (slot, measurement) in items.iter_mut().zip(measurements) {
            *slot = Some(*measurement);
        }
        Self { items }
    }

    /// The measurements.
    pub fn iter(&self) -> impl Iterator<Item = &Measurement> {
        self.items.iter().flatten()
    }
}

/// What one agent thinks. Opinions are never orders.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// Whose it is.
    pub agent: AgentKind,
    /// Which way.
    pub direction: Direction,
    /// How sure, in [0, 1].
    pub confidence: f32,
    /// For how long it is meant.
    pub horizon: Nanos,
    /// The numbers it rests on.
    pub evidence: Evidence,
}

/// The opinions on one row: at most one per agent, without allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opinions {
    items: [Option<Opinion>; AGENTS_MAX],
}

impl Opinions {
    /// Adds an opinion.
    ///
    /// # Panics
    /// Beyond [`AGENTS_MAX`] opinions: one per agent is the rule, so that is a bug.
    pub fn push(&mut self, opinion: Opinion) {
        let slot = self.items.iter_mut().find(|slot| slot.is_none());
        *slot.expect("more opinions than agents") = Some(opinion);
    }

    /// The opinions, in the order of the agents.
    pub fn iter(&self) -> impl Iterator<Item = &Opinion> {
        self.items.iter().flatten()
    }
}
