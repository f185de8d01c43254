//! The class of a market's regime, by which models and agents are weighed.

use serde::{Deserialize, Serialize};

/// What kind of market it is now (FEATURES 9.9).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum RegimeClass {
    /// Nobody can say: the regime vector is undefined, or a change has just happened.
    #[default]
    Unknown,
    /// Much less volatile than usual.
    Quiet,
    /// Nothing special.
    Range,
    /// Prices move in one direction.
    Trend,
    /// Much more volatile than usual.
    Stress,
}

impl RegimeClass {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Quiet, Self::Range, Self::Trend, Self::Stress];

    /// Its place in [`RegimeClass::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_found_at_its_place() {
        for (place, class) in RegimeClass::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), place);
        }
    }
}
