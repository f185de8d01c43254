//! The row: everything a model can read about one moment.

use fluxo_core::UnixNanos;

use crate::catalogue::{CONSENSUS_NAMES, FEATURES, REGIME_NAMES};

/// How many features a row has: slots `0..FEATURE_COUNT`.
pub const FEATURE_COUNT: usize = FEATURES.len();
/// The first slot of the regime vector.
pub const REGIME_START: usize = FEATURE_COUNT;
/// The first slot of the consensus vector.
pub const CONSENSUS_START: usize = REGIME_START + REGIME_NAMES.len();
/// How many slots a row has.
pub const ROW_SLOTS: usize = CONSENSUS_START + CONSENSUS_NAMES.len();

/// The name of a slot.
///
/// # Panics
/// When there is no such slot.
#[must_use]
pub fn slot_name(slot: usize) -> &'static str {
    match slot {
        CONSENSUS_START.. => CONSENSUS_NAMES[slot - CONSENSUS_START],
        REGIME_START.. => REGIME_NAMES[slot - REGIME_START],
        _ => FEATURES[slot].name,
    }
}

/// The features of one moment as they were computed, before the row narrows them.
#[derive(Clone, Debug)]
pub(crate) struct Exact([f64; FEATURE_COUNT]);

impl Exact {
    pub(crate) const UNDEFINED: Self = Self([f64::NAN; FEATURE_COUNT]);

    /// `None` where the feature is undefined.
    pub(crate) fn get(&self, feature: usize) -> Option<f64> {
        Some(self.0[feature]).filter(|value| !value.is_nan())
    }

    /// Says whether the value was fit to be put: NaN is none.
    #[inline]
    pub(crate) fn set(&mut self, feature: usize, value: Option<f64>) -> bool {
        let held = value.unwrap_or(f64::NAN);
        self.0[feature] = held;
        // One answer, nearly always the same: which features are defined changes from row to row.
        !(value.is_some() & held.is_nan())
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::UNDEFINED
    }
}

/// The values of one moment. A slot is defined, with a finite value, or undefined, with NaN: there is
/// nothing between.
#[derive(Clone, Debug)]
pub struct FeatureRow {
    /// Its time T: the row holds every event with a receive time up to T, and nothing later. A row that
    /// an event completed holds the events up to that one.
    pub ts: UnixNanos,
    /// The time at which it was known: when no more events of T could come, or T itself for a row that
    /// an event completed.
    pub known_at: UnixNanos,
    /// The stretch of unbroken data it belongs to, numbered from 0: it grows at every gap, break and
    /// change of the grid that had rows before it.
    pub segment: u32,
    /// Whether its segment began long enough ago for models to be trained on it, and to be asked.
    pub is_warm: bool,
    /// Whether its trading session had been open for more than a second before the stream began, or began
    /// anew after a break: what counts from the open counts from there then (FEATURES 17.23).
    pub is_partial_session: bool,
    /// Which way a trend goes at its time: 1 up, 2 down, 0 without one, -1 while nobody can say.
    pub trend_sign: i8,
    values: [f32; ROW_SLOTS],
}

impl FeatureRow {
    /// A row without a defined slot.
    #[must_use]
    pub const fn undefined(ts: UnixNanos, known_at: UnixNanos) -> Self {
        Self {
            ts,
            known_at,
            segment: 0,
            is_warm: false,
            is_partial_session: true,
            trend_sign: -1,
            values: [f32::NAN; ROW_SLOTS],
        }
    }

    /// The value of a slot, when it is defined.
    ///
    /// # Panics
    /// When there is no such slot.
    #[must_use]
    #[inline]
    pub const fn value(&self, slot: usize) -> Option<f32> {
        let value = self.values[slot];
        if value.is_nan() { None } else { Some(value) }
    }

    /// All slots: NaN where one is undefined.
    #[must_use]
    pub const fn values(&self) -> &[f32; ROW_SLOTS] {
        &self.values
    }

    /// Bit `i` says whether slot `i` is defined: whether its value is a number.
    #[must_use]
    pub fn mask(&self) -> u128 {
        let bits = self.values.iter().rev().map(|value| u128::from(!value.is_nan()));
        bits.fold(0, |mask, bit| mask << 1 | bit)
    }

    /// Puts a value into a slot, or leaves it undefined, and says whether the value was fit to be
    /// put: one that is not finite as an `f32` is a defect, and the slot is then undefined.
    ///
    /// # Panics
    /// When there is no such slot.
    #[inline]
    pub fn set(&mut self, slot: usize, value: Option<f64>) -> bool {
        let narrow = narrow(value.unwrap_or(f64::NAN));
        self.values[slot] = narrow;
        !narrow.is_nan() || value.is_none()
    }

    /// Puts all features into their slots at once, and counts those that were not fit to be put.
    pub(crate) fn set_features(&mut self, exact: &Exact) -> u64 {
        // Two loops without a branch or a count, so that several slots are written at once.
        let slots = self.values.first_chunk_mut::<FEATURE_COUNT>().expect("features come first");
        for (slot, value) in slots.iter_mut().zip(&exact.0) {
            *slot = narrowed(*value);
        }
        let is_infinite = |slot: &f32| slot.to_bits() << 1 == f32::INFINITY.to_bits() << 1;
        let lost = slots.iter().fold(0, |lost, slot| lost | u32::from(is_infinite(slot)));
        if lost == 0 { 0 } else { Self::undefine_infinite(slots) }
    }

    #[cold]
    fn undefine_infinite(slots: &mut [f32; FEATURE_COUNT]) -> u64 {
        let infinite = slots.iter_mut().filter(|slot| slot.is_infinite());
        infinite.map(|slot| *slot = f32::NAN).count() as u64
    }
}

/// As a row holds it: NaN where an `f32` cannot.
#[inline]
fn narrow(value: f64) -> f32 {
    let narrow = narrowed(value);
    if narrow.abs() < f32::INFINITY { narrow } else { f32::NAN }
}

/// The nearest `f32`, infinite where there is none.
#[expect(clippy::cast_possible_truncation, reason = "rows are written as f32: FEATURES 3")]
#[inline]
const fn narrowed(value: f64) -> f32 {
    // Adding zero turns -0.0 into 0.0, so that mirrored markets have the same zero.
    (value + 0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> FeatureRow {
        FeatureRow::undefined(UnixNanos::new(0), UnixNanos::new(0))
    }

    #[test]
    fn a_slot_is_finite_or_undefined() {
        let mut row = row();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(row.set(5, Some(1.0)));
            assert!(!row.set(5, Some(bad)), "{bad}");
            assert_eq!((row.value(5), row.mask()), (None, 0), "{bad}");
            assert!(row.values()[5].is_nan());
        }
        assert!(row.set(5, None));
    }

    #[test]
    fn the_last_slot_has_the_last_bit() {
        let mut row = row();
        assert!(row.set(ROW_SLOTS - 1, Some(-0.0)));
        assert_eq!(row.mask(), 1 << 116);
        assert_eq!(row.value(ROW_SLOTS - 1).map(f32::to_bits), Some(0));
        assert_eq!(slot_name(ROW_SLOTS - 1), "flow_aligned");
    }
}
