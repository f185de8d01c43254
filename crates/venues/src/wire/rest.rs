//! The answers of REST.

use fluxo_core::UnixNanos;
use fluxo_market_data::Level;

use super::decimals::{Scale, push_integer};
use super::streams::{number, text, time};
use super::{Form, Times, Wire};

/// The smallest value of an order, in the quote currency, that we say. It is data of the venue, and
/// no specification of ours has it.
const NOTIONAL_MIN: &str = "5";
/// The highest price that we say, in ticks, and the largest order, in lots.
const COUNT_MAX: i64 = 1_000_000_000;

impl Wire {
    /// The answer of `depth`: the best levels of a book, best first.
    pub fn depth_snapshot(
        &self,
        out: &mut String,
        last_update_id: u64,
        times: Times,
        bids: impl IntoIterator<Item = Level>,
        asks: impl IntoIterator<Item = Level>,
    ) {
        number(out, "{\"lastUpdateId\":", last_update_id);
        if self.form != Form::Spot {
            time(out, ",\"E\":", times.sent);
            time(out, ",\"T\":", times.event);
        }
        if self.form == Form::Coinm {
            text(out, ",\"symbol\":", &self.symbol);
            text(out, ",\"pair\":", self.pair());
        }
        self.sides(out, [",\"bids\":", ",\"asks\":"], bids, asks);
        out.push('}');
    }

    /// The instrument as an entry of `exchangeInfo`'s `symbols`.
    fn symbol_info(&self, out: &mut String) {
        text(out, "{\"symbol\":", &self.symbol);
        text(out, ",\"baseAsset\":", &self.base);
        text(out, ",\"quoteAsset\":", &self.quote);
        match self.form {
            Form::Spot => out.push_str(
                ",\"status\":\"TRADING\",\"baseAssetPrecision\":8,\"quotePrecision\":8,\"quoteAssetPrecision\":8",
            ),
            Form::Usdm | Form::Coinm => self.contract(out),
        }
        self.filters(out);
        out.push('}');
    }

    /// What futures say and spot does not.
    fn contract(&self, out: &mut String) {
        text(out, ",\"pair\":", self.pair());
        text(out, ",\"marginAsset\":", &self.settle);
        out.push_str(",\"contractType\":\"PERPETUAL\"");
        number(out, ",\"pricePrecision\":", self.price.unit().exponent().into());
        number(out, ",\"quantityPrecision\":", self.size.unit().exponent().into());
        if self.form == Form::Coinm {
            out.push_str(",\"contractStatus\":\"TRADING\",\"contractSize\":");
            out.push_str(&self.contract_size.to_string());
        } else {
            out.push_str(",\"status\":\"TRADING\"");
        }
    }

    fn filters(&self, out: &mut String) {
        out.push_str(",\"filters\":[{\"filterType\":\"PRICE_FILTER\"");
        limits(out, &self.price, ["minPrice", "maxPrice", "tickSize"]);
        for lots in ["LOT_SIZE", "MARKET_LOT_SIZE"] {
            text(out, "},{\"filterType\":", lots);
            limits(out, &self.size, ["minQty", "maxQty", "stepSize"]);
        }
        out.push('}');
        match self.form {
            Form::Usdm => {
                text(out, ",{\"filterType\":\"MIN_NOTIONAL\",\"notional\":", NOTIONAL_MIN);
                out.push('}');
            }
            Form::Spot => {
                text(out, ",{\"filterType\":\"NOTIONAL\",\"minNotional\":", NOTIONAL_MIN);
                out.push_str(",\"applyMinToMarket\":true}");
            }
            // Orders of COIN-M are whole contracts.
            Form::Coinm => {}
        }
        out.push(']');
    }
}

/// The answer of `exchangeInfo`, for instruments of one market.
pub fn exchange_info<'a>(
    out: &mut String,
    now: UnixNanos,
    instruments: impl IntoIterator<Item = &'a Wire>,
) {
    out.push_str("{\"timezone\":\"UTC\"");
    time(out, ",\"serverTime\":", now);
    out.push_str(",\"rateLimits\":[],\"exchangeFilters\":[],\"symbols\":[");
    for (index, wire) in instruments.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        wire.symbol_info(out);
    }
    out.push_str("]}");
}

/// The answer of `time`.
pub fn server_time(out: &mut String, now: UnixNanos) {
    time(out, "{\"serverTime\":", now);
    out.push('}');
}

/// The body of an answer that refuses: `{"code":-1121,"msg":"Invalid symbol."}`. The code of Binance
/// is below zero; the message goes between quotes as it is.
pub fn refusal(out: &mut String, code: i32, message: &str) {
    out.push_str("{\"code\":");
    if code < 0 {
        out.push('-');
    }
    push_integer(out, code.unsigned_abs().into());
    text(out, ",\"msg\":", message);
    out.push('}');
}

/// The smallest, the largest, and the step between two, each under its key.
fn limits(out: &mut String, scale: &Scale, keys: [&str; 3]) {
    for (key, count) in keys.into_iter().zip([1, COUNT_MAX, 1]) {
        out.push_str(",\"");
        out.push_str(key);
        out.push_str("\":\"");
        scale.push(out, count);
        out.push('"');
    }
}
