//! The words in which the catalogue describes a slot of the row and a target.

/// One of the 108 features, as the tables define it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureInfo {
    /// Its slot in the row.
    pub index: usize,
    /// Its name, unique among all slots.
    pub name: &'static str,
    /// What it belongs to, as a title.
    pub group: &'static str,
    /// Its definition, in the words and signs of docs/FEATURES.md.
    pub formula: &'static str,
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
    /// What it is computed from.
    pub inputs: &'static [&'static str],
    /// Where its values lie.
    pub range: Range,
    /// When it is defined.
    pub warm_up: &'static str,
    /// Who described it.
    pub source: &'static str,
}

/// Where values lie, the ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// No value is below it; minus infinity where there is no such bound.
    pub min: f64,
    /// No value is above it; infinity where there is no such bound.
    pub max: f64,
}

impl Range {
    /// Whether a value lies in it. Rows are `f32`, so the bounds are compared as such: what is the
    /// bound before it is written is the bound after it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "values of rows are f32")]
    pub const fn holds(self, value: f32) -> bool {
        self.min as f32 <= value && value <= self.max as f32
    }
}

/// One value of the regime vector or of the consensus vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorInfo {
    /// Its name.
    pub name: &'static str,
    /// Its definition, in the words and signs of docs/FEATURES.md.
    pub formula: &'static str,
    /// What the mirror of the market does to it.
    pub parity: Parity,
    /// Where its values lie.
    pub range: Range,
    /// When it is defined.
    pub warm_up: &'static str,
}

/// One of the 12 targets, as the tables define it.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Its definition, in the words and signs of docs/FEATURES.md.
    pub formula: &'static str,
    /// The thresholds and choices that the definition names.
    pub threshold: &'static str,
    /// When it is known.
    pub ends: &'static str,
    /// Where its values lie.
    pub range: Range,
    /// What leaves a row without it.
    pub invalid: &'static str,
    /// How long after a test block training rows are left out, in milliseconds: what labels have in
    /// common dies out over that time.
    pub embargo_ms: u32,
    /// What a model of it minimises.
    pub loss: &'static str,
    /// Who described it.
    pub source: &'static str,
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

    /// Its name, as configurations and metadata spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TickOnly => "tick_only",
            Self::BookEnhanced => "book_enhanced",
            Self::Full => "full",
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
