//! The lines of order-by-order recordings, as `fluxo-capture` reads them out of their files.
//!
//! `lobster SYMBOL LEVELS;MESSAGE;BOOK` holds a row of LOBSTER's message file and the row of its book
//! file beside it, as they stand; `lobster SYMBOL LEVELS;close` ends a session.
//! `mbo SYMBOL DATASET;FIELDS` holds the fields of a market-by-order record of DBN, as decimals:
//! `ts_event,order_id,price,size,flags,channel_id,action,side,ts_in_delta,sequence,publisher_id,instrument_id`.

use fluxo_core::{Market, Phase, Side, UnixNanos};

use crate::{Body, Digits, Error, Message, OrderAction, OrderMessage, RawLevel};

/// Dollars in steps of a hundredth of a cent, and shares.
const LOBSTER_DIGITS: Digits = Digits { price: 4, size: 0 };
/// A level that is not there has a price beyond every other.
const LOBSTER_NO_PRICE: u64 = 9_999_999_999;
const LOBSTER_LEVELS_MAX: usize = 1_000;
const MBO_DIGITS: Digits = Digits { price: 9, size: 0 };

/// Bits of a record's flags.
const FLAG_LAST: u64 = 1 << 7;
const FLAG_SNAPSHOT: u64 = 1 << 5;
const FLAG_LOST: u64 = 1 << 2;

const DAY_SECONDS: i64 = 86_400;
const NANO_DIGITS: usize = 9;

/// Which recording a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    Lobster,
    Mbo,
}

/// What kind of line it is; `None` for a frame of JSON.
#[inline]
pub(super) fn kind(payload: &[u8]) -> Option<LineKind> {
    match payload.first()? {
        b'l' if payload.starts_with(b"lobster ") => Some(LineKind::Lobster),
        b'm' if payload.starts_with(b"mbo ") => Some(LineKind::Mbo),
        _ => None,
    }
}

pub(super) fn decode<'a>(
    kind: LineKind,
    text: &'a str,
    shown: &'a mut Vec<RawLevel>,
) -> Result<Message<'a>, Error> {
    let mut fields = Fields { text, at: 0 };
    fields.take("line", b' ')?;
    let symbol = fields.take("symbol", b' ')?;
    let origin = fields.take("origin", b';')?;
    shown.clear();
    let (market, digits, body) = match kind {
        LineKind::Lobster => {
            let levels = origin.number().ok_or_else(|| origin.bad())?;
            let body = lobster(&mut fields, levels, shown)?;
            (
                Some(Market::Nasdaq),
                LOBSTER_DIGITS,
                OrderMessage { shown: body.shown.map(|_| &shown[..]), ..body },
            )
        }
        LineKind::Mbo => (market_of(origin.text), MBO_DIGITS, mbo(&mut fields)?),
    };
    Ok(Message { market, symbol: Some(symbol.text), digits, body: Body::Order(body) })
}

/// When a message of LOBSTER happened: its seconds after the midnight that is given, in UTC, of the
/// day and the place of the recording. Exact: it has up to nine digits behind the point.
///
/// # Errors
/// [`Error::BadField`] for what is no such time; its offset counts from the start of `seconds`.
pub fn lobster_time(midnight: UnixNanos, seconds: &str) -> Result<UnixNanos, Error> {
    let bad = Error::BadField { field: "time", at: 0 };
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > NANO_DIGITS || !is_number(whole) || !is_number(part) {
        return Err(bad);
    }
    let whole: i64 = whole.parse().map_err(|_| bad)?;
    let part = nanos(part);
    // A day is at most an hour longer than others.
    if whole > DAY_SECONDS + 3_600 {
        return Err(bad);
    }
    let since = whole * 1_000_000_000 + part;
    midnight.get().checked_add(since).map(UnixNanos::new).ok_or(bad)
}

/// Up to nine digits behind a point, in nanoseconds.
fn nanos(digits: &str) -> i64 {
    let padded = digits.bytes().chain(std::iter::repeat(b'0')).take(NANO_DIGITS);
    padded.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

/// The message of a pair of rows, but for the levels, which are left in `shown`.
fn lobster(
    fields: &mut Fields<'_>,
    levels: u64,
    shown: &mut Vec<RawLevel>,
) -> Result<OrderMessage<'static>, Error> {
    let time = fields.take("time", b',').or_else(|_| fields.rest("time"))?;
    if time.text == "close" {
        return Ok(of_phase(Phase::Closed));
    }
    lobster_time(UnixNanos::new(0), time.text).map_err(|_| time.bad())?;
    let (kind, id) = (fields.take("type", b',')?, fields.take("order_id", b',')?);
    let (size, price) = (fields.take("size", b',')?, fields.take("price", b',')?);
    let direction = fields.take("direction", b';')?;
    let action = match kind.text {
        "1" => OrderAction::Add,
        "2" | "3" => OrderAction::Cancel,
        "4" => OrderAction::Execute,
        "5" => OrderAction::ExecuteHidden,
        "6" => OrderAction::Cross,
        "7" => OrderAction::Phase(phase(price)?),
        _ => return Err(kind.bad()),
    };
    book(fields, levels, shown)?;
    if let OrderAction::Phase(phase) = action {
        return Ok(of_phase(phase));
    }
    Ok(OrderMessage {
        action,
        id: id.number().ok_or_else(|| id.bad())?,
        side: match direction.text {
            _ if action == OrderAction::Cross => None,
            "1" => Some(Side::Bid),
            "-1" => Some(Side::Ask),
            _ => return Err(direction.bad()),
        },
        price: price.positive()?,
        size: size.positive()?,
        sequence: 0,
        ends_event: true,
        of_snapshot: false,
        after_loss: false,
        ts_event: None,
        shown: Some(&[]),
    })
}

/// The price of a halt message says which one it is.
fn phase(price: Field<'_>) -> Result<Phase, Error> {
    match price.text {
        "-1" => Ok(Phase::Halt),
        "0" => Ok(Phase::Auction),
        "1" => Ok(Phase::Continuous),
        _ => Err(price.bad()),
    }
}

const fn of_phase(phase: Phase) -> OrderMessage<'static> {
    OrderMessage {
        action: OrderAction::Phase(phase),
        id: 0,
        side: None,
        price: 0,
        size: 0,
        sequence: 0,
        ends_event: true,
        of_snapshot: false,
        after_loss: false,
        ts_event: None,
        shown: None,
    }
}

/// A row of the book: ask price, ask size, bid price, bid size of each level.
fn book(fields: &mut Fields<'_>, levels: u64, shown: &mut Vec<RawLevel>) -> Result<(), Error> {
    let levels = usize::try_from(levels).ok().filter(|levels| *levels <= LOBSTER_LEVELS_MAX);
    let levels = levels.ok_or(Error::BadField { field: "levels", at: fields.at })?;
    for level in 0..levels {
        for side in [Side::Ask, Side::Bid] {
            let price = fields.take("book price", b',')?;
            let is_last = level + 1 == levels && side == Side::Bid;
            let size =
                if is_last { fields.rest("book size")? } else { fields.take("book size", b',')? };
            let (ticks, lots) = (price.signed()?, size.signed()?);
            if lots == 0 && ticks.unsigned_abs() == LOBSTER_NO_PRICE {
                continue;
            }
            if lots <= 0 {
                return Err(size.bad());
            }
            if ticks <= 0 {
                return Err(price.bad());
            }
            shown.push(RawLevel { side, price: ticks, size: lots });
        }
    }
    shown.sort_unstable_by_key(|level| (level.side, -level.side.sign() * level.price));
    Ok(())
}

fn mbo(fields: &mut Fields<'_>) -> Result<OrderMessage<'static>, Error> {
    let (ts_event, id) = (fields.take("ts_event", b',')?, fields.take("order_id", b',')?);
    let (price, size) = (fields.take("price", b',')?, fields.take("size", b',')?);
    let (flags, _channel) = (fields.take("flags", b',')?, fields.take("channel_id", b',')?);
    let (kind, side) = (fields.take("action", b',')?, fields.take("side", b',')?);
    let (_delta, sequence) = (fields.take("ts_in_delta", b',')?, fields.take("sequence", b',')?);
    let action = match kind.text {
        "A" => OrderAction::Add,
        "C" => OrderAction::Cancel,
        "M" => OrderAction::Modify,
        "R" => OrderAction::Clear,
        "T" => OrderAction::Print,
        "F" => OrderAction::Fill,
        "N" => OrderAction::Note,
        _ => return Err(kind.bad()),
    };
    let rests = matches!(action, OrderAction::Add | OrderAction::Cancel | OrderAction::Modify);
    let has_price = rests || matches!(action, OrderAction::Print | OrderAction::Fill);
    let side = match side.text {
        "B" => Some(Side::Bid),
        "A" => Some(Side::Ask),
        "N" if !rests => None,
        _ => return Err(side.bad()),
    };
    let flags = flags.number().ok_or_else(|| flags.bad())?;
    let ts_event = i64::try_from(ts_event.number().ok_or_else(|| ts_event.bad())?).ok();
    Ok(OrderMessage {
        action,
        id: id.number().ok_or_else(|| id.bad())?,
        side,
        // A future can trade below zero; what has no price has the largest one there is.
        price: if has_price { price.within()? } else { 0 },
        size: if has_price { size.positive()? } else { 0 },
        sequence: sequence.number().ok_or_else(|| sequence.bad())?,
        ends_event: flags & FLAG_LAST != 0,
        of_snapshot: flags & FLAG_SNAPSHOT != 0,
        after_loss: flags & FLAG_LOST != 0,
        ts_event: ts_event.map(UnixNanos::new),
        shown: None,
    })
}

/// The market of a dataset of Databento.
fn market_of(dataset: &str) -> Option<Market> {
    match dataset {
        "GLBX.MDP3" => Some(Market::CmeFutures),
        "XNAS.ITCH" => Some(Market::Nasdaq),
        _ => None,
    }
}

/// The fields of a line, one after the other.
struct Fields<'a> {
    text: &'a str,
    at: usize,
}

#[derive(Clone, Copy)]
struct Field<'a> {
    name: &'static str,
    text: &'a str,
    at: usize,
}

impl<'a> Fields<'a> {
    /// The field up to `end`, which is passed over.
    fn take(&mut self, name: &'static str, end: u8) -> Result<Field<'a>, Error> {
        let rest = &self.text[self.at..];
        let length = memchr::memchr(end, rest.as_bytes())
            .ok_or(Error::MissingField { field: name, at: self.text.len() })?;
        let field = Field { name, text: &rest[..length], at: self.at };
        self.at += length + 1;
        Ok(field)
    }

    /// What is left of the line.
    fn rest(&mut self, name: &'static str) -> Result<Field<'a>, Error> {
        let field = Field { name, text: &self.text[self.at..], at: self.at };
        self.at = self.text.len();
        if field.text.is_empty() {
            return Err(Error::MissingField { field: name, at: field.at });
        }
        Ok(field)
    }
}

impl Field<'_> {
    const fn bad(&self) -> Error {
        Error::BadField { field: self.name, at: self.at }
    }

    fn number(&self) -> Option<u64> {
        let digits = self.text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { self.text.parse().ok() } else { None }
    }

    fn signed(&self) -> Result<i64, Error> {
        self.text.parse().map_err(|_| self.bad())
    }

    fn positive(&self) -> Result<i64, Error> {
        self.signed().ok().filter(|value| *value > 0).ok_or_else(|| self.bad())
    }

    /// A value that is not the one which stands for none.
    fn within(&self) -> Result<i64, Error> {
        self.signed().ok().filter(|value| *value != i64::MAX).ok_or_else(|| self.bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decoder;

    fn order(line: &str) -> Result<String, Error> {
        let mut decoder = Decoder::new();
        let message = decoder.decode(line.as_bytes())?;
        let Body::Order(order) = message.body else { panic!("{line} is no order") };
        let side = order.side.map_or(0, Side::sign);
        let levels: Vec<String> = order
            .shown
            .unwrap_or_default()
            .iter()
            .map(|level| format!("{}:{}x{}", level.side.sign(), level.price, level.size))
            .collect();
        Ok(format!(
            "{:?} {} {:?} {} {side} {}x{} {}",
            message.market.map(Market::name),
            message.symbol.unwrap_or_default(),
            order.action,
            order.id,
            order.price,
            order.size,
            levels.join(" ")
        ))
    }

    #[test]
    fn a_pair_of_rows_is_an_order_and_the_levels_behind_it() {
        let line = "lobster GOOG 2;34200.015105074,4,15818974,4,5794000,1;\
                    5802300,100,5794000,496,9999999999,0,5787000,400";
        let expected = "Some(\"nasdaq\") GOOG Execute 15818974 1 5794000x4 \
                        1:5794000x496 1:5787000x400 -1:5802300x100";
        assert_eq!(order(line).as_deref(), Ok(expected));
        let halt = "lobster GOOG 1;34200,7,0,0,-1,-1;1,1,-9999999999,0";
        assert!(order(halt).unwrap().contains("Phase(Halt)"));
        assert!(order("lobster GOOG 1;close").unwrap().contains("Phase(Closed)"));
    }

    #[test]
    fn a_record_is_an_order() {
        let line = "mbo ESH4 GLBX.MDP3;1703545200000000000,6412777265263,4800250000000,1,130,0,C,A,9,6000,1,17077";
        let expected = "Some(\"cme-futures\") ESH4 Cancel 6412777265263 -1 4800250000000x1 ";
        assert_eq!(order(line).as_deref(), Ok(expected));
        let cleared = "mbo ESH4 GLBX.MDP3;1,0,9223372036854775807,0,40,0,R,N,0,0,1,5602";
        assert!(order(cleared).unwrap().contains("Clear 0 0 0x0"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let bad = |line: &str| order(line).unwrap_err();
        let field = |field, at| Error::BadField { field, at };
        let head = "lobster GOOG 1;";
        let message = "34200.5,1,7,10,5794000,1";
        let book = "5802300,100,5794000,496";
        assert!(order(&format!("{head}{message};{book}")).is_ok());
        assert_eq!(bad(&format!("{head}x,1,7,10,5794000,1;{book}")), field("time", 15));
        assert_eq!(bad(&format!("{head}1,9,7,10,5794000,1;{book}")), field("type", 17));
        assert_eq!(bad(&format!("{head}1,1,7,0,5794000,1;{book}")), field("size", 21));
        assert_eq!(bad(&format!("{head}1,1,7,1,5794000,2;{book}")), field("direction", 31));
        assert_eq!(bad(&format!("{head}{message};5802300,100,5794000,-1")), field("book size", 60));
        let missing = |field, at| Error::MissingField { field, at };
        assert_eq!(bad(&format!("{head}{message};5802300,100")), missing("book size", 51));
        assert_eq!(bad(&format!("{head}{message};5802300,100,")), missing("book price", 52));
        assert_eq!(bad("mbo X Y;1,2,3,4,5,6,Z,A,0,0,1,1"), field("action", 20));
        assert_eq!(bad("mbo X Y;1,2,3,4,5,6,A,N,0,0,1,1"), field("side", 22));
    }

    #[test]
    fn a_time_is_exact() {
        let time = |text: &str| lobster_time(UnixNanos::new(7), text).map(UnixNanos::get);
        assert_eq!(time("34200.015105074"), Ok(34_200_015_105_081));
        assert_eq!(time("34200.05990197"), Ok(34_200_059_901_977));
        assert_eq!(time("0"), Ok(7));
        for text in ["", ".5", "-1", "1.0000000001", "1e3", "99999999999999999999", "100000"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
