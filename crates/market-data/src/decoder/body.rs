//! From the fields of a frame to what it says.

use fluxo_core::{Aggressor, TradeCondition};

use super::amount::{Amount, Layouts};
use super::field::Field;
use super::fields::Fields;
use super::shape::Shape;
use crate::json::Layout;
use crate::{
    Body, DepthSnapshot, DepthUpdate, Error, RawAggTrade, RawLevel, RawMarkPrice, RawTicker,
    RawTrade,
};

/// Reads the fields of one object for the message that it is. The layouts have the digits that the
/// values need.
pub(super) fn body<'a>(
    shape: Shape,
    fields: &Fields<'_>,
    layouts: &mut Layouts,
    levels: &'a [RawLevel],
) -> Result<Body<'a>, Error> {
    Ok(match shape {
        Shape::Depth => Body::Depth(depth(fields, levels)?),
        Shape::Snapshot => Body::Snapshot(snapshot(fields, levels)?),
        Shape::PartialDepth => Body::PartialDepth(snapshot(fields, levels)?),
        Shape::Trade => {
            let id = fields.trade_id.required("t", fields.end)?;
            Body::Trade(trade(id, fields, layouts)?)
        }
        Shape::AggTrade => Body::AggTrade(aggregate(fields, layouts)?),
        Shape::Ticker => Body::Ticker(ticker(fields, layouts)?),
        Shape::MarkPrice => Body::MarkPrice(mark_price(fields, layouts)?),
        Shape::Other => Body::Other,
    })
}

fn depth<'a>(fields: &Fields<'_>, levels: &'a [RawLevel]) -> Result<DepthUpdate<'a>, Error> {
    let end = fields.end;
    fields.bid.levels.required("b", end)?;
    fields.ask.levels.required("a", end)?;
    let ts_sent = fields.sent.optional("E")?;
    Ok(DepthUpdate {
        first_id: fields.first_id.required("U", end)?,
        last_id: fields.last_id.required("u", end)?,
        previous_id: fields.previous_id.optional("pu")?,
        ts_event: fields.time.optional("T")?.or(ts_sent),
        ts_sent,
        levels,
    })
}

fn snapshot<'a>(fields: &Fields<'_>, levels: &'a [RawLevel]) -> Result<DepthSnapshot<'a>, Error> {
    let end = fields.end;
    fields.bid.levels.required("bids", end)?;
    fields.ask.levels.required("asks", end)?;
    let ts_sent = fields.sent.optional("E")?;
    let last_id = match fields.snapshot_id {
        // Partial depth of futures counts like their increments.
        Field::Absent => fields.last_id.required("u", end)?,
        present => present.required("lastUpdateId", end)?,
    };
    let ts_event = fields.time.optional("T")?.or(ts_sent);
    Ok(DepthSnapshot { last_id, ts_event, ts_sent, levels })
}

fn trade(id: u64, fields: &Fields<'_>, layouts: &mut Layouts) -> Result<RawTrade, Error> {
    let end = fields.end;
    let ts_sent = fields.sent.optional("E")?;
    let buyer_is_maker = fields.buyer_is_maker.required("m", end)?;
    Ok(RawTrade {
        id,
        price: mantissa(fields.price, "p", end, &mut layouts.price)?,
        size: mantissa(fields.size, "q", end, &mut layouts.size)?,
        aggressor: if buyer_is_maker { Aggressor::Seller } else { Aggressor::Buyer },
        condition: fields.condition.optional("X")?.unwrap_or(TradeCondition::Market),
        ts_event: fields.time.optional("T")?.or(ts_sent),
        ts_sent,
    })
}

fn aggregate(fields: &Fields<'_>, layouts: &mut Layouts) -> Result<RawAggTrade, Error> {
    let end = fields.end;
    let id = fields.ask.id.required("a", end)?;
    Ok(RawAggTrade {
        trade: trade(id, fields, layouts)?,
        first_trade_id: fields.first_trade_id.required("f", end)?,
        last_trade_id: fields.last_trade_id.required("l", end)?,
    })
}

fn ticker(fields: &Fields<'_>, layouts: &mut Layouts) -> Result<RawTicker, Error> {
    let end = fields.end;
    let ts_sent = fields.sent.optional("E")?;
    Ok(RawTicker {
        update_id: fields.last_id.required("u", end)?,
        bid: mantissa(fields.bid.price, "b", end, &mut layouts.price)?,
        bid_size: mantissa(fields.bid_size, "B", end, &mut layouts.size)?,
        ask: mantissa(fields.ask.price, "a", end, &mut layouts.price)?,
        ask_size: mantissa(fields.ask_size, "A", end, &mut layouts.size)?,
        ts_event: fields.time.optional("T")?.or(ts_sent),
        ts_sent,
    })
}

fn mark_price(fields: &Fields<'_>, layouts: &mut Layouts) -> Result<RawMarkPrice, Error> {
    let index = match fields.index {
        // Where there is no index, the text is empty.
        Field::Is(Amount::Text { bytes: [], .. }) | Field::Absent => None,
        present => Some(mantissa(present, "i", fields.end, &mut layouts.price)?),
    };
    Ok(RawMarkPrice {
        mark: mantissa(fields.price, "p", fields.end, &mut layouts.price)?,
        index,
        next_funding: fields.time.optional("T")?,
        ts_event: fields.sent.optional("E")?,
    })
}

#[inline]
fn mantissa(
    field: Field<Amount<'_>>,
    name: &'static str,
    end: usize,
    layout: &mut Layout,
) -> Result<i64, Error> {
    field.required(name, end)?.mantissa(layout).map_err(|fault| fault.error(name))
}
