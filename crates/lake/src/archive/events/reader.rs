//! Reads the events file of one part back, message by message.

use std::path::Path;

use bytes::Bytes;
use fluxo_core::{Aggressor, Side, TradeCondition, UnixNanos};
use fluxo_market_data::{
    Body, DepthSnapshot, DepthUpdate, Digits, Message, OrderAction, OrderMessage, RawAggTrade,
    RawLevel, RawMarkPrice, RawTicker, RawTrade,
};
use parquet::data_type::{Int32Type, Int64Type};

use super::{SCHEMA_VERSION, flag, kind, orders};
use crate::archive::layout::Instrument;
use crate::archive::table::{Column, TableReader};
use crate::{Damage, Error};

/// Rows that are decoded together: few enough for their columns to stay in the second-level cache.
const READ_ROWS: usize = 1 << 12;

/// A message and what is known about its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::archive) struct Event<'a> {
    pub(in crate::archive) ts_recv: UnixNanos,
    pub(in crate::archive) line: u64,
    pub(in crate::archive) message: Message<'a>,
}

/// Gives the messages of a part in the order in which they were received.
pub(in crate::archive) struct EventsReader {
    table: TableReader,
    of: Instrument,
    digits: Digits,
    rows_left: u64,
    batch: Batch,
    /// The next row of the batch.
    row: usize,
    levels: Vec<RawLevel>,
}

/// The columns at hand.
struct Batch {
    ts_recv: Column<Int64Type>,
    line: Column<Int64Type>,
    kind: Column<Int32Type>,
    side: Column<Int32Type>,
    flags: Column<Int32Type>,
    price: Column<Int64Type>,
    size: Column<Int64Type>,
    ts_event: Column<Int64Type>,
    ts_sent: Column<Int64Type>,
    trade_id: Column<Int64Type>,
    first_id: Column<Int64Type>,
    last_id: Column<Int64Type>,
    previous_id: Column<Int64Type>,
    next_funding: Column<Int64Type>,
}

impl EventsReader {
    pub(in crate::archive) fn new(
        path: &Path,
        bytes: Bytes,
        of: &Instrument,
    ) -> Result<Self, Error> {
        let table = TableReader::new(path, bytes)?;
        let digits = |key| table.fact(key).and_then(|text| text.parse().ok());
        let digits = digits("fluxo.price_digits").zip(digits("fluxo.size_digits"));
        let known = table.fact("fluxo.schema_version") == Some(SCHEMA_VERSION);
        let Some((price, size)) = digits.filter(|_| known) else {
            return Err(Error::damaged(path, 0, Damage::Undecodable));
        };
        Ok(Self {
            of: of.clone(),
            digits: Digits { price, size },
            rows_left: table.rows(),
            batch: Batch::new(&table)?,
            row: 0,
            levels: Vec::new(),
            table,
        })
    }

    /// How many rows the part has.
    pub(in crate::archive) fn rows(&self) -> u64 {
        self.table.rows()
    }

    /// What the numbers of its messages mean.
    pub(in crate::archive) const fn digits(&self) -> Digits {
        self.digits
    }

    /// The receive time of the next message; `None` behind the last.
    pub(in crate::archive) fn peek(&mut self) -> Result<Option<UnixNanos>, Error> {
        if self.row == self.batch.len() && !self.refill()? {
            return Ok(None);
        }
        Ok(Some(UnixNanos::new(self.batch.ts_recv.values()[self.row])))
    }

    /// The next message, or `None` behind the last.
    pub(in crate::archive) fn next_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        self.levels.clear();
        let last = loop {
            if let Some(last) = self.take_rows() {
                break last;
            }
            if !self.refill()? {
                return Err(self.undecodable());
            }
        };
        let Some(body) = self.batch.body(last, &self.levels) else {
            return Err(self.undecodable());
        };
        let flags = self.batch.flags.values()[last];
        let message = Message {
            market: (flags & flag::HAS_MARKET != 0).then_some(self.of.market),
            symbol: (flags & flag::HAS_SYMBOL != 0).then_some(&self.of.symbol),
            digits: self.digits,
            body,
        };
        Ok(Some(Event {
            ts_recv: UnixNanos::new(self.batch.ts_recv.values()[last]),
            line: self.batch.line.values()[last].cast_unsigned(),
            message,
        }))
    }

    /// Takes rows into the levels up to the end of the message, and returns the row that ends it;
    /// `None` when the batch ends first.
    #[inline]
    fn take_rows(&mut self) -> Option<usize> {
        let batch = &self.batch;
        let flags = &batch.flags.values()[self.row..];
        let last = flags.iter().position(|flags| flags & flag::LAST != 0);
        let rows = self.row..self.row + last.map_or(flags.len(), |last| last + 1);
        self.row = rows.end;
        let prices = &batch.price.values()[rows.clone()];
        let sizes = &batch.size.values()[rows.clone()];
        let sides = &batch.side.values()[rows.clone()];
        let cells = prices.iter().zip(sizes).zip(sides);
        self.levels.extend(cells.map(|((price, size), side)| RawLevel {
            side: if *side < 0 { Side::Ask } else { Side::Bid },
            price: *price,
            size: *size,
        }));
        last.map(|_| rows.end - 1)
    }

    fn refill(&mut self) -> Result<bool, Error> {
        let rows = usize::try_from(self.rows_left).map_or(READ_ROWS, |left| left.min(READ_ROWS));
        self.rows_left -= rows as u64;
        self.row = 0;
        self.batch.read(&self.table, rows)?;
        Ok(rows > 0)
    }

    fn undecodable(&self) -> Error {
        Error::damaged(self.table.path(), 0, Damage::Undecodable)
    }
}

impl Batch {
    fn new(table: &TableReader) -> Result<Self, Error> {
        Ok(Self {
            ts_recv: table.column(0)?,
            line: table.column(1)?,
            kind: table.column(2)?,
            side: table.column(3)?,
            flags: table.column(4)?,
            price: table.column(5)?,
            size: table.column(6)?,
            ts_event: table.column(7)?,
            ts_sent: table.column(8)?,
            trade_id: table.column(9)?,
            first_id: table.column(10)?,
            last_id: table.column(11)?,
            previous_id: table.column(12)?,
            next_funding: table.column(13)?,
        })
    }

    fn len(&self) -> usize {
        self.kind.values().len()
    }

    fn read(&mut self, table: &TableReader, rows: usize) -> Result<(), Error> {
        let numbers = [&mut self.ts_recv, &mut self.line, &mut self.price, &mut self.size];
        for column in numbers {
            column.read(table, rows)?;
        }
        for column in [&mut self.kind, &mut self.side, &mut self.flags] {
            column.read(table, rows)?;
        }
        let nullable = [
            &mut self.ts_event,
            &mut self.ts_sent,
            &mut self.trade_id,
            &mut self.first_id,
            &mut self.last_id,
            &mut self.previous_id,
            &mut self.next_funding,
        ];
        for column in nullable {
            column.read(table, rows)?;
            column.spread();
        }
        Ok(())
    }

    /// The body of the message that ends at `row` and whose rows are `cells`; `None` when they are
    /// not those of any kind.
    fn body<'a>(&self, row: usize, cells: &'a [RawLevel]) -> Option<Body<'a>> {
        let no_level = self.flags.values()[row] & flag::NO_LEVEL != 0;
        let levels = if no_level { &cells[..0] } else { cells };
        Some(match self.kind.values()[row] {
            kind::DEPTH => Body::Depth(DepthUpdate {
                first_id: id(&self.first_id, row)?,
                last_id: id(&self.last_id, row)?,
                previous_id: id(&self.previous_id, row),
                ts_event: moment(&self.ts_event, row),
                ts_sent: moment(&self.ts_sent, row),
                levels,
            }),
            kind::SNAPSHOT => Body::Snapshot(self.book(row, levels)?),
            kind::PARTIAL_DEPTH => Body::PartialDepth(self.book(row, levels)?),
            kind::TRADE => Body::Trade(self.trade(row, cells)?),
            kind::AGG_TRADE => Body::AggTrade(RawAggTrade {
                trade: self.trade(row, cells)?,
                first_trade_id: id(&self.first_id, row)?,
                last_trade_id: id(&self.last_id, row)?,
            }),
            kind::TICKER => Body::Ticker(self.ticker(row, cells)?),
            kind::MARK_PRICE => Body::MarkPrice(self.mark_price(row, cells)?),
            other => Body::Order(self.order(row, orders::action_of(other)?, cells)?),
        })
    }

    fn order<'a>(
        &self,
        row: usize,
        action: OrderAction,
        cells: &'a [RawLevel],
    ) -> Option<OrderMessage<'a>> {
        let codes = (self.flags.values()[row], self.side.values()[row]);
        Some(OrderMessage {
            id: id(&self.trade_id, row)?,
            sequence: id(&self.last_id, row)?,
            ts_event: moment(&self.ts_event, row),
            ..orders::order_of(action, codes, cells)?
        })
    }

    fn book<'a>(&self, row: usize, levels: &'a [RawLevel]) -> Option<DepthSnapshot<'a>> {
        Some(DepthSnapshot {
            last_id: id(&self.last_id, row)?,
            ts_event: moment(&self.ts_event, row),
            ts_sent: moment(&self.ts_sent, row),
            levels,
        })
    }

    fn trade(&self, row: usize, cells: &[RawLevel]) -> Option<RawTrade> {
        let [cell] = cells else { return None };
        let off_market = self.flags.values()[row] & flag::OFF_MARKET != 0;
        Some(RawTrade {
            id: id(&self.trade_id, row)?,
            price: cell.price,
            size: cell.size,
            aggressor: match self.side.values()[row] {
                1 => Aggressor::Buyer,
                -1 => Aggressor::Seller,
                _ => Aggressor::Unknown,
            },
            condition: if off_market { TradeCondition::OffMarket } else { TradeCondition::Market },
            ts_event: moment(&self.ts_event, row),
            ts_sent: moment(&self.ts_sent, row),
        })
    }

    fn ticker(&self, row: usize, cells: &[RawLevel]) -> Option<RawTicker> {
        let [bid, ask] = cells else { return None };
        Some(RawTicker {
            update_id: id(&self.last_id, row)?,
            bid: bid.price,
            bid_size: bid.size,
            ask: ask.price,
            ask_size: ask.size,
            ts_event: moment(&self.ts_event, row),
            ts_sent: moment(&self.ts_sent, row),
        })
    }

    fn mark_price(&self, row: usize, cells: &[RawLevel]) -> Option<RawMarkPrice> {
        let (mark, index) = match cells {
            [mark] => (mark, None),
            [mark, index] => (mark, Some(index.price)),
            _ => return None,
        };
        Some(RawMarkPrice {
            mark: mark.price,
            index,
            next_funding: moment(&self.next_funding, row),
            ts_event: moment(&self.ts_event, row),
        })
    }
}

#[inline]
fn id(column: &Column<Int64Type>, row: usize) -> Option<u64> {
    column.get(row).map(i64::cast_unsigned)
}

#[inline]
fn moment(column: &Column<Int64Type>, row: usize) -> Option<UnixNanos> {
    column.get(row).map(UnixNanos::new)
}
