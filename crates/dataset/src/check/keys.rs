//! Are the rows in order, and is each where it says that it is?

use fluxo_core::UnixNanos;
use parquet::data_type::{BoolType, ByteArrayType, DataType, Int32Type, Int64Type};

use super::CheckError;
use super::damage::{Damages, Seen};
use super::read::Group;
use crate::session_day::session_of;

/// The key of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) ts: i64,
    pub(super) seq: i64,
    pub(super) segment: i32,
    pub(super) session: i32,
    pub(super) is_warm: bool,
}

/// What the rows before have to say of the next one.
#[derive(Debug)]
pub(super) struct Order {
    before: Option<Key>,
    /// Rows that training drops.
    pub(super) cold: u64,
}

/// The keys of a group of rows, and whether each has the symbol of the dataset.
pub(super) fn read(
    group: &Group<'_>,
    symbol: Option<&str>,
    first: u64,
    damages: &mut Damages,
) -> Result<Vec<Key>, CheckError> {
    let ts = whole::<Int64Type>(group, "ts", first, damages)?;
    let seq = whole::<Int64Type>(group, "seq", first, damages)?;
    let segment = whole::<Int32Type>(group, "segment_id", first, damages)?;
    let session = whole::<Int32Type>(group, "session_id", first, damages)?;
    let warm = whole::<BoolType>(group, "warm", first, damages)?;
    let mut other = Seen::default();
    for (row, found) in (first..).zip(whole::<ByteArrayType>(group, "symbol", first, damages)?) {
        other.unless(symbol.is_none_or(|symbol| found.data() == symbol.as_bytes()), row);
    }
    damages.add("symbol", "not the symbol of dataset.json", other);
    let numbers = ts.into_iter().zip(seq).zip(segment).zip(session).zip(warm);
    let keys = numbers.map(|((((ts, seq), segment), session), is_warm)| Key {
        ts,
        seq,
        segment,
        session,
        is_warm,
    });
    Ok(keys.collect())
}

/// A column in which no row may be null.
fn whole<T: DataType>(
    group: &Group<'_>,
    name: &str,
    first: u64,
    damages: &mut Damages,
) -> Result<Vec<T::T>, CheckError> {
    let mut null = Seen::default();
    let column = (first..).zip(group.column::<T>(name)?).map(|(row, value)| {
        null.unless(value.is_some(), row);
        value.unwrap_or_default()
    });
    let column = column.collect();
    damages.add(name, "null", null);
    Ok(column)
}

impl Order {
    pub(super) const fn new() -> Self {
        Self { before: None, cold: 0 }
    }

    /// The next rows, from `first` on.
    pub(super) fn look(&mut self, keys: &[Key], first: u64, damages: &mut Damages) {
        let [mut late, mut twice, mut number, mut segment, mut session, mut warm] =
            [Seen::default(); 6];
        for (row, key) in (first..).zip(keys) {
            self.cold += u64::from(!key.is_warm);
            session.unless(session_of(UnixNanos::new(key.ts)) == key.session, row);
            let Some(before) = self.before.replace(*key) else { continue };
            if (key.ts, key.seq) == (before.ts, before.seq) {
                twice.note(row);
                continue;
            }
            let is_same_segment = key.segment == before.segment;
            number.unless(key.seq > before.seq, row);
            late.unless(!is_same_segment || key.ts > before.ts, row);
            segment.unless(key.segment >= before.segment, row);
            warm.unless(!is_same_segment || key.is_warm || !before.is_warm, row);
        }
        damages.add("ts", "not after the row before in its segment", late);
        damages.add("seq", "ts and seq of the row before", twice);
        damages.add("seq", "not above the row before", number);
        damages.add("segment_id", "below the row before", segment);
        damages.add("session_id", "not the UTC day of ts", session);
        damages.add("warm", "false behind a warm row of its segment", warm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keys: &[(i64, i64, i32)]) -> Vec<String> {
        let session = session_of(UnixNanos::new(1));
        let key = |(ts, seq, segment): &(i64, i64, i32)| Key {
            ts: *ts,
            seq: *seq,
            segment: *segment,
            session,
            is_warm: false,
        };
        let keys: Vec<Key> = keys.iter().map(key).collect();
        let (mut order, mut damages) = (Order::new(), Damages::default());
        order.look(&keys, 0, &mut damages);
        assert_eq!(order.cold, keys.len() as u64);
        damages.finish().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn order_is_of_segments_for_times_and_of_the_file_for_numbers() {
        let rows = [
            (10, 0, 0),
            (9, 1, 0),
            (5, 2, 1), // Another segment may begin anywhere.
            (5, 3, 1),
            (5, 3, 1),
            (6, 3, 1),
            (7, 4, 0),
        ];
        let late = "ts in 2 rows, first in row 1: not after the row before in its segment";
        let others = [
            "seq in row 4: ts and seq of the row before",
            "seq in row 5: not above the row before",
            "segment_id in row 6: below the row before",
        ];
        assert_eq!(found(&rows), [&[late], &others[..]].concat());
    }
}
