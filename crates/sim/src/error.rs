//! What can be wrong with what a simulation is built from.

use fluxo_core::{InstrumentId, Nanos};

/// Why a simulation cannot be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A specification does not say what its integers are worth.
    #[error("the specification of instrument {} has no value", instrument.index())]
    Spec {
        /// The instrument.
        instrument: InstrumentId,
        /// What is wrong with it.
        source: fluxo_core::Error,
    },
    /// There is no instrument, or there are more than ids for them.
    #[error("{got} instruments: between 1 and {max} can be simulated", max = 1 << 16)]
    Instruments {
        /// How many specifications were given.
        got: usize,
    },
    /// A span that would bring an answer before its question.
    #[error("{name} is {got}: it must not be negative")]
    Negative {
        /// The configuration value.
        name: &'static str,
        /// What it was set to.
        got: Nanos,
    },
    /// The book's window has a size that a book cannot have.
    #[error("a book window of {got} ticks: it must be a power of two, at least {min}")]
    BookWindow {
        /// What it was set to.
        got: usize,
        /// The smallest that works.
        min: usize,
    },
    /// A limit or a period of zero, with which nothing can happen.
    #[error("{name} must be positive")]
    NotPositive {
        /// The configuration value.
        name: &'static str,
    },
}
