//! The words in which the catalogue describes a slot of the row and a target.

/// One of the 108 features, as the tables define it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureInfo {
    /// Its slot in the row.
    pub index: usize,
    /// Its name, unique among all slots.
    pub name: &'static str,
    /// The unit of its value.
    pub unit: &'static str,
    /// The smallest set that holds it.
    pub set: FeatureSet,
    /// What the mirror of the market does to it.
    pub parity: Parity,
    /// What an empty sample is.
    pub undefined: Undefined,
    /// What a model applies before it standardises.
    pub transform: Transform,
    /// Its window in milliseconds; 0 when it has none.
    pub window_ms: u32,
    /// How many levels, bars or parents it looks at; 0 when it counts none.
    pub count: u32,
    /// Its half-life in milliseconds; 0 when it does not decay.
    pub half_life_ms: u32,
}

/// One of the 12 targets, as the tables define it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetInfo {
    /// Its place among the targets.
    pub index: usize,
    /// Its name.
    pub name: &'static str,
    /// What a model of it answers.
    pub kind: TargetKind,
    /// The unit of its value.
    pub unit: &'static str,
    /// What the mirror of the market does to it.
    pub parity: Parity,
    /// How far it looks ahead at most, in milliseconds.
    pub horizon_ms: u32,
    /// How long after a test block training rows are left out: what labels have in common dies out
    /// over that time.
    pub embargo_ms: u32,
}

/// The sets are prefixes of the row: a set is a slice and needs no map of indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeatureSet {
    /// Trades and a calendar are enough.
    TickOnly,
    /// Trades and ten levels of the book.
    BookEnhanced,
    /// Everything.
    Full,
}

impl FeatureSet {
    /// How many features the set has: it is `0..len` of the row.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no set is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::TickOnly => 45,
            Self::BookEnhanced => 80,
            Self::Full => 108,
        }
    }
}

/// What happens to a value when bids and asks, buyers and sellers change places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// It negates.
    Odd,
    /// It negates up to the second order of returns.
    OddFirstOrder,
    /// It stays.
    Even,
    /// It takes the value of the feature in that slot.
    SwapsWith(usize),
    /// A level for the audit, which the mirror moves.
    Level,
}

/// What a sample without content is, once the feature is warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// Code `UN`: it has no value.
    NoValue,
    /// Code `U0`: zero by symmetry, and valid.
    ZeroBySymmetry,
    /// Code `ZERO`: a count or a rate without an event, zero and valid.
    ZeroEvents,
    /// Code `NA`: there is no such sample.
    Never,
}

/// What a model applies to a value before it standardises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// Nothing.
    None,
    /// `ln(1 + x)`.
    Log1p,
    /// `ln(max(x, 1e-9))`.
    Log,
    /// `asinh(x / c)`, c the median of `|x|` over the training values.
    Asinh,
    /// It is never an input of a model.
    Exclude,
}

/// What a model of a target answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A number.
    Regression,
    /// Down, neutral or up.
    Ternary,
    /// No or yes.
    Binary,
}
