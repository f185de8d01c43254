//! The listening side: the sockets' paths, the headers by which a client learns the market's time,
//! and an end at which everybody has been told.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State, WebSocketUpgrade};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use fluxo_core::Market;
use serde::Deserialize;

use super::clock::wall_now;
use super::connection;
use super::rest;
use super::shared::Shared;
use super::stream_name::Endpoint;
use super::subscriptions::Subscriptions;

/// How many times faster than the wall the market's clock runs.
const SPEED: HeaderName = HeaderName::from_static("x-fluxo-speed");
/// The market's time, in nanoseconds since 1970.
const TIME: HeaderName = HeaderName::from_static("x-fluxo-time");
/// Whether it runs, or stands until somebody listens.
const CLOCK: HeaderName = HeaderName::from_static("x-fluxo-clock");

/// The longest message of a client.
const MESSAGE_BYTES_MAX: usize = 64 << 10;
/// How long nothing may move at the end before who is still there is cut.
const STUCK: Duration = Duration::from_secs(2);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What `/stream` is asked for.
#[derive(Debug, Deserialize)]
struct Streams {
    #[serde(default)]
    streams: String,
}

/// Serves until the player has ended and everybody was told.
pub(super) fn serve(listener: TcpListener, shared: &Arc<Shared>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let ended = Arc::clone(shared);
        // A frame goes out when it is due, not when there is enough for a packet.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("a socket keeps its delay: {error}");
            }
        });
        let graceful = axum::serve(listener, router(shared))
            .with_graceful_shutdown(async move { ended.ended().await });
        tokio::select! {
            result = graceful => result?,
            // Somebody may keep a request half said.
            () = async { shared.ended().await; tokio::time::sleep(STUCK).await } => {}
        }
        drain(shared).await;
        Ok(())
    });
    runtime.shutdown_background();
    result
}

/// Waits until every client has what waits for it, unless nothing moves.
async fn drain(shared: &Shared) {
    let (mut before, mut moved) = (shared.hub.waiting(), wall_now());
    while before.0 > 0 {
        tokio::time::sleep(LOOK).await;
        let now = shared.hub.waiting();
        if now != before {
            (before, moved) = (now, wall_now());
        } else if wall_now().saturating_duration_since(moved) > STUCK {
            shared.hub.cut();
        }
    }
}

fn router(shared: &Arc<Shared>) -> Router {
    let market = shared.market();
    let mut router = rest::routes(market).merge(sockets(Endpoint::Whole));
    if market == Market::BinanceUsdm {
        router = router
            .nest("/public", sockets(Endpoint::Public))
            .nest("/market", sockets(Endpoint::Market));
    }
    router
        .fallback(rest::unknown_path)
        .layer(middleware::map_response_with_state(Arc::clone(shared), tell_time))
        .with_state(Arc::clone(shared))
}

async fn tell_time(State(shared): State<Arc<Shared>>, mut response: Response) -> Response {
    let clock = shared.clock();
    let headers = response.headers_mut();
    let number = |text: String| HeaderValue::try_from(text).ok();
    if let Some((speed, time)) =
        number(shared.config.speed.to_string()).zip(number(clock.at(wall_now()).to_string()))
    {
        headers.insert(SPEED, speed);
        headers.insert(TIME, time);
    }
    let state = if clock.is_running() { "running" } else { "waiting" };
    headers.insert(CLOCK, HeaderValue::from_static(state));
    response
}

/// The sockets of an endpoint.
fn sockets(endpoint: Endpoint) -> Router<Arc<Shared>> {
    let bare = move |State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade| async move {
        open(&shared, endpoint, false, "", upgrade)
    };
    let raw = move |State(shared): State<Arc<Shared>>,
                    Path(streams): Path<String>,
                    upgrade: WebSocketUpgrade| async move {
        open(&shared, endpoint, false, &streams, upgrade)
    };
    let combined = move |State(shared): State<Arc<Shared>>,
                         Query(query): Query<Streams>,
                         upgrade: WebSocketUpgrade| async move {
        open(&shared, endpoint, true, &query.streams, upgrade)
    };
    Router::new()
        .route("/ws", get(bare))
        .route("/ws/{*streams}", get(raw))
        .route("/stream", get(combined))
}

fn open(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    combined: bool,
    streams: &str,
    upgrade: WebSocketUpgrade,
) -> Response {
    let limits = &shared.config.limits;
    let whole_sends = shared.market() != Market::BinanceUsdm || shared.config.retired_endpoints;
    if endpoint == Endpoint::Whole && !whole_sends {
        tracing::warn!(
            "a client uses an endpoint that the venue retired, and gets nothing: \
             depth and bookTicker come from /public, everything else from /market"
        );
    }
    let mut subscriptions = Subscriptions::new(endpoint, whole_sends, combined, limits.streams_max);
    if !subscriptions.add(streams.split('/').filter(|name| !name.is_empty())) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let listens = !subscriptions.is_empty();
    // It joins before the clock starts: nothing is said without it.
    let Some(seat) = shared.hub.join(subscriptions, limits.queue_bytes_max) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    shared.counts.add(|counts| counts.connections += 1);
    if listens {
        shared.start_clock();
    }
    let shared = Arc::clone(shared);
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| connection::run(socket, seat, shared))
}
