//! The messages of streams, and the envelope of combined ones.

use fluxo_core::{Aggressor, UnixNanos};
use fluxo_market_data::Level;

use super::decimals::{Scale, push_integer};
use super::{AggregatedIds, BestPrices, DepthIds, Form, Print, Times, Wire};

/// Puts what `data` writes into the envelope of a combined stream.
pub fn combined(out: &mut String, stream: &str, data: impl FnOnce(&mut String)) {
    out.push_str("{\"stream\":\"");
    out.push_str(stream);
    out.push_str("\",\"data\":");
    data(out);
    out.push('}');
}

/// The answer to a subscription that was accepted, or to the end of one.
pub fn subscription_result(out: &mut String, id: u64) {
    out.push_str("{\"result\":null");
    number(out, ",\"id\":", id);
    out.push('}');
}

impl Wire {
    /// `depthUpdate`: the new absolute sizes of levels, zero for a level that is gone.
    pub fn depth_update(
        &self,
        out: &mut String,
        ids: DepthIds,
        times: Times,
        bids: impl IntoIterator<Item = Level>,
        asks: impl IntoIterator<Item = Level>,
    ) {
        self.head(out, "depthUpdate", times);
        if self.form != Form::Spot {
            time(out, ",\"T\":", times.event);
        }
        self.name(out);
        number(out, ",\"U\":", ids.first);
        number(out, ",\"u\":", ids.last);
        if self.form != Form::Spot {
            number(out, ",\"pu\":", ids.previous);
        }
        self.sides(out, [",\"b\":", ",\"a\":"], bids, asks);
        out.push('}');
    }

    /// `trade`: one print.
    pub fn trade(&self, out: &mut String, print: &Print) {
        self.head(out, "trade", print.times);
        if self.form != Form::Spot {
            time(out, ",\"T\":", print.times.event);
        }
        text(out, ",\"s\":", &self.symbol);
        number(out, ",\"t\":", print.id);
        self.amounts(out, print);
        match self.form {
            Form::Spot => time(out, ",\"T\":", print.times.event),
            Form::Usdm | Form::Coinm => out.push_str(",\"X\":\"MARKET\""),
        }
        self.aggressor(out, print.aggressor);
    }

    /// `aggTrade`: prints of one taker order at one price, as one.
    pub fn agg_trade(&self, out: &mut String, print: &Print, trades: AggregatedIds) {
        self.head(out, "aggTrade", print.times);
        text(out, ",\"s\":", &self.symbol);
        number(out, ",\"a\":", print.id);
        self.amounts(out, print);
        number(out, ",\"f\":", trades.first);
        number(out, ",\"l\":", trades.last);
        time(out, ",\"T\":", print.times.event);
        self.aggressor(out, print.aggressor);
    }

    /// `bookTicker`: the best bid and ask.
    pub fn book_ticker(&self, out: &mut String, best: &BestPrices) {
        out.push('{');
        if self.form == Form::Spot {
            number(out, "\"u\":", best.update_id);
        } else {
            out.push_str("\"e\":\"bookTicker\"");
            number(out, ",\"u\":", best.update_id);
        }
        self.name(out);
        let sides = [(best.bid, ",\"b\":\"", ",\"B\":\""), (best.ask, ",\"a\":\"", ",\"A\":\"")];
        for (level, price, size) in sides {
            let (ticks, lots) = level.map_or((0, 0), |l| (l.price.ticks(), l.lots.get()));
            amount(out, price, &self.price, ticks);
            amount(out, size, &self.size, lots);
        }
        if self.form != Form::Spot {
            time(out, ",\"T\":", best.times.event);
            time(out, ",\"E\":", best.times.sent);
        }
        out.push('}');
    }

    /// How every message that names its kind begins.
    fn head(&self, out: &mut String, kind: &str, times: Times) {
        text(out, "{\"e\":", kind);
        time(out, ",\"E\":", times.sent);
    }

    /// The symbol, and the pair where the market tells it.
    fn name(&self, out: &mut String) {
        text(out, ",\"s\":", &self.symbol);
        if self.form == Form::Coinm {
            text(out, ",\"ps\":", self.pair());
        }
    }

    fn amounts(&self, out: &mut String, print: &Print) {
        amount(out, ",\"p\":\"", &self.price, print.price.ticks());
        amount(out, ",\"q\":\"", &self.size, print.lots.get());
    }

    /// Who made, and the end of a print.
    fn aggressor(&self, out: &mut String, aggressor: Aggressor) {
        let buyer_made = aggressor == Aggressor::Seller;
        out.push_str(if buyer_made { ",\"m\":true" } else { ",\"m\":false" });
        out.push_str(if self.form == Form::Spot { ",\"M\":true}" } else { "}" });
    }

    /// Both sides of a book, each behind its key.
    pub(super) fn sides(
        &self,
        out: &mut String,
        keys: [&str; 2],
        bids: impl IntoIterator<Item = Level>,
        asks: impl IntoIterator<Item = Level>,
    ) {
        self.levels(out, keys[0], bids);
        self.levels(out, keys[1], asks);
    }

    fn levels(&self, out: &mut String, key: &str, levels: impl IntoIterator<Item = Level>) {
        out.push_str(key);
        out.push('[');
        for (index, level) in levels.into_iter().enumerate() {
            amount(out, if index == 0 { "[\"" } else { ",[\"" }, &self.price, level.price.ticks());
            amount(out, ",\"", &self.size, level.lots.get());
            out.push(']');
        }
        out.push(']');
    }
}

/// A decimal between quotes; `opening` brings the first of them.
fn amount(out: &mut String, opening: &str, scale: &Scale, count: i64) {
    out.push_str(opening);
    scale.push(out, count);
    out.push('"');
}

/// A key and a text.
pub(super) fn text(out: &mut String, key: &str, value: &str) {
    out.push_str(key);
    out.push('"');
    out.push_str(value);
    out.push('"');
}

/// A key and an integer.
pub(super) fn number(out: &mut String, key: &str, value: u64) {
    out.push_str(key);
    push_integer(out, value);
}

/// A key and a moment, in milliseconds; moments before 1970 are written as its beginning.
pub(super) fn time(out: &mut String, key: &str, moment: UnixNanos) {
    number(out, key, u64::try_from(moment.get() / 1_000_000).unwrap_or_default());
}
