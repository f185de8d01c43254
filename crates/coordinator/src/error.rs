//! Why a coordinator could not be built.

/// A number of the configuration that no rule can work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Thresholds must satisfy `-enter <= leave < enter`, or a position would be left as it is
    /// entered, or kept against a signal that asks for the opposite one.
    #[error("thresholds must satisfy -enter <= leave < enter, got leave {leave} and enter {enter}")]
    Thresholds {
        /// The threshold to enter.
        enter: f64,
        /// The threshold to leave.
        leave: f64,
    },
    /// A weight is negative or no number.
    #[error("the weight of {agent} must be zero or more, got {weight}")]
    Weight {
        /// The agent.
        agent: &'static str,
        /// Its weight.
        weight: f64,
    },
    /// A size that must be positive is not.
    #[error("the size {name} must be positive")]
    Size {
        /// The name of the size.
        name: &'static str,
    },
    /// A position cannot be held for a negative time.
    #[error("hold must not be negative, got {hold_ns} ns")]
    Hold {
        /// The configured time.
        hold_ns: i64,
    },
    /// A time without forecasts cannot be negative.
    #[error("flat_after must not be negative, got {flat_after_ns} ns")]
    FlatAfter {
        /// The configured time.
        flat_after_ns: i64,
    },
}
