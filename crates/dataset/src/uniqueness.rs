//! How much of a label is its own: the weight of rows whose labels overlap (TRAINING 1.4).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One, in the units in which the parts of labels are summed: exact sums, so that a weight does not
/// depend on how much came before it.
const ONE: u128 = 1 << 64;

/// The average uniqueness of the labels of one target, row by row.
///
/// A label lives in `(ts, t1]`: what happens at `ts` is known to its row. The concurrency of a row time
/// is the number of labels alive then, and a label's uniqueness is the mean of 1/concurrency over the
/// row times in its life; a label in whose life no row lies shares it with none, and has 1. Memory is
/// that of the labels alive.
#[derive(Debug, Default)]
pub struct Uniqueness {
    /// Labels that have not ended, the next to end first.
    alive: BinaryHeap<Reverse<Alive>>,
    /// The sum of 1/concurrency over all row times so far.
    sum: u128,
    /// How many row times there were.
    times: u64,
}

/// Ordered by its end, then by its row.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alive {
    t1: i64,
    row: u64,
    sum: u128,
    times: u64,
}

impl Uniqueness {
    /// The next row: its number, its time, and the end of its label if it has one. Gives the number
    /// and the uniqueness of every label that ended before it.
    ///
    /// # Panics
    /// When a label ends before its row, or at it.
    pub fn on_row(
        &mut self,
        row: u64,
        ts: i64,
        t1: Option<i64>,
        mut decided: impl FnMut(u64, f64),
    ) {
        while self.alive.peek().is_some_and(|Reverse(label)| label.t1 < ts) {
            let Some(Reverse(label)) = self.alive.pop() else { break };
            self.decide(&label, &mut decided);
        }
        let concurrency = self.alive.len() as u128;
        self.sum += ONE.checked_div(concurrency).unwrap_or(0);
        self.times += 1;
        if let Some(t1) = t1 {
            assert!(t1 > ts, "a label ends after its row");
            self.alive.push(Reverse(Alive { t1, row, sum: self.sum, times: self.times }));
        }
    }

    /// There are no more rows.
    pub fn finish(&mut self, mut decided: impl FnMut(u64, f64)) {
        while let Some(Reverse(label)) = self.alive.pop() {
            self.decide(&label, &mut decided);
        }
    }

    fn decide(&self, label: &Alive, decided: &mut impl FnMut(u64, f64)) {
        let times = self.times - label.times;
        let mean = match times {
            0 => 1.0,
            _ => (self.sum - label.sum) as f64 / ONE as f64 / times as f64,
        };
        decided(label.row, mean);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The uniqueness of each label `(ts, t1]` over rows at `times`; the first row is numbered 0.
    fn uniqueness(times: &[i64], labels: &[(i64, i64)]) -> Vec<f64> {
        let (mut unique, mut decided) = (Uniqueness::default(), Vec::new());
        for (row, ts) in (0..).zip(times) {
            let t1 = labels.iter().find(|(start, _)| start == ts).map(|(_, end)| *end);
            unique.on_row(row, *ts, t1, |row, mean| decided.push((row, mean)));
        }
        unique.finish(|row, mean| decided.push((row, mean)));
        decided.sort_by_key(|(row, _)| *row);
        decided.into_iter().map(|(_, mean)| mean).collect()
    }

    /// The mean of 1/concurrency by its definition; `alive` says whether a label is alive at a time.
    fn by_definition(
        times: &[i64],
        labels: &[(i64, i64)],
        alive: impl Fn(i64, &(i64, i64)) -> bool,
    ) -> Vec<f64> {
        let of = |label: &(i64, i64)| {
            let lives: Vec<i64> = times.iter().copied().filter(|t| alive(*t, label)).collect();
            let shares = lives
                .iter()
                .map(|t| 1.0 / labels.iter().filter(|other| alive(*t, other)).count() as f64);
            if lives.is_empty() { 1.0 } else { shares.sum::<f64>() / lives.len() as f64 }
        };
        labels.iter().map(of).collect()
    }

    fn half_open(t: i64, (start, end): &(i64, i64)) -> bool {
        *start < t && t <= *end
    }

    const TIMES: [i64; 7] = [0, 1, 2, 3, 4, 5, 6];
    const LABELS: [(i64, i64); 4] = [(0, 2), (1, 3), (2, 4), (5, 6)];

    #[test]
    fn the_oracle_holds() {
        assert_eq!(uniqueness(&TIMES, &LABELS), [0.75, 0.50, 0.75, 1.00]);
    }

    #[test]
    fn a_closed_interval_would_give_something_else() {
        let closed = |t: i64, (start, end): &(i64, i64)| *start <= t && t <= *end;
        let wrong = by_definition(&TIMES, &LABELS, closed);
        let expected = [0.6111, 0.4444, 0.6111, 1.0];
        for (wrong, expected) in wrong.iter().zip(expected) {
            assert!((wrong - expected).abs() < 1e-4, "{wrong} {expected}");
        }
        assert_ne!(uniqueness(&TIMES, &LABELS), wrong);
    }

    #[test]
    fn a_label_between_two_rows_shares_with_none() {
        assert_eq!(uniqueness(&[0, 10, 20], &[(0, 5), (10, 20)]), [1.0, 1.0]);
    }

    proptest! {
        #[test]
        fn any_labels_agree_with_the_definition(
            rows in prop::collection::vec((1_i64..4, prop::option::of(1_i64..30)), 1..60)
        ) {
            let (mut ts, mut times, mut labels) = (0, Vec::new(), Vec::new());
            for (step, span) in rows {
                ts += step;
                times.push(ts);
                labels.extend(span.map(|span| (ts, ts + span)));
            }
            let expected = by_definition(&times, &labels, half_open);
            for (found, expected) in uniqueness(&times, &labels).iter().zip(expected) {
                prop_assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            }
        }
    }
}
