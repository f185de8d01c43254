//! The consensus vector: in which direction the opinions of a row's past lean, and how much.
//!
//! Nobody voted is a sample too: its strength, an even ratio, has no value (`UN` of FEATURES 4); its
//! direction, an odd quantity, is 0 and defined (`U0`), and so nothing is aligned. The vote of a row
//! appears in later rows only: [`Consensus`] keeps the last one and when it was published.

use fluxo_core::{Nanos, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::catalogue::index;

/// An opinion older than this has no say.
pub const AGE_MAX: Nanos = Nanos::from_millis(2000);
/// Below this strength there is no direction.
const STRENGTH_MIN: f64 = 0.2;
/// Fewer votes than this are never aligned.
const ALIGNED_MIN: u32 = 3;

/// The built-in votes: a feature, and the dead band around zero within which it abstains from a
/// side.
const BUILT_IN: [(usize, f64); 5] = [
    (index::OFI_5S, 0.5),
    (index::VOLUME_IMBALANCE, 0.2),
    (index::PRICE_PRESSURE, 0.2),
    (index::OFI_INTEGRATED, 0.25),
    (index::CANCEL_IMBALANCE, 0.2),
];

/// One opinion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// -1 down, 0 neither, +1 up.
    pub direction: i8,
    /// In [0, 1].
    pub confidence: f64,
    /// How much the voter counts; not negative.
    pub weight: f64,
}

/// The votes of the five features that stand in for agents; `None` where a feature is undefined.
pub type BuiltInVotes = [Option<Vote>; 5];

/// The three values of slots 114 to 116.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsensusValues {
    /// `flow_consensus_strength` in [0, 1]; `None` when nobody voted with any weight.
    pub strength: Option<f64>,
    /// `flow_consensus_direction`: -1, 0 or +1.
    pub direction: f64,
    /// `flow_aligned`: 0 or 1.
    pub aligned: f64,
}

impl ConsensusValues {
    /// Nobody has a say.
    pub const NOBODY: Self = Self { strength: None, direction: 0.0, aligned: 0.0 };
}

impl Default for ConsensusValues {
    fn default() -> Self {
        Self::NOBODY
    }
}

/// The consensus of votes: `S = sum w c d`, `Z = sum w c`, strength `|S|/Z`.
#[must_use]
pub fn consensus(votes: impl IntoIterator<Item = Vote>) -> ConsensusValues {
    let (mut sum, mut total) = (0.0, 0.0);
    let (mut up, mut down) = (0, 0);
    for vote in votes {
        let say = vote.weight * vote.confidence;
        total += say;
        sum += say * f64::from(vote.direction);
        up += u32::from(vote.direction > 0);
        down += u32::from(vote.direction < 0);
    }
    let strength = (total > 0.0).then(|| sum.abs() / total);
    let direction = match strength {
        Some(strength) if strength >= STRENGTH_MIN => f64::from(sign(sum)),
        _ => 0.0,
    };
    // Whose direction all of them share is the direction of their sum.
    let one_sided = (up == 0) != (down == 0) && up + down >= ALIGNED_MIN;
    let aligned = if direction != 0.0 && one_sided { 1.0 } else { 0.0 };
    ConsensusValues { strength, direction, aligned }
}

/// The five votes from the features of one row, in `f64` before the row narrows them: a value that
/// lies exactly on a dead band is inside.
#[must_use]
pub fn built_in_votes(value: impl Fn(usize) -> Option<f64>) -> BuiltInVotes {
    BUILT_IN.map(|(slot, dead_band)| {
        let x = value(slot)?;
        let direction = if x.abs() > dead_band { sign(x) } else { 0 };
        Some(Vote { direction, confidence: 1.0, weight: 1.0 })
    })
}

fn sign(x: f64) -> i8 {
    i8::from(x > 0.0) - i8::from(x < 0.0)
}

/// What the votes of the last row say, until one of a later moment has been written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Consensus {
    last: Published,
    /// The last row of the moment before: rows that events make may share a moment.
    before: Published,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Published {
    at_ns: Option<i64>,
    values: ConsensusValues,
}

impl Consensus {
    /// Nobody has voted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The values of a row at `ts`: of the votes that were published strictly before it and are no
    /// older than [`AGE_MAX`].
    #[must_use]
    pub fn values(&self, ts: UnixNanos) -> ConsensusValues {
        let is_later = self.last.at_ns.is_none_or(|published| published < ts.get());
        let Published { at_ns, values } = if is_later { &self.last } else { &self.before };
        let age = at_ns.map(|published| ts.get().saturating_sub(published));
        let counts = age.is_some_and(|age| age > 0 && age <= AGE_MAX.get());
        if counts { *values } else { ConsensusValues::NOBODY }
    }

    /// The votes of the row at `ts`, for the rows after it: call it once that row is written.
    pub fn publish(&mut self, ts: UnixNanos, votes: BuiltInVotes) {
        let at_ns = Some(ts.get());
        if self.last.at_ns != at_ns {
            self.before = self.last;
        }
        self.last = Published { at_ns, values: consensus(votes.into_iter().flatten()) };
    }

    /// A session ended: no vote of before has a say after it.
    pub fn on_break(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "signs and quotients of small integers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn votes(directions: &[i8]) -> Vec<Vote> {
        let vote = |direction: &i8| Vote { direction: *direction, confidence: 1.0, weight: 1.0 };
        directions.iter().map(vote).collect()
    }

    fn values(directions: &[i8]) -> (Option<f64>, f64, f64) {
        let ConsensusValues { strength, direction, aligned } = consensus(votes(directions));
        (strength, direction, aligned)
    }

    #[test]
    fn the_oracle() {
        assert_eq!(values(&[1, 1, 0, 1, -1]), (Some(0.4), 1.0, 0.0));
    }

    #[test]
    fn strength_decides_on_a_direction_and_unity_on_alignment() {
        assert_eq!(values(&[]), (None, 0.0, 0.0));
        assert_eq!(values(&[0, 0, 0]), (Some(0.0), 0.0, 0.0));
        assert_eq!(values(&[-1, 0, 0, 0, 0]), (Some(0.2), -1.0, 0.0));
        assert_eq!(values(&[1, 0, 0, 0, 0, 0]), (Some(1.0 / 6.0), 0.0, 0.0));
        assert_eq!(values(&[1, 1, 0]), (Some(2.0 / 3.0), 1.0, 0.0));
        assert_eq!(values(&[-1, -1, 0, -1]), (Some(0.75), -1.0, 1.0));
        assert_eq!(values(&[1, -1, 1, 1, 1]), (Some(0.6), 1.0, 0.0));
    }

    #[test]
    fn confidence_and_weight_multiply() {
        let vote = |direction, confidence, weight| Vote { direction, confidence, weight };
        let got = consensus([vote(1, 0.5, 1.0), vote(-1, 0.25, 4.0), vote(0, 1.0, 0.5)]);
        assert_eq!(got, ConsensusValues { strength: Some(0.25), direction: -1.0, aligned: 0.0 });
        // A voter without confidence has no say, as if it had not voted.
        assert_eq!(consensus([vote(1, 0.0, 1.0)]).strength, None);
    }

    #[test]
    fn built_in_votes_have_dead_bands() {
        let bands = [0.5, 0.2, 0.2, 0.25, 0.2];
        let slots = BUILT_IN.map(|(slot, _)| slot);
        assert_eq!(slots, [70, 32, 49, 82, 90]);
        for (at, (slot, band)) in slots.into_iter().zip(bands).enumerate() {
            for (x, direction) in
                [(band, 0), (band + 1e-9, 1), (-band, 0), (-band - 1e-9, -1), (0.0, 0)]
            {
                let got = built_in_votes(|asked| (asked == slot).then_some(x));
                let mut expected = [None; 5];
                expected[at] = Some(Vote { direction, confidence: 1.0, weight: 1.0 });
                assert_eq!(got, expected, "slot {slot}, {x}");
            }
        }
    }

    #[test]
    fn a_row_never_sees_its_own_vote_nor_an_old_one() {
        let at = UnixNanos::new;
        let mut kept = Consensus::new();
        let nobody = consensus([]);
        assert_eq!(kept.values(at(0)), nobody);
        kept.publish(at(1000), built_in_votes(|_| Some(0.9)));
        assert_eq!(kept.values(at(1000)), nobody);
        let all = ConsensusValues { strength: Some(1.0), direction: 1.0, aligned: 1.0 };
        assert_eq!(kept.values(at(1001)), all);
        assert_eq!(kept.values(at(1000 + 2_000_000_000)), all);
        assert_eq!(kept.values(at(1001 + 2_000_000_000)), nobody);
        kept.publish(at(2000), built_in_votes(|slot| (slot == index::OFI_5S).then_some(-0.9)));
        assert_eq!(kept.values(at(2001)).direction, -1.0);
        kept.on_break();
        assert_eq!(kept.values(at(2001)), nobody);
    }

    proptest! {
        #[test]
        fn a_mirrored_market_leans_the_other_way(
            given in prop::collection::vec((-1_i8..=1, 0.0..1.0, 0.0..2.0), 0..9),
        ) {
            let vote = |(direction, confidence, weight)| Vote { direction, confidence, weight };
            let votes: Vec<Vote> = given.into_iter().map(vote).collect();
            let mirrored = votes.iter().map(|vote| Vote { direction: -vote.direction, ..*vote });
            let (here, there) = (consensus(votes.iter().copied()), consensus(mirrored));
            prop_assert_eq!(here.strength, there.strength);
            prop_assert_eq!(here.direction + 0.0, 0.0 - there.direction);
            prop_assert_eq!(here.aligned, there.aligned);
            prop_assert!(here.strength.is_none_or(|strength| (0.0..=1.0).contains(&strength)));
        }
    }
}
