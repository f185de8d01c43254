//! Messages as rows, column by column.

use fluxo_core::{Aggressor, Side, TradeCondition, UnixNanos};
use fluxo_market_data::{
    Body, DepthSnapshot, Digits, Message, OrderMessage, RawLevel, RawMarkPrice, RawTicker, RawTrade,
};

use super::{flag, kind, orders};

/// What takes a mantissa from `from` digits to `to`; `None` when no 64-bit factor does.
pub(in crate::archive) fn scale_of(from: u8, to: u8) -> Option<i64> {
    10_i64.checked_pow(u32::from(to.checked_sub(from)?))
}

/// Columns of rows that wait to be written. A nullable column holds the values of the rows that
/// have one, and for every row whether it does.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) ts_recv: Vec<i64>,
    pub(super) line: Vec<i64>,
    pub(super) kind: Vec<i32>,
    pub(super) side: Vec<i32>,
    pub(super) flags: Vec<i32>,
    pub(super) price: Vec<i64>,
    pub(super) size: Vec<i64>,
    pub(super) ts_event: Nullable,
    pub(super) ts_sent: Nullable,
    pub(super) trade_id: Nullable,
    pub(super) first_id: Nullable,
    pub(super) last_id: Nullable,
    pub(super) previous_id: Nullable,
    pub(super) next_funding: Nullable,
}

#[derive(Debug, Default)]
pub(super) struct Nullable {
    pub(super) values: Vec<i64>,
    pub(super) present: Vec<i16>,
}

/// What all rows of a message have in common.
#[derive(Clone, Copy, Default)]
struct Common {
    kind: i32,
    flags: i32,
    ts_event: Option<UnixNanos>,
    ts_sent: Option<UnixNanos>,
    trade_id: Option<u64>,
    first_id: Option<u64>,
    last_id: Option<u64>,
    previous_id: Option<u64>,
    next_funding: Option<UnixNanos>,
}

/// What is different from row to row.
#[derive(Clone, Copy)]
struct Cells {
    side: i32,
    flags: i32,
    price: i64,
    size: i64,
}

/// Factors from the digits of a message to the digits of the part.
#[derive(Clone, Copy)]
struct Scale {
    price: i64,
    size: i64,
}

impl Nullable {
    fn push(&mut self, value: Option<i64>) {
        self.present.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn clear(&mut self) {
        self.values.clear();
        self.present.clear();
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.kind.len()
    }

    pub(super) fn clear(&mut self) {
        let Self { ts_recv, line, kind, side, flags, price, size, .. } = self;
        [ts_recv, line, price, size].into_iter().for_each(Vec::clear);
        [kind, side, flags].into_iter().for_each(Vec::clear);
        let Self {
            ts_event, ts_sent, trade_id, first_id, last_id, previous_id, next_funding, ..
        } = self;
        [ts_event, ts_sent, trade_id, first_id, last_id, previous_id, next_funding]
            .into_iter()
            .for_each(Nullable::clear);
    }

    /// Appends the rows of a message, its numbers restated at `digits`.
    ///
    /// # Panics
    /// When a number does not fit at those digits: they are chosen so that all do.
    pub(super) fn push(
        &mut self,
        ts_recv: UnixNanos,
        line: u64,
        message: &Message<'_>,
        digits: Digits,
    ) {
        let start = self.len();
        let scale = Scale {
            price: scale_of(message.digits.price, digits.price).expect("the digits of the part"),
            size: scale_of(message.digits.size, digits.size).expect("the digits of the part"),
        };
        let origin = if message.symbol.is_some() { flag::HAS_SYMBOL } else { 0 }
            | if message.market.is_some() { flag::HAS_MARKET } else { 0 };
        self.push_body(&message.body, origin, scale);
        let rows = self.len() - start;
        self.ts_recv.resize(start + rows, ts_recv.get());
        self.line.resize(start + rows, line.cast_signed());
        if let Some(last) = self.flags[start..].last_mut() {
            *last |= flag::LAST;
        }
    }

    fn push_body(&mut self, body: &Body<'_>, flags: i32, scale: Scale) {
        match body {
            Body::Depth(update) => {
                let common = Common {
                    kind: kind::DEPTH,
                    flags,
                    ts_event: update.ts_event,
                    ts_sent: update.ts_sent,
                    first_id: Some(update.first_id),
                    last_id: Some(update.last_id),
                    previous_id: update.previous_id,
                    ..Common::default()
                };
                self.push_levels(&common, update.levels, scale);
            }
            Body::Snapshot(book) => self.push_book(kind::SNAPSHOT, flags, book, scale),
            Body::PartialDepth(book) => self.push_book(kind::PARTIAL_DEPTH, flags, book, scale),
            Body::Trade(trade) => {
                let common = Common { kind: kind::TRADE, flags, ..Common::default() };
                self.push_trade(common, trade, scale);
            }
            Body::AggTrade(aggregate) => {
                let common = Common {
                    kind: kind::AGG_TRADE,
                    flags,
                    first_id: Some(aggregate.first_trade_id),
                    last_id: Some(aggregate.last_trade_id),
                    ..Common::default()
                };
                self.push_trade(common, &aggregate.trade, scale);
            }
            Body::Ticker(ticker) => self.push_ticker(flags, ticker, scale),
            Body::MarkPrice(mark) => self.push_mark(flags, mark, scale),
            Body::Order(order) => self.push_order(flags, order, scale),
            Body::Other => {}
        }
    }

    fn push_book(&mut self, kind: i32, flags: i32, book: &DepthSnapshot<'_>, scale: Scale) {
        let common = Common {
            kind,
            flags,
            ts_event: book.ts_event,
            ts_sent: book.ts_sent,
            last_id: Some(book.last_id),
            ..Common::default()
        };
        self.push_levels(&common, book.levels, scale);
    }

    fn push_levels(&mut self, common: &Common, levels: &[RawLevel], scale: Scale) {
        for level in levels {
            let side = if level.side == Side::Bid { 1 } else { -1 };
            self.push_row(
                common,
                Cells { side, flags: 0, price: level.price, size: level.size },
                scale,
            );
        }
        if levels.is_empty() {
            self.push_row(
                common,
                Cells { side: 0, flags: flag::NO_LEVEL, price: 0, size: 0 },
                scale,
            );
        }
    }

    fn push_trade(&mut self, common: Common, trade: &RawTrade, scale: Scale) {
        let common = Common {
            ts_event: trade.ts_event,
            ts_sent: trade.ts_sent,
            trade_id: Some(trade.id),
            ..common
        };
        let side = match trade.aggressor {
            Aggressor::Buyer => 1,
            Aggressor::Seller => -1,
            Aggressor::Unknown => 0,
        };
        let flags = match trade.condition {
            TradeCondition::Market => 0,
            TradeCondition::OffMarket => flag::OFF_MARKET,
        };
        self.push_row(&common, Cells { side, flags, price: trade.price, size: trade.size }, scale);
    }

    fn push_ticker(&mut self, flags: i32, ticker: &RawTicker, scale: Scale) {
        let common = Common {
            kind: kind::TICKER,
            flags,
            ts_event: ticker.ts_event,
            ts_sent: ticker.ts_sent,
            last_id: Some(ticker.update_id),
            ..Common::default()
        };
        let sides = [(1, ticker.bid, ticker.bid_size), (-1, ticker.ask, ticker.ask_size)];
        for (side, price, size) in sides {
            self.push_row(&common, Cells { side, flags: 0, price, size }, scale);
        }
    }

    fn push_mark(&mut self, flags: i32, mark: &RawMarkPrice, scale: Scale) {
        let common = Common {
            kind: kind::MARK_PRICE,
            flags,
            ts_event: mark.ts_event,
            next_funding: mark.next_funding,
            ..Common::default()
        };
        let cells = |flags, price| Cells { side: 0, flags, price, size: 0 };
        self.push_row(&common, cells(0, mark.mark), scale);
        if let Some(index) = mark.index {
            self.push_row(&common, cells(flag::INDEX, index), scale);
        }
    }

    /// The order comes last, so that the row which ends the message says what it is.
    fn push_order(&mut self, flags: i32, order: &OrderMessage<'_>, scale: Scale) {
        let shown = Common { kind: kind::SHOWN_LEVEL, flags, ..Common::default() };
        for level in order.shown.unwrap_or_default() {
            let (side, price, size) = (code_of(Some(level.side)), level.price, level.size);
            self.push_row(&shown, Cells { side, flags: 0, price, size }, scale);
        }
        let common = Common {
            kind: orders::kind_of(order.action),
            flags: flags | orders::flags_of(order),
            ts_event: order.ts_event,
            trade_id: Some(order.id),
            last_id: Some(order.sequence),
            ..Common::default()
        };
        let (side, price, size) = (code_of(order.side), order.price, order.size);
        self.push_row(&common, Cells { side, flags: 0, price, size }, scale);
    }

    fn push_row(&mut self, common: &Common, cells: Cells, scale: Scale) {
        self.kind.push(common.kind);
        self.side.push(cells.side);
        self.flags.push(common.flags | cells.flags);
        let restated = |value: i64, factor| value.checked_mul(factor);
        self.price.push(restated(cells.price, scale.price).expect("the digits of the part"));
        self.size.push(restated(cells.size, scale.size).expect("the digits of the part"));
        self.ts_event.push(common.ts_event.map(UnixNanos::get));
        self.ts_sent.push(common.ts_sent.map(UnixNanos::get));
        self.trade_id.push(common.trade_id.map(u64::cast_signed));
        self.first_id.push(common.first_id.map(u64::cast_signed));
        self.last_id.push(common.last_id.map(u64::cast_signed));
        self.previous_id.push(common.previous_id.map(u64::cast_signed));
        self.next_funding.push(common.next_funding.map(UnixNanos::get));
    }
}

const fn code_of(side: Option<Side>) -> i32 {
    match side {
        Some(Side::Bid) => 1,
        Some(Side::Ask) => -1,
        None => 0,
    }
}
