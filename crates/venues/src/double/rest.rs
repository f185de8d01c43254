//! What the double answers to requests of REST.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fluxo_core::Market;

use super::shared::Shared;
use crate::wire;

type Parameters = Query<BTreeMap<String, String>>;

/// Depth levels that futures may be asked for.
const FUTURES_LIMITS: [usize; 7] = [5, 10, 20, 50, 100, 500, 1000];
const FUTURES_LIMIT_DEFAULT: usize = 500;
const SPOT_LIMIT_MAX: usize = 5000;
const SPOT_LIMIT_DEFAULT: usize = 100;
/// The longest symbol.
const SYMBOL_CHARACTERS_MAX: usize = 20;

/// A request that is refused, as the venue refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    status: StatusCode,
    code: i32,
    message: String,
}

/// The paths of a market.
pub(super) fn routes(market: Market) -> Router<Arc<Shared>> {
    let prefix = match market {
        Market::BinanceSpot => "/api/v3",
        Market::BinanceCoinm => "/dapi/v1",
        Market::BinanceUsdm | Market::B3Futures | Market::Nasdaq | Market::CmeFutures => "/fapi/v1",
    };
    let path = |name: &str| format!("{prefix}/{name}");
    Router::new()
        .route(&path("ping"), get(ping))
        .route(&path("time"), get(time))
        .route(&path("exchangeInfo"), get(exchange_info))
        .route(&path("depth"), get(depth))
}

/// A path that the market does not have.
pub(super) async fn unknown_path(method: Method, uri: Uri) -> Response {
    // A path of a request cannot hold a quote, and is said as it is.
    let message = format!("Path {}, Method {method} is invalid", uri.path());
    Refusal { status: StatusCode::NOT_FOUND, code: -5000, message }.into_response()
}

async fn ping(State(shared): State<Arc<Shared>>) -> Response {
    count(&shared);
    json("{}".to_owned())
}

async fn time(State(shared): State<Arc<Shared>>) -> Response {
    count(&shared);
    let mut text = String::new();
    wire::server_time(&mut text, shared.now());
    json(text)
}

async fn exchange_info(
    State(shared): State<Arc<Shared>>,
    Query(parameters): Parameters,
) -> Response {
    count(&shared);
    // Futures answer with everything, whatever is asked for.
    let asked = parameters.get("symbol").filter(|_| shared.market() == Market::BinanceSpot);
    if let Some(Err(refusal)) = asked.map(|symbol| check_symbol(symbol, &shared)) {
        return refusal.into_response();
    }
    json(shared.book().exchange_info(shared.now()))
}

async fn depth(State(shared): State<Arc<Shared>>, Query(parameters): Parameters) -> Response {
    count(&shared);
    let limit = match check_depth(&parameters, &shared) {
        Ok(limit) => limit,
        Err(refusal) => return refusal.into_response(),
    };
    let snapshot = shared.book().snapshot(limit);
    match snapshot {
        Some(text) => {
            shared.counts.add(|counts| counts.snapshots += 1);
            json(text)
        }
        None => {
            shared.counts.add(|counts| counts.snapshots_refused += 1);
            let refusal = Refusal {
                status: StatusCode::SERVICE_UNAVAILABLE,
                code: -1001,
                message: "Internal error; unable to process your request. Please try again."
                    .to_owned(),
            };
            ([(header::RETRY_AFTER, "1")], refusal).into_response()
        }
    }
}

fn count(shared: &Shared) {
    shared.counts.add(|counts| counts.requests += 1);
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json;charset=UTF-8")], text).into_response()
}

/// How many levels are asked for.
fn check_depth(parameters: &BTreeMap<String, String>, shared: &Shared) -> Result<usize, Refusal> {
    let symbol = parameters.get("symbol").filter(|symbol| !symbol.is_empty());
    let symbol = symbol.ok_or_else(|| {
        Refusal::bad(
            -1102,
            "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
        )
    })?;
    check_symbol(symbol, shared)?;
    check_limit(parameters.get("limit").map(String::as_str), shared.market())
}

fn check_symbol(symbol: &str, shared: &Shared) -> Result<(), Refusal> {
    let is_legal = |byte: u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
    };
    // Not every symbol that the venue lists is legal by its own rule.
    if symbol == shared.config.spec.symbol {
        return Ok(());
    }
    if symbol.len() > SYMBOL_CHARACTERS_MAX || !symbol.bytes().all(is_legal) {
        return Err(Refusal::bad(
            -1100,
            "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.",
        ));
    }
    Err(Refusal::bad(-1121, "Invalid symbol."))
}

fn check_limit(limit: Option<&str>, market: Market) -> Result<usize, Refusal> {
    let is_spot = market == Market::BinanceSpot;
    let Some(limit) = limit else {
        return Ok(if is_spot { SPOT_LIMIT_DEFAULT } else { FUTURES_LIMIT_DEFAULT });
    };
    if limit.is_empty() || !limit.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::bad(
            -1100,
            "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
        ));
    }
    let levels = limit.parse::<usize>().unwrap_or(usize::MAX);
    match (is_spot, levels) {
        (true, 0) => Err(Refusal::bad(-1130, "Data sent for parameter 'limit' is not valid.")),
        (true, levels) => Ok(levels.min(SPOT_LIMIT_MAX)),
        (false, levels) if FUTURES_LIMITS.contains(&levels) => Ok(levels),
        (false, _) => Err(Refusal::bad(-4021, &format!("'{limit}' is not valid depth limit."))),
    }
}

impl Refusal {
    fn bad(code: i32, message: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.to_owned() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut text = String::new();
        wire::refusal(&mut text, self.code, &self.message);
        let kind: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json;charset=UTF-8");
        (self.status, [kind], text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_market_has_its_own_limits() {
        for (limit, spot, futures) in [
            (None, Ok(100), Ok(500)),
            (Some("5"), Ok(5), Ok(5)),
            (Some("7"), Ok(7), Err(-4021)),
            (Some("1000"), Ok(1000), Ok(1000)),
            (Some("5000"), Ok(5000), Err(-4021)),
            (Some("99999999999999999999999"), Ok(5000), Err(-4021)),
            (Some("0"), Err(-1130), Err(-4021)),
            (Some("ten"), Err(-1100), Err(-1100)),
            (Some(""), Err(-1100), Err(-1100)),
            (Some("-5"), Err(-1100), Err(-1100)),
        ] {
            let code = |market| check_limit(limit, market).map_err(|refusal| refusal.code);
            assert_eq!(code(Market::BinanceSpot), spot, "{limit:?}");
            assert_eq!(code(Market::BinanceUsdm), futures, "{limit:?}");
            assert_eq!(code(Market::BinanceCoinm), futures, "{limit:?}");
        }
    }
}
