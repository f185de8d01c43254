//! A message at other digits: the same values as other integers.

use fluxo_market_data::{
    Body, DepthSnapshot, DepthUpdate, Digits, Message, OrderMessage, RawAggTrade, RawLevel,
    RawMarkPrice, RawTicker, RawTrade,
};

use super::events::scale_of;

/// Restates a message at `digits`, with its levels in `levels`; `None` when a number does not fit
/// there.
pub(super) fn restate<'a>(
    message: &Message<'a>,
    digits: Digits,
    levels: &'a mut Vec<RawLevel>,
) -> Option<Message<'a>> {
    let scale = Scale {
        price: scale_of(message.digits.price, digits.price)?,
        size: scale_of(message.digits.size, digits.size)?,
    };
    let body = scale.body(&message.body, levels)?;
    Some(Message { digits, body, ..*message })
}

#[derive(Clone, Copy)]
struct Scale {
    price: i64,
    size: i64,
}

impl Scale {
    fn body<'a>(self, body: &Body<'a>, levels: &'a mut Vec<RawLevel>) -> Option<Body<'a>> {
        Some(match body {
            Body::Depth(update) => {
                Body::Depth(DepthUpdate { levels: self.levels(update.levels, levels)?, ..*update })
            }
            Body::Snapshot(book) => Body::Snapshot(self.book(book, levels)?),
            Body::PartialDepth(book) => Body::PartialDepth(self.book(book, levels)?),
            Body::Trade(trade) => Body::Trade(self.trade(trade)?),
            Body::AggTrade(aggregate) => {
                Body::AggTrade(RawAggTrade { trade: self.trade(&aggregate.trade)?, ..*aggregate })
            }
            Body::Ticker(ticker) => Body::Ticker(RawTicker {
                bid: self.price(ticker.bid)?,
                bid_size: self.size(ticker.bid_size)?,
                ask: self.price(ticker.ask)?,
                ask_size: self.size(ticker.ask_size)?,
                ..*ticker
            }),
            Body::MarkPrice(mark) => Body::MarkPrice(RawMarkPrice {
                mark: self.price(mark.mark)?,
                index: match mark.index {
                    Some(index) => Some(self.price(index)?),
                    None => None,
                },
                ..*mark
            }),
            Body::Order(order) => Body::Order(OrderMessage {
                price: self.price(order.price)?,
                size: self.size(order.size)?,
                shown: match order.shown {
                    Some(shown) => Some(self.levels(shown, levels)?),
                    None => None,
                },
                ..*order
            }),
            Body::Other => Body::Other,
        })
    }

    fn levels<'a>(self, from: &[RawLevel], to: &'a mut Vec<RawLevel>) -> Option<&'a [RawLevel]> {
        to.clear();
        for level in from {
            let (price, size) = (self.price(level.price)?, self.size(level.size)?);
            to.push(RawLevel { price, size, ..*level });
        }
        Some(to)
    }

    fn book<'a>(
        self,
        book: &DepthSnapshot<'_>,
        levels: &'a mut Vec<RawLevel>,
    ) -> Option<DepthSnapshot<'a>> {
        Some(DepthSnapshot { levels: self.levels(book.levels, levels)?, ..*book })
    }

    fn trade(self, trade: &RawTrade) -> Option<RawTrade> {
        let (price, size) = (self.price(trade.price)?, self.size(trade.size)?);
        Some(RawTrade { price, size, ..*trade })
    }

    fn price(self, value: i64) -> Option<i64> {
        value.checked_mul(self.price)
    }

    fn size(self, value: i64) -> Option<i64> {
        value.checked_mul(self.size)
    }
}
