//! Which values of a row a model reads, and in which order (TRAINING 1).

use serde::Deserialize;

/// Features of a row: the first slots.
const FEATURES: usize = 108;
/// Values of the regime vector, behind the features.
const REGIME: usize = 6;
/// Values of the consensus vector, at the end.
const CONSENSUS: usize = 3;
/// How wide a row is.
pub const ROW_WIDTH: usize = FEATURES + REGIME + CONSENSUS;

/// The nested sets of features: each begins with the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureSetName {
    /// What prints alone tell.
    TickOnly,
    /// And the book near the touch.
    BookEnhanced,
    /// And the rest.
    Full,
}

impl FeatureSetName {
    const fn features(self) -> usize {
        match self {
            Self::TickOnly => 45,
            Self::BookEnhanced => 80,
            Self::Full => FEATURES,
        }
    }
}

/// What a model reads of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSet {
    /// The features.
    pub set: FeatureSetName,
    /// Whether the regime vector follows them.
    pub regime: bool,
    /// Whether the consensus vector follows that.
    pub consensus: bool,
}

impl InputSet {
    /// How many values that is.
    #[must_use]
    pub const fn width(self) -> usize {
        let regime = if self.regime { REGIME } else { 0 };
        let consensus = if self.consensus { CONSENSUS } else { 0 };
        self.set.features() + regime + consensus
    }

    /// Copies a row's values into a model's input. A value that is not defined is NaN and stays so:
    /// trees know what to do with it.
    ///
    /// # Panics
    /// When `input` is not [`Self::width`] wide, or `row` lacks a value that is read.
    pub fn fill(self, row: &[f32], input: &mut [f32]) {
        let features = self.set.features();
        input[..features].copy_from_slice(&row[..features]);
        let mut at = features;
        if self.regime {
            input[at..at + REGIME].copy_from_slice(&row[FEATURES..FEATURES + REGIME]);
            at += REGIME;
        }
        if self.consensus {
            input[at..at + CONSENSUS].copy_from_slice(&row[FEATURES + REGIME..ROW_WIDTH]);
            at += CONSENSUS;
        }
        assert_eq!(at, input.len(), "an input is as wide as its set");
    }

    /// How much of a row is read: the slots `0..reach`.
    pub(crate) const fn reach(self) -> usize {
        if self.consensus {
            ROW_WIDTH
        } else if self.regime {
            FEATURES + REGIME
        } else {
            self.set.features()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(set: FeatureSetName, regime: bool, consensus: bool) -> Vec<f32> {
        let row: Vec<f32> = (0_u8..).take(ROW_WIDTH).map(f32::from).collect();
        let set = InputSet { set, regime, consensus };
        let mut input = vec![f32::NAN; set.width()];
        set.fill(&row[..set.reach()], &mut input);
        input
    }

    #[test]
    fn a_smaller_set_skips_features_and_keeps_what_follows_them() {
        let whole = filled(FeatureSetName::Full, true, true);
        assert_eq!(whole, (0_u8..117).map(f32::from).collect::<Vec<_>>());
        assert_eq!(filled(FeatureSetName::Full, true, false), whole[..114]);
        let small = filled(FeatureSetName::TickOnly, true, true);
        assert_eq!((&small[..45], &small[45..]), (&whole[..45], &whole[108..]));
        let plain = filled(FeatureSetName::BookEnhanced, false, false);
        assert_eq!(plain, whole[..80]);
        let voted = filled(FeatureSetName::BookEnhanced, false, true);
        assert_eq!((&voted[..80], &voted[80..]), (&whole[..80], &whole[114..]));
    }
}
