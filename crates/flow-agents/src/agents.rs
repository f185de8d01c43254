//! The agents that are on duty for one instrument.

use fluxo_core::{Lots, Opinions};
use fluxo_features::FeatureRow;

use crate::{Error, OrderFlowConfig, OrderFlowSpecialist};

/// Who is on duty; `None` is off.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Config {
    /// Order-flow imbalance, delta and aggression.
    pub order_flow: Option<OrderFlowConfig>,
}

/// The agents of one instrument.
#[derive(Clone, Debug)]
pub struct Agents {
    order_flow: Option<OrderFlowSpecialist>,
}

impl Agents {
    /// The agents on duty; `size_unit` is the instrument's size unit in lots.
    ///
    /// # Errors
    /// A number that no agent can work with.
    pub fn new(config: &Config, size_unit: Lots) -> Result<Self, Error> {
        let order_flow = config
            .order_flow
            .map(|config| OrderFlowSpecialist::new(config, size_unit))
            .transpose()?;
        Ok(Self { order_flow })
    }

    /// What they think of a row, in the order of [`fluxo_core::AgentKind::ALL`].
    #[must_use]
    pub fn opinions(&self, row: &FeatureRow) -> Opinions {
        let mut opinions = Opinions::default();
        if let Some(opinion) = self.order_flow.as_ref().and_then(|agent| agent.opinion(row)) {
            opinions.push(opinion);
        }
        opinions
    }
}
