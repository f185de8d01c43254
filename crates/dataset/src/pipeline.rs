//! Rows wait for their labels, labels for their weights; they leave in their order.

use std::collections::VecDeque;

use fluxo_features::{Label, RowLabels, TARGET_COUNT};

use crate::row::{Row, WeighedLabel};
use crate::uniqueness::Uniqueness;

#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    rows: VecDeque<Waiting>,
    /// The number of the first of them.
    first: u64,
    /// How many of them have their labels.
    labelled: usize,
    uniqueness: [Uniqueness; TARGET_COUNT],
}

#[derive(Debug)]
struct Waiting {
    row: Row,
    /// How many labels still wait for their weight.
    open: usize,
}

impl Pipeline {
    pub(crate) fn on_row(&mut self, row: Row) {
        self.rows.push_back(Waiting { row, open: 0 });
    }

    /// The labels of the next row that has none yet.
    ///
    /// # Panics
    /// When they are of another row.
    #[expect(clippy::cast_possible_truncation, reason = "labels are written as f32: TRAINING 1.2")]
    pub(crate) fn on_labels(&mut self, decided: &RowLabels) {
        let waiting = &mut self.rows[self.labelled];
        assert_eq!(waiting.row.ts, decided.at, "labels come in the order of the rows");
        waiting.open = decided.labels.iter().flatten().count();
        waiting.row.terms = decided.terms;
        waiting.row.labels = decided.labels.map(|label| {
            label.map(|Label { value, t1 }| {
                // Adding zero turns -0.0 into 0.0, as in rows.
                WeighedLabel { value: (value + 0.0) as f32, t1: t1.get(), uniqueness: None }
            })
        });
        let (number, ts) = (self.first + self.labelled as u64, decided.at.get());
        self.labelled += 1;
        for (target, label) in decided.labels.iter().enumerate() {
            let (rows, first) = (&mut self.rows, self.first);
            let t1 = label.ok().map(|label| label.t1.get());
            self.uniqueness[target].on_row(number, ts, t1, |row, mean| {
                weigh(rows, first, target, row, mean);
            });
        }
    }

    /// There are no more rows.
    ///
    /// # Panics
    /// When a row has no labels yet.
    pub(crate) fn finish(&mut self) {
        assert_eq!(self.labelled, self.rows.len(), "every row has been labelled");
        for (target, uniqueness) in self.uniqueness.iter_mut().enumerate() {
            let (rows, first) = (&mut self.rows, self.first);
            uniqueness.finish(|row, mean| weigh(rows, first, target, row, mean));
        }
    }

    /// The next row, when it is complete.
    pub(crate) fn take(&mut self) -> Option<Row> {
        if self.labelled == 0 {
            return None;
        }
        let next = self.rows.pop_front_if(|waiting| waiting.open == 0)?;
        self.labelled -= 1;
        self.first += 1;
        Some(next.row)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "weights are written as f32: TRAINING 1.2")]
fn weigh(rows: &mut VecDeque<Waiting>, first: u64, target: usize, row: u64, mean: f64) {
    let at = usize::try_from(row - first).expect("the row waits");
    let waiting = &mut rows[at];
    waiting.open -= 1;
    let label = waiting.row.labels[target].as_mut().expect("a label that is weighed");
    label.uniqueness = Some(mean as f32);
}
