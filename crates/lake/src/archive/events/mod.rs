//! The decoded messages of a part as a flat table: one row per level, print, side of a ticker.
//!
//! The rows hold everything that a [`Message`](fluxo_market_data::Message) holds, so that reading
//! them back gives the messages that decoding the raw frames gives, in the same order, at the
//! digits of the part. Messages of kinds that nothing uses have no row.

mod orders;
mod reader;
mod rows;
mod writer;

pub(super) use reader::EventsReader;
pub(super) use rows::scale_of;
pub(super) use writer::EventsWriter;

/// The columns, in the order of [`rows::Rows`]. Units and codes are explained in docs/LAKE.md.
const SCHEMA: &str = "message events {
    REQUIRED INT64 ts_recv (TIMESTAMP(NANOS, true));
    REQUIRED INT64 line (INTEGER(64, false));
    REQUIRED INT32 kind (INTEGER(8, true));
    REQUIRED INT32 side (INTEGER(8, true));
    REQUIRED INT32 flags (INTEGER(16, false));
    REQUIRED INT64 price (INTEGER(64, true));
    REQUIRED INT64 size (INTEGER(64, true));
    OPTIONAL INT64 ts_event (TIMESTAMP(NANOS, true));
    OPTIONAL INT64 ts_sent (TIMESTAMP(NANOS, true));
    OPTIONAL INT64 trade_id (INTEGER(64, false));
    OPTIONAL INT64 first_id (INTEGER(64, false));
    OPTIONAL INT64 last_id (INTEGER(64, false));
    OPTIONAL INT64 previous_id (INTEGER(64, false));
    OPTIONAL INT64 next_funding (TIMESTAMP(NANOS, true));
}";

const DELTAS: [&str; 9] = [
    "ts_recv",
    "line",
    "ts_event",
    "ts_sent",
    "trade_id",
    "first_id",
    "last_id",
    "previous_id",
    "next_funding",
];

const SCHEMA_VERSION: &str = "1";

const KINDS: &str = "1=depth 2=snapshot 3=partial_depth 4=trade 5=agg_trade 6=ticker 7=mark_price \
                     8=shown_level 9=order_add 10=order_cancel 11=order_execute \
                     12=order_execute_hidden 13=cross 14=order_modify 15=clear 16=print 17=fill \
                     18=note 19=continuous 20=auction 21=halt 22=closed";
const SIDES: &str = "1=bid or buyer -1=ask or seller 0=none or unknown";
const FLAGS: &str = "1=last row of its message 2=the message names its symbol \
                     4=the message tells its market 8=off-market print 16=index price \
                     32=the message has no level 64=ends an event 128=of a snapshot \
                     256=after a loss";

/// What a row is about.
mod kind {
    pub(super) const DEPTH: i32 = 1;
    pub(super) const SNAPSHOT: i32 = 2;
    pub(super) const PARTIAL_DEPTH: i32 = 3;
    pub(super) const TRADE: i32 = 4;
    pub(super) const AGG_TRADE: i32 = 5;
    pub(super) const TICKER: i32 = 6;
    pub(super) const MARK_PRICE: i32 = 7;
    pub(super) const SHOWN_LEVEL: i32 = 8;
}

/// What else is to be said of a row, as bits.
mod flag {
    pub(super) const LAST: i32 = 1;
    pub(super) const HAS_SYMBOL: i32 = 2;
    pub(super) const HAS_MARKET: i32 = 4;
    pub(super) const OFF_MARKET: i32 = 8;
    pub(super) const INDEX: i32 = 16;
    pub(super) const NO_LEVEL: i32 = 32;
    pub(super) const ENDS_EVENT: i32 = 64;
    pub(super) const OF_SNAPSHOT: i32 = 128;
    pub(super) const AFTER_LOSS: i32 = 256;
}

#[cfg(test)]
mod tests;
