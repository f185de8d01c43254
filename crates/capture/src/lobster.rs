//! The rows of a LOBSTER session as lines: each message with the book behind it.

use std::io::{self, BufRead, Read, Write};

use fluxo_core::UnixNanos;
use fluxo_market_data::lobster_time;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::LINE_BYTES_MAX;
use crate::made::MakesLines;

/// New York since the rule of 2007, which is older than LOBSTER's data.
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
/// When the session closes, in milliseconds after midnight.
const CLOSE_MS: i64 = 16 * 3_600_000;
/// A file whose last message is earlier than so many milliseconds before the close was cut, whatever its
/// name says.
const SILENCE_MS_MAX: i64 = 5 * 60_000;

/// What the name of a file says: `TICKER_DATE_START_END_message_LEVELS.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionName {
    symbol: String,
    date: Date,
    end_ms: i64,
    levels: u32,
}

/// Which of the two files of a session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Messages,
    Book,
}

impl SessionName {
    /// Reads the name of a file, without its folder; `None` for any other file.
    pub(crate) fn parse(name: &str) -> Option<(Self, Part)> {
        let name = name.rsplit('/').next()?.strip_suffix(".csv")?;
        let mut parts = name.split('_');
        let symbol = parts.next().filter(|symbol| !symbol.is_empty())?.to_owned();
        let date = parts.next()?.parse().ok()?;
        let (_start, end) = (parts.next()?, parts.next()?);
        let part = match parts.next()? {
            "message" => Part::Messages,
            "orderbook" => Part::Book,
            _ => return None,
        };
        let levels = parts.next()?.parse().ok()?;
        let end_ms = end.parse().ok().filter(|end| (0..=CLOSE_MS * 2).contains(end))?;
        parts.next().is_none().then_some((Self { symbol, date, end_ms, levels }, part))
    }

    /// The midnight that its times count from.
    fn midnight(&self) -> Option<UnixNanos> {
        let place = TimeZone::posix(NEW_YORK).ok()?;
        let midnight = self.date.to_zoned(place).ok()?.timestamp().as_nanosecond();
        i64::try_from(midnight).ok().map(UnixNanos::new)
    }
}

/// Reads both files of a session side by side.
pub(crate) struct SessionLines<R> {
    name: SessionName,
    midnight: UnixNanos,
    messages: R,
    book: R,
    row: Vec<u8>,
    levels: Vec<u8>,
    /// The last time that a row said.
    last: UnixNanos,
    has_ended: bool,
}

impl<R: BufRead> SessionLines<R> {
    /// `None` for a date without a place in time.
    pub(crate) fn new(name: SessionName, messages: R, book: R) -> Option<Self> {
        let midnight = name.midnight()?;
        Some(Self {
            name,
            midnight,
            messages,
            book,
            row: Vec::with_capacity(1 << 8),
            levels: Vec::with_capacity(1 << 10),
            last: midnight,
            has_ended: false,
        })
    }

    /// Behind the last row: the session closes, where the file goes on until then.
    fn end(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        let close = self.midnight.get() + CLOSE_MS * 1_000_000;
        let reaches = self.last.get() >= close - SILENCE_MS_MAX * 1_000_000;
        let is_done = std::mem::replace(&mut self.has_ended, true);
        if is_done || !reaches || self.name.end_ms != CLOSE_MS {
            return Ok(());
        }
        let SessionName { symbol, levels, .. } = &self.name;
        writeln!(line, "{:019} lobster {symbol} {levels};close", close.max(self.last.get()))
    }
}

impl<R: BufRead> MakesLines for SessionLines<R> {
    fn make_line(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        read_row(&mut self.messages, &mut self.row)?;
        read_row(&mut self.book, &mut self.levels)?;
        match (self.row.is_empty(), self.levels.is_empty()) {
            (true, true) => return self.end(line),
            (false, false) => {}
            _ => {
                let what = "one of the two files has more rows than the other";
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        // A row whose time is none counts at the one before it; the decoder says what is wrong.
        let seconds = self.row.split(|byte| *byte == b',').next().unwrap_or_default();
        let time = std::str::from_utf8(seconds).ok();
        if let Some(Ok(time)) = time.map(|time| lobster_time(self.midnight, time)) {
            self.last = time;
        }
        let SessionName { symbol, levels, .. } = &self.name;
        write!(line, "{:019} lobster {symbol} {levels};", self.last.get())?;
        line.extend_from_slice(&self.row);
        line.push(b';');
        line.extend_from_slice(&self.levels);
        line.push(b'\n');
        Ok(())
    }
}

/// Reads the next row with content, without its end; nothing at the end of the file.
fn read_row(from: &mut impl BufRead, row: &mut Vec<u8>) -> io::Result<()> {
    loop {
        row.clear();
        let limit = LINE_BYTES_MAX as u64;
        let read = from.by_ref().take(limit).read_until(b'\n', row)?;
        let had = row.len();
        while matches!(row.last(), Some(b'\n' | b'\r')) {
            row.pop();
        }
        if had as u64 == limit && row.len() == had {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row without an end"));
        }
        if read == 0 || !row.is_empty() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::MadeText;

    fn name(text: &str) -> SessionName {
        SessionName::parse(text).unwrap().0
    }

    #[test]
    fn a_name_says_the_session() {
        let parsed = SessionName::parse("x/GOOG_2012-06-21_34200000_57600000_orderbook_10.csv");
        let (name, part) = parsed.unwrap();
        assert_eq!((name.symbol.as_str(), name.levels, part), ("GOOG", 10, Part::Book));
        // Summer time: midnight is at 04:00 UTC; in winter at 05:00.
        assert_eq!(name.midnight(), Some(UnixNanos::new(1_340_251_200_000_000_000)));
        let winter = self::name("A_2013-01-04_1_2_message_1.csv");
        assert_eq!(winter.midnight(), Some(UnixNanos::new(1_357_275_600_000_000_000)));
        for other in ["ReadMe.txt", "A_2012-06-21_1_2_message.csv", "A_x_1_2_message_1.csv"] {
            assert_eq!(SessionName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn both_rows_become_one_line_and_the_session_closes() {
        let name = name("A_2012-06-21_34200000_57600000_message_1.csv");
        let (messages, book) = ("57300.5,1,7,1,10,1\r\nx,2\n", "1,2,3,4\r\n5,6,7,8");
        let maker = SessionLines::new(name.clone(), messages.as_bytes(), book.as_bytes()).unwrap();
        let text = io::read_to_string(MadeText::new(maker)).unwrap();
        let rows = "1340308500500000000 lobster A 1;57300.5,1,7,1,10,1;1,2,3,4\n\
                    1340308500500000000 lobster A 1;x,2;5,6,7,8\n";
        assert_eq!(text, format!("{rows}1340308800000000000 lobster A 1;close\n"));
        let shorter = SessionLines::new(name, messages.as_bytes(), &b"1,2,3,4\n"[..]).unwrap();
        let error = io::read_to_string(MadeText::new(shorter)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_file_that_was_cut_does_not_close() {
        let name = name("A_2012-06-21_34200000_57600000_message_1.csv");
        let cut = |message: &str| {
            let maker = SessionLines::new(name.clone(), message.as_bytes(), &b"1,2,3,4\n"[..]);
            io::read_to_string(MadeText::new(maker.unwrap())).unwrap()
        };
        assert!(cut("57300.000000000,1,7,1,10,1\n").ends_with(";close\n"));
        assert!(cut("57299.999999999,1,7,1,10,1\n").ends_with(";1,2,3,4\n"));
    }
}
