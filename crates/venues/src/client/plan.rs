//! Where each market of Binance says what: connections, streams and REST paths (PROTOCOLS 1, 2).

use std::time::Duration;

use fluxo_core::Market;

/// Where a venue is. Both without a path: `wss://fstream.binance.com`, `https://fapi.binance.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// WebSocket; `ws://` for a double on this machine.
    pub ws: String,
    /// REST; `http://` for a double on this machine.
    pub rest: String,
}

/// A market that this client does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no live connection to {market} is known: there are binance-spot, binance-usdm and binance-coinm"
)]
pub struct UnsupportedMarket {
    /// The market.
    pub market: Market,
}

/// One connection and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPlan {
    /// For logs: `public`.
    pub name: &'static str,
    /// Where to connect.
    pub url: String,
    /// What to subscribe to.
    pub streams: Vec<String>,
    /// Streams whose silence others of the same connection must not hide.
    pub needed: Vec<Needed>,
    /// The longest that it streams without data before it is given up: an address from which a
    /// stream has moved away completes the handshake and then says nothing.
    pub data_silence_max: Duration,
    /// The longest without any sign of life, pings included: over twice the venue's ping period.
    pub traffic_silence_max: Duration,
}

/// A stream that speaks steadily.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// As it is subscribed to.
    pub stream: String,
    /// The longest that it is silent before its connection is given up.
    pub silence_max: Duration,
    /// Whether its silence counts before it ever spoke: a recording that a double plays may have
    /// been made without the mark price, never without depth.
    pub from_the_start: bool,
}

/// The connections of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The market.
    pub market: Market,
    /// The symbol, in capitals.
    pub symbol: String,
    /// The connections: nothing orders what comes on one against what comes on another.
    pub links: Vec<LinkPlan>,
    /// The whole book.
    pub snapshot_url: String,
    /// The shortest span between two snapshots: a quarter of the venue's request weight, of which
    /// others on this address may need the rest.
    pub snapshot_interval_min: Duration,
    /// Specifications.
    pub exchange_info_url: String,
}

impl Endpoints {
    /// The venue itself.
    ///
    /// # Errors
    /// A market that this client does not know.
    pub fn of(market: Market) -> Result<Self, UnsupportedMarket> {
        let (ws, rest) = match market {
            Market::BinanceSpot => ("wss://stream.binance.com:9443", "https://api.binance.com"),
            Market::BinanceUsdm => ("wss://fstream.binance.com", "https://fapi.binance.com"),
            Market::BinanceCoinm => ("wss://dstream.binance.com", "https://dapi.binance.com"),
            Market::B3Futures | Market::Nasdaq | Market::CmeFutures => {
                return Err(UnsupportedMarket { market });
            }
        };
        Ok(Self { ws: ws.to_owned(), rest: rest.to_owned() })
    }
}

/// Depth of a traded pair is never silent for so long.
const DEPTH_SILENCE_MAX: Duration = Duration::from_secs(15);
/// The mark price comes every second.
const MARK_SILENCE_MAX: Duration = Duration::from_secs(15);
const DEPTH: &str = "depth@100ms";
const MARK: &str = "markPrice@1s";
/// Spot pings every 20 s, futures every 3 min.
const SPOT_TRAFFIC_SILENCE_MAX: Duration = Duration::from_secs(60);
const FUTURES_TRAFFIC_SILENCE_MAX: Duration = Duration::from_secs(420);

impl Plan {
    /// What to connect to for one instrument.
    ///
    /// # Errors
    /// A market that this client does not know.
    pub fn new(
        market: Market,
        symbol: &str,
        endpoints: &Endpoints,
    ) -> Result<Self, UnsupportedMarket> {
        let symbol = symbol.to_uppercase();
        let stream = |channel: &str| format!("{}@{channel}", symbol.to_lowercase());
        let ws = endpoints.ws.trim_end_matches('/');
        let rest = endpoints.rest.trim_end_matches('/');
        let steady = [(DEPTH, DEPTH_SILENCE_MAX, true), (MARK, MARK_SILENCE_MAX, false)];
        let link = |name, path: &str, channels: &[&str], data_silence_max| LinkPlan {
            name,
            url: format!("{ws}{path}"),
            streams: channels.iter().map(|channel| stream(channel)).collect(),
            needed: steady
                .iter()
                .filter(|(channel, _, _)| channels.contains(channel))
                .map(|(channel, silence_max, from_the_start)| Needed {
                    stream: stream(channel),
                    silence_max: *silence_max,
                    from_the_start: *from_the_start,
                })
                .collect(),
            data_silence_max,
            traffic_silence_max: match market {
                Market::BinanceSpot => SPOT_TRAFFIC_SILENCE_MAX,
                _ => FUTURES_TRAFFIC_SILENCE_MAX,
            },
        };
        // Depth at the fastest pace that the documents list; bookTicker is a second witness of it.
        let (links, api, limit, weights_per_minute, weight) = match market {
            Market::BinanceSpot => {
                let channels = [DEPTH, "bookTicker", "trade"];
                (
                    vec![link("stream", "/stream", &channels, DEPTH_SILENCE_MAX)],
                    "/api/v3",
                    5_000,
                    6_000,
                    250,
                )
            }
            Market::BinanceUsdm => {
                let public = [DEPTH, "bookTicker"];
                let links = vec![
                    link("public", "/public/stream", &public, DEPTH_SILENCE_MAX),
                    // Where nothing trades, the mark price of every second says that the stream lives.
                    link("market", "/market/stream", &["aggTrade", MARK], MARK_SILENCE_MAX),
                ];
                (links, "/fapi/v1", 1_000, 2_400, 20)
            }
            Market::BinanceCoinm => {
                let channels = [DEPTH, "bookTicker", "aggTrade"];
                (
                    vec![link("stream", "/stream", &channels, DEPTH_SILENCE_MAX)],
                    "/dapi/v1",
                    1_000,
                    2_400,
                    20,
                )
            }
            Market::B3Futures | Market::Nasdaq | Market::CmeFutures => {
                return Err(UnsupportedMarket { market });
            }
        };
        // Spot answers for one symbol; futures have one answer for all.
        let named =
            if market == Market::BinanceSpot { format!("?symbol={symbol}") } else { String::new() };
        Ok(Self {
            market,
            links,
            snapshot_url: format!("{rest}{api}/depth?symbol={symbol}&limit={limit}"),
            snapshot_interval_min: Duration::from_secs(60) * weight / weights_per_minute,
            exchange_info_url: format!("{rest}{api}/exchangeInfo{named}"),
            symbol,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn futures_say_depth_and_trades_on_two_connections() {
        let endpoints = Endpoints::of(Market::BinanceUsdm).unwrap();
        let plan = Plan::new(Market::BinanceUsdm, "btcusdt", &endpoints).unwrap();
        let urls: Vec<&str> = plan.links.iter().map(|link| link.url.as_str()).collect();
        assert_eq!(
            urls,
            ["wss://fstream.binance.com/public/stream", "wss://fstream.binance.com/market/stream"]
        );
        assert_eq!(plan.links[0].streams, ["btcusdt@depth@100ms", "btcusdt@bookTicker"]);
        assert_eq!(plan.links[1].streams, ["btcusdt@aggTrade", "btcusdt@markPrice@1s"]);
        assert_eq!(
            plan.snapshot_url,
            "https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000"
        );
        assert_eq!(plan.snapshot_interval_min, Duration::from_millis(500));
    }

    #[test]
    fn a_base_may_end_with_a_slash_and_be_on_this_machine() {
        let endpoints =
            Endpoints { ws: "ws://127.0.0.1:9/".into(), rest: "http://127.0.0.1:9/".into() };
        let plan = Plan::new(Market::BinanceSpot, "BTCUSDT", &endpoints).unwrap();
        assert_eq!(plan.links[0].url, "ws://127.0.0.1:9/stream");
        assert_eq!(plan.exchange_info_url, "http://127.0.0.1:9/api/v3/exchangeInfo?symbol=BTCUSDT");
        assert_eq!(plan.snapshot_interval_min, Duration::from_millis(2_500));
        assert!(Plan::new(Market::B3Futures, "WDO", &endpoints).is_err());
        assert!(Endpoints::of(Market::B3Futures).is_err());
    }
}
