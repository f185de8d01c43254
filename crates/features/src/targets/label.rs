//! What a target says of a row, or why it says nothing.

use fluxo_core::UnixNanos;

/// What came after a row.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Label {
    /// The value in the unit of the target; a class is -1, 0 or 1.
    pub value: f64,
    /// When it was known: always after the row.
    pub t1: UnixNanos,
}

/// Why a row has no label.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum Unlabelled {
    /// There was no book yet, or no mid price above zero.
    NoMid,
    /// The book was not valid at the row, so that a round trip had no known cost.
    NoSpread,
    /// Nothing at the row said to buy or to sell.
    NoSide,
    /// The book was not valid when the position was to be opened or closed.
    NoTouch,
    /// Data was lost, or a recording ended, between the row and the label's end.
    Gap,
    /// Trading was not continuous all the way.
    Halt,
    /// The book was crossed or locked on the way.
    Crossed,
    /// The meaning of ticks changed on the way.
    Respecified,
    /// Too few returns to know how far the price usually moves.
    Cold,
    /// The price has not moved for so long that no time covers the cost of a round trip.
    Still,
    /// No depth message came for so long that nobody knows whether the book was whole.
    Silent,
    /// The recording ended first.
    Unfinished,
}

impl Unlabelled {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::NoMid,
        Self::NoSpread,
        Self::NoSide,
        Self::NoTouch,
        Self::Gap,
        Self::Halt,
        Self::Crossed,
        Self::Respecified,
        Self::Cold,
        Self::Still,
        Self::Silent,
        Self::Unfinished,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoMid => "no_mid",
            Self::NoSpread => "no_spread",
            Self::NoSide => "no_side",
            Self::NoTouch => "no_touch",
            Self::Gap => "gap",
            Self::Halt => "halt",
            Self::Crossed => "crossed",
            Self::Respecified => "respecified",
            Self::Cold => "cold",
            Self::Still => "still",
            Self::Silent => "silent",
            Self::Unfinished => "unfinished",
        }
    }
}

/// A target of a row is decided, for good.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Matured {
    /// The number of the row: the first one has 0.
    pub row: u64,
    /// The time of the row.
    pub row_ts: UnixNanos,
    /// Which target.
    pub target: usize,
    /// What came after the row.
    pub label: Result<Label, Unlabelled>,
}
