//! Whatever is done to frames, rows stay finite and in their ranges.

use fluxo_fuzzing::{HAPPENINGS, market};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::frames::lines;
use crate::orders::{self, Format};

/// Numbers as a broken or a hostile venue may write them.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "0.0000001",
    "0.1",
    "1",
    "1e9",
    "4503599627370497",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "99999999999999999999999999",
    "922337203685477.5807",
    "60000.1",
    "60000.15",
    "",
];

/// What is done to the lines of a recording.
#[derive(Clone, Debug)]
enum Mutation {
    /// One byte is another.
    Byte { line: Index, at: Index, byte: u8 },
    /// One number of a line is another.
    Number { line: Index, which: Index, number: &'static str },
    /// One number of many lines in a row is another: a hostile value that stays.
    Flood { line: Index, count: usize, which: Index, number: &'static str },
    /// A line is missing, and with it the chain.
    Drop { line: Index },
    /// A line comes twice.
    Twice { line: Index },
    /// Two lines change places.
    Swap { one: Index, other: Index },
    /// A line breaks off.
    Cut { line: Index, at: Index },
    /// Something else happens before a line.
    Happening { line: Index, what: &'static str },
    /// The receive time of a line moves, and those behind it stay.
    Shift { line: Index, by_ms: i64 },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    let number = || prop::sample::select(&NUMBERS[..]);
    prop_oneof![
        1 => (index(), index(), any::<u8>())
            .prop_map(|(line, at, byte)| Mutation::Byte { line, at, byte }),
        6 => (index(), index(), number())
            .prop_map(|(line, which, number)| Mutation::Number { line, which, number }),
        3 => (index(), 2..80_usize, index(), number())
            .prop_map(|(line, count, which, number)| Mutation::Flood { line, count, which, number }),
        1 => index().prop_map(|line| Mutation::Drop { line }),
        1 => index().prop_map(|line| Mutation::Twice { line }),
        1 => (index(), index()).prop_map(|(one, other)| Mutation::Swap { one, other }),
        1 => (index(), index()).prop_map(|(line, at)| Mutation::Cut { line, at }),
        2 => (index(), prop::sample::select(&HAPPENINGS[..]))
            .prop_map(|(line, what)| Mutation::Happening { line, what }),
        1 => (index(), -9_000..9_000_i64)
            .prop_map(|(line, by_ms)| Mutation::Shift { line, by_ms }),
    ]
}

fn apply(lines: &mut Vec<Vec<u8>>, mutation: &Mutation) {
    if lines.is_empty() {
        return;
    }
    let length = lines.len();
    match mutation {
        Mutation::Byte { line, at, byte } => {
            let line = line.get_mut(lines);
            if !line.is_empty() {
                *at.get_mut(line) = *byte;
            }
        }
        Mutation::Number { line, which, number } => put(line.get_mut(lines), *which, number),
        Mutation::Flood { line, count, which, number } => {
            let from = line.index(length);
            for line in lines.iter_mut().skip(from).take(*count) {
                put(line, *which, number);
            }
        }
        Mutation::Drop { line } => drop(lines.remove(line.index(length))),
        Mutation::Twice { line } => {
            let at = line.index(length);
            lines.insert(at, lines[at].clone());
        }
        Mutation::Swap { one, other } => lines.swap(one.index(length), other.index(length)),
        Mutation::Cut { line, at } => {
            let line = line.get_mut(lines);
            line.truncate(at.index(line.len() + 1));
        }
        Mutation::Happening { line, what } => {
            lines.insert(line.index(length), what.as_bytes().to_vec());
        }
        Mutation::Shift { line, by_ms } => shift(line.get_mut(lines), *by_ms),
    }
}

/// Puts a number in the place of one that stands in quotation marks or behind a separator.
fn put(line: &mut Vec<u8>, which: Index, number: &str) {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let starts: Vec<usize> = (1..line.len())
        .filter(|at| is_part(&line[*at]) && matches!(line[at - 1], b'"' | b':' | b',' | b';'))
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = *which.get(&starts);
    let digits = line[start..].iter().take_while(|byte| is_part(byte)).count();
    line.splice(start..start + digits, number.bytes());
}

fn shift(line: &mut Vec<u8>, by_ms: i64) {
    let text = String::from_utf8_lossy(line).into_owned();
    if let Some((stamp, frame)) = text.split_once(' ')
        && let Ok(stamp) = stamp.parse::<i64>()
    {
        *line = format!("{} {frame}", stamp.saturating_add(by_ms * 1_000_000)).into_bytes();
    }
}

/// The same frames over more time, so that long windows fill.
fn slow_down(lines: &mut [Vec<u8>], factor: i64) {
    let mut first = None;
    for line in lines {
        let text = String::from_utf8_lossy(line).into_owned();
        if let Some((stamp, frame)) = text.split_once(' ')
            && let Ok(stamp) = stamp.parse::<i64>()
        {
            let first = *first.get_or_insert(stamp);
            *line = format!("{} {frame}", first + (stamp - first) * factor).into_bytes();
        }
    }
}

#[test]
fn orders_as_they_are_make_rows_of_their_queues() {
    for format in [Format::Lobster, Format::Mbo] {
        let came = market(&orders::lines(format, 1_200).join(&b'\n'));
        assert!(came.messages > 1_200 && came.rows > 590, "{format:?}: {came:?}");
        assert!(came.values > 20 * came.rows && came.labels > 500, "{format:?}: {came:?}");
    }
}

#[test]
fn frames_as_they_are_make_rows_and_labels() {
    let came = market(&lines(1_200).join(&b'\n'));
    assert_eq!(came.messages, 2 * 1_200 + 1);
    assert!(came.rows > 590 && came.values > 20 * came.rows && came.labels > 500, "{came:?}");
}

proptest! {
    #[test]
    fn frames_to_which_anything_is_done_hurt_nobody(
        slower in prop_oneof![16 => Just(1), 3 => Just(20), 1 => Just(100)],
        mutations in prop::collection::vec(mutation(), 1..24)
    ) {
        let mut lines = lines(300);
        slow_down(&mut lines, slower);
        for mutation in &mutations {
            apply(&mut lines, mutation);
        }
        let came = market(&lines.join(&b'\n'));
        prop_assert!(came.messages > 0, "{came:?}");
    }

    #[test]
    fn orders_to_which_anything_is_done_hurt_nobody(
        format in prop_oneof![Just(Format::Lobster), Just(Format::Mbo)],
        slower in prop_oneof![16 => Just(1), 3 => Just(20), 1 => Just(100)],
        mutations in prop::collection::vec(mutation(), 1..24)
    ) {
        let mut lines = orders::lines(format, 300);
        slow_down(&mut lines[1..], slower);
        for mutation in &mutations {
            apply(&mut lines, mutation);
        }
        market(&lines.join(&b'\n'));
    }

    #[test]
    fn bytes_hurt_nobody(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        market(&bytes);
    }
}
