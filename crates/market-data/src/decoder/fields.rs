//! The fields of one event object that any kind of message uses, read in one pass.
//!
//! The kind of an event may come after its fields, and one name means different things in different
//! events (`a`: asks, a best ask, an identifier). So a field is read by what its name and its first
//! byte say, a mismatch is remembered, and only a kind that needs the field makes it an error.

use fluxo_core::{Side, TradeCondition, UnixNanos};

use super::amount::{Amount, Layouts, read_amount};
use super::field::{
    Fault, Field, Kind, SymbolText, read_boolean, read_condition, read_id, read_kind, read_symbol,
    read_time,
};
use super::levels::{LevelStore, read_levels};
use crate::Error;
use crate::json::Cursor;

/// A field that is a price, an array of levels or an identifier, by kind of event: at most one of
/// them is there, and the others are at fault.
#[derive(Clone, Debug, Default)]
pub(super) struct Quote<'a> {
    pub(super) price: Field<Amount<'a>>,
    /// They are in the store.
    pub(super) levels: Field<()>,
    pub(super) id: Field<u64>,
}

/// The fields of an event object. Where a name occurs twice, the last one wins.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a> {
    /// `e`
    pub(super) kind: Field<Kind>,
    /// `s`, `symbol`
    pub(super) symbol: Field<SymbolText>,
    /// `E`
    pub(super) sent: Field<UnixNanos>,
    /// `T`
    pub(super) time: Field<UnixNanos>,
    /// `U`
    pub(super) first_id: Field<u64>,
    /// `u`
    pub(super) last_id: Field<u64>,
    /// `pu`
    pub(super) previous_id: Field<u64>,
    /// `lastUpdateId`
    pub(super) snapshot_id: Field<u64>,
    /// `t`
    pub(super) trade_id: Field<u64>,
    /// `f`
    pub(super) first_trade_id: Field<u64>,
    /// `l`
    pub(super) last_trade_id: Field<u64>,
    /// `b`, `bids`
    pub(super) bid: Quote<'a>,
    /// `a`, `asks`
    pub(super) ask: Quote<'a>,
    /// `B`
    pub(super) bid_size: Field<Amount<'a>>,
    /// `A`
    pub(super) ask_size: Field<Amount<'a>>,
    /// `p`
    pub(super) price: Field<Amount<'a>>,
    /// `q`
    pub(super) size: Field<Amount<'a>>,
    /// `i`
    pub(super) index: Field<Amount<'a>>,
    /// `m`
    pub(super) buyer_is_maker: Field<bool>,
    /// `X`
    pub(super) condition: Field<TradeCondition>,
    /// `st`
    pub(super) market_type: Field<u64>,
    /// Whether `M` is there.
    pub(super) has_spot_flag: bool,
    /// `ps`, `pair`
    pub(super) pair: Field<SymbolText>,
    /// Where the object ends.
    pub(super) end: usize,
}

/// Where the values of fields go that are too large for a field.
#[derive(Debug)]
pub(super) struct Stores<'b> {
    pub(super) layouts: &'b mut Layouts,
    pub(super) levels: &'b mut LevelStore,
}

impl<'a> Fields<'a> {
    /// Reads the value of a field named by one letter.
    #[inline]
    pub(super) fn read_letter(
        &mut self,
        letter: u8,
        cursor: &mut Cursor<'a>,
        stores: &mut Stores<'_>,
    ) -> Result<(), Error> {
        match letter {
            b'e' => read_kind(cursor, &mut self.kind)?,
            b's' => read_symbol(cursor, &mut self.symbol)?,
            b'E' => read_time(cursor, &mut self.sent)?,
            b'T' => read_time(cursor, &mut self.time)?,
            b'U' => read_id(cursor, &mut self.first_id)?,
            b'u' => read_id(cursor, &mut self.last_id)?,
            b't' => read_id(cursor, &mut self.trade_id)?,
            b'f' => read_id(cursor, &mut self.first_trade_id)?,
            b'l' => read_id(cursor, &mut self.last_trade_id)?,
            b'b' => read_quote(cursor, Side::Bid, stores, &mut self.bid)?,
            b'a' => read_quote(cursor, Side::Ask, stores, &mut self.ask)?,
            b'B' => read_amount(cursor, &stores.layouts.size, &mut self.bid_size)?,
            b'A' => read_amount(cursor, &stores.layouts.size, &mut self.ask_size)?,
            b'p' => read_amount(cursor, &stores.layouts.price, &mut self.price)?,
            b'q' => read_amount(cursor, &stores.layouts.size, &mut self.size)?,
            b'i' => read_amount(cursor, &stores.layouts.price, &mut self.index)?,
            b'm' => read_boolean(cursor, &mut self.buyer_is_maker)?,
            b'X' => read_condition(cursor, &mut self.condition)?,
            b'M' => {
                self.has_spot_flag = true;
                cursor.skip_value()?;
            }
            _ => cursor.skip_value()?,
        }
        Ok(())
    }

    /// Reads the value of a field named by a longer word.
    pub(super) fn read_word(
        &mut self,
        word: &[u8],
        cursor: &mut Cursor<'a>,
        stores: &mut Stores<'_>,
    ) -> Result<(), Error> {
        match word {
            [letter] => self.read_letter(*letter, cursor, stores)?,
            b"pu" => read_id(cursor, &mut self.previous_id)?,
            b"st" => read_id(cursor, &mut self.market_type)?,
            b"ps" | b"pair" => read_symbol(cursor, &mut self.pair)?,
            b"symbol" => read_symbol(cursor, &mut self.symbol)?,
            b"lastUpdateId" => read_id(cursor, &mut self.snapshot_id)?,
            b"bids" => read_quote(cursor, Side::Bid, stores, &mut self.bid)?,
            b"asks" => read_quote(cursor, Side::Ask, stores, &mut self.ask)?,
            _ => cursor.skip_value()?,
        }
        Ok(())
    }
}

#[inline]
fn read_quote<'a>(
    cursor: &mut Cursor<'a>,
    side: Side,
    stores: &mut Stores<'_>,
    quote: &mut Quote<'a>,
) -> Result<(), Error> {
    if !quote.levels.is_absent() {
        stores.levels.forget(side);
    }
    let byte = cursor.peek();
    let other = Fault::invalid(cursor.at());
    (quote.price, quote.levels, quote.id) =
        (Field::Fault(other), Field::Fault(other), Field::Fault(other));
    match byte {
        Some(b'"') => read_amount(cursor, &stores.layouts.price, &mut quote.price),
        Some(b'[') => {
            let fault = read_levels(cursor, side, stores.layouts, stores.levels)?;
            quote.levels = fault.map_or(Field::Is(()), Field::Fault);
            Ok(())
        }
        Some(b'0'..=b'9') => read_id(cursor, &mut quote.id),
        _ => cursor.skip_value(),
    }
}
