//! One WebSocket connection as a task: it reads, stamps what it read at once, and hands it on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fluxo_core::UnixNanos;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use super::SessionClock;

/// What a connection reports.
#[derive(Debug)]
pub(super) struct SocketEvent {
    pub(super) link: usize,
    pub(super) attempt: u64,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Opened,
    Text {
        ts_recv: UnixNanos,
        bytes: Bytes,
    },
    Ping,
    /// With the reason; `None` when the venue closed in good order.
    Closed(Option<tungstenite::Error>),
}

/// Where and how to connect.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) link: usize,
    pub(super) attempt: u64,
    pub(super) url: String,
    /// In place of the roots of the web.
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) clock: SessionClock,
}

/// The longest that a message may take to leave, the one that closes included.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// Runs a connection to its end. Texts to send come from `to_send`; when its other end is dropped
/// the connection closes.
pub(super) async fn run(
    address: Address,
    to_send: mpsc::UnboundedReceiver<String>,
    events: mpsc::Sender<SocketEvent>,
) {
    let Address { link, attempt, .. } = address;
    let end = speak(address, to_send, &events).await.err();
    let what = What::Closed(end);
    // Nobody listens any more when the session is over.
    let _over = events.send(SocketEvent { link, attempt, what }).await;
}

async fn speak(
    address: Address,
    mut to_send: mpsc::UnboundedReceiver<String>,
    events: &mpsc::Sender<SocketEvent>,
) -> Result<(), tungstenite::Error> {
    let Address { link, attempt, url, tls, clock } = address;
    let connector = tls.map(Connector::Rustls);
    // Whoever gives up an attempt that hangs drops the other end, and the socket is closed.
    let (mut socket, _) = tokio::select! {
        opened = connect_async_tls_with_config(url, None, true, connector) => opened?,
        _ = to_send.recv() => return Ok(()),
    };
    let report = async |what| events.send(SocketEvent { link, attempt, what }).await.is_ok();
    if !report(What::Opened).await {
        return Ok(());
    }
    loop {
        tokio::select! {
            message = socket.next() => {
                let what = match message {
                    Some(Ok(Message::Text(text))) => {
                        // The first one confirms a subscription: with it a standing clock starts.
                        clock.run();
                        What::Text { ts_recv: clock.now(), bytes: text.into() }
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        What::Text { ts_recv: clock.now(), bytes }
                    }
                    // The pong is on its way: the library answers by itself.
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => What::Ping,
                    Some(Ok(Message::Close(_) | Message::Frame(_))) | None => return Ok(()),
                    Some(Err(error)) => return Err(error),
                };
                if !report(what).await {
                    return Ok(());
                }
            }
            text = to_send.recv() => match text {
                Some(text) => in_time(socket.send(Message::text(text))).await?,
                None => return in_time(socket.close(None)).await,
            },
        }
    }
}

async fn in_time(
    sending: impl Future<Output = Result<(), tungstenite::Error>>,
) -> Result<(), tungstenite::Error> {
    tokio::time::timeout(SEND_WITHIN, sending).await.unwrap_or_else(|_elapsed| {
        Err(tungstenite::Error::Io(io::Error::from(io::ErrorKind::TimedOut)))
    })
}
