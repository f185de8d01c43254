//! A ring of neighbouring level sizes, with one bit per occupied level.
//!
//! It covers the keys `start .. start + ticks`. A key is a slot by its low bits alone, so moving the
//! window copies nothing: only what leaves and what enters is touched. It knows nothing of sides:
//! smaller keys come first.

/// Levels per word of the bitset.
const WORD_BITS: i64 = 64;

#[derive(Clone, Debug)]
pub(super) struct Window {
    /// The first key; a multiple of [`WORD_BITS`], so that no word is shared by both ends.
    start: i64,
    /// How many keys; a power of two.
    ticks: i64,
    lots: Box<[i64]>,
    occupied: Box<[u64]>,
}

/// Occupied keys that are left to be looked at: those of one word, then those of the words behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occupied {
    /// The first key of the word.
    base: i64,
    /// A bit per key of the word that is left.
    bits: u64,
}

/// Where a key lives: `key modulo the length`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only the low bits count, and the length of a slice is a power of two"
)]
const fn ring_index(key: i64, length: usize) -> usize {
    (key.cast_unsigned() as usize) & (length - 1)
}

impl Window {
    pub(super) fn new(ticks: usize) -> Self {
        let words = ticks / 64;
        Self {
            start: 0,
            ticks: i64::try_from(ticks).expect("a window fits into memory"),
            lots: vec![0; ticks].into_boxed_slice(),
            occupied: vec![0; words].into_boxed_slice(),
        }
    }

    /// How many keys it covers.
    pub(super) const fn len(&self) -> usize {
        self.lots.len()
    }

    pub(super) const fn start(&self) -> i64 {
        self.start
    }

    pub(super) const fn end(&self) -> i64 {
        self.start + self.ticks
    }

    pub(super) const fn ticks(&self) -> i64 {
        self.ticks
    }

    #[inline]
    pub(super) const fn contains(&self, key: i64) -> bool {
        key.wrapping_sub(self.start).cast_unsigned() < self.ticks.cast_unsigned()
    }

    /// The lots at a key inside the window.
    #[inline]
    pub(super) fn get(&self, key: i64) -> i64 {
        self.lots[ring_index(key, self.lots.len())]
    }

    /// Puts lots at a key inside the window, and returns what was there.
    #[inline]
    pub(super) fn set(&mut self, key: i64, lots: i64) -> i64 {
        let slot = ring_index(key, self.lots.len());
        let before = std::mem::replace(&mut self.lots[slot], lots);
        // Without a branch: whether a level comes, goes or stays is what a feed does not let us guess.
        let comes_or_goes = (lots != 0) != (before != 0);
        self.occupied[slot / 64] ^= u64::from(comes_or_goes) << (slot % 64);
        before
    }

    /// The first occupied key at or after `from`, which is not before the window.
    #[inline]
    pub(super) fn first_from(&self, from: i64) -> Option<i64> {
        self.next_occupied(&mut self.occupied_from(from))
    }

    /// The occupied keys at or after `from`, which is not before the window.
    #[inline]
    pub(super) fn occupied_from(&self, from: i64) -> Occupied {
        if from >= self.end() {
            return Occupied { base: self.end(), bits: 0 };
        }
        let base = from & !(WORD_BITS - 1);
        Occupied { base, bits: self.word(base) & (u64::MAX << (from - base)) }
    }

    /// Takes the first of the occupied keys that are left.
    #[inline]
    pub(super) fn next_occupied(&self, left: &mut Occupied) -> Option<i64> {
        while left.bits == 0 {
            if left.base >= self.end() - WORD_BITS {
                return None;
            }
            left.base += WORD_BITS;
            left.bits = self.word(left.base);
        }
        let key = left.base + i64::from(left.bits.trailing_zeros());
        left.bits &= left.bits - 1;
        Some(key)
    }

    /// Takes out every level at or after `from` and hands it over, in order of keys.
    pub(super) fn drain_from(&mut self, from: i64, mut take: impl FnMut(i64, i64)) {
        let mut next = self.first_from(from.max(self.start));
        while let Some(key) = next {
            take(key, self.set(key, 0));
            next = self.first_from(key + 1);
        }
    }

    /// Moves the window so that `key` lies `headroom` behind its first key. Whoever moves it has
    /// taken out what would fall outside.
    pub(super) fn move_to(&mut self, key: i64, headroom: i64) {
        self.start = Self::start_for(key, headroom);
    }

    /// Where [`Self::move_to`] would put the first key.
    pub(super) const fn start_for(key: i64, headroom: i64) -> i64 {
        (key - headroom) & !(WORD_BITS - 1)
    }

    fn word(&self, base: i64) -> u64 {
        self.occupied[ring_index(base / WORD_BITS, self.occupied.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_across_the_seam_of_the_ring() {
        let mut window = Window::new(256);
        window.move_to(-70, 64);
        assert_eq!((window.start(), window.end()), (-192, 64));
        for key in [-192, -1, 0, 63] {
            assert!(window.contains(key));
            assert_eq!(window.set(key, key + 1_000), 0);
        }
        assert!(!window.contains(-193) && !window.contains(64));
        assert_eq!(window.first_from(-192), Some(-192));
        assert_eq!(window.first_from(-191), Some(-1));
        assert_eq!(window.first_from(1), Some(63));
        assert_eq!(window.set(63, 0), 1_063);
        assert_eq!(window.first_from(1), None);
        assert_eq!(window.first_from(64), None);
    }

    #[test]
    fn draining_leaves_the_front() {
        let mut window = Window::new(256);
        for key in [3, 100, 255] {
            window.set(key, key);
        }
        let mut drained = Vec::new();
        window.drain_from(100, |key, lots| drained.push((key, lots)));
        assert_eq!(drained, [(100, 100), (255, 255)]);
        assert_eq!(window.first_from(0), Some(3));
        assert_eq!((window.get(100), window.get(3)), (0, 3));
    }
}
