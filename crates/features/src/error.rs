//! What can be wrong with a feature engine before its first event.

use fluxo_core::{Decimal, Lots, Nanos};

/// Why a feature engine could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Rows would lie too close together.
    #[error("a row every {step} is closer than every {min}")]
    Step {
        /// The distance that was asked for.
        step: Nanos,
        /// The smallest one.
        min: Nanos,
    },
    /// A row after every so many traded lots.
    #[error("a volume bucket of {} lots: it must hold at least one", lots.get())]
    VolumeBucket {
        /// The size that was asked for.
        lots: Lots,
    },
    /// A span of the configuration is negative.
    #[error("{name} is {span}: a span of time is not negative")]
    NegativeSpan {
        /// Which one.
        name: &'static str,
        /// Its value.
        span: Nanos,
    },
    /// The book's window is not a power of two, or too small.
    #[error("the book's window has {ticks} ticks: not a power of two of at least {min}")]
    BookWindow {
        /// The size that was asked for.
        ticks: usize,
        /// The smallest one.
        min: usize,
    },
    /// A fitted constant is out of range.
    #[error(
        "the calibration holds a bucket of no lots, or a micro-price table that is empty or not finite"
    )]
    Calibration,
    /// A unit of the specification that features are counted in is not above zero.
    #[error("{name} is {value}: it must be above zero")]
    SpecUnit {
        /// Which one.
        name: &'static str,
        /// Its value.
        value: i64,
    },
    /// The classes of parent trades are in no order.
    #[error("size_classes are {classes:?}: each must be above zero and larger than the one before")]
    SizeClasses {
        /// Their thresholds in size units.
        classes: [i64; 4],
    },
    /// The tick or the lot of the specification is not above zero.
    #[error("tick {tick} and lot {lot} must be above zero")]
    SpecGrid {
        /// The distance between neighbouring prices.
        tick: Decimal,
        /// One lot.
        lot: Decimal,
    },
    /// A cost of the targets lies outside its range.
    #[error("{name} lies outside 0 to 10,000")]
    Cost {
        /// Which one.
        name: &'static str,
    },
    /// An order of the targets is too long on its way.
    #[error("an order that takes {latency} is later than {max}")]
    Latency {
        /// How long it was said to take.
        latency: Nanos,
        /// The longest.
        max: Nanos,
    },
}
