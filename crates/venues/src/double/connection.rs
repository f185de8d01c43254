//! One WebSocket: what waits for its client goes out, what the client says is answered, and a client
//! that breaks a rule of the venue is sent away.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};

use super::clock::wall_now;
use super::config::Limits;
use super::hub::{Item, Items, Queue, Seat};
use super::shared::Shared;

/// A client broke a rule.
const POLICY_VIOLATION: u16 = 1008;
/// The server goes away.
const GOING_AWAY: u16 = 1001;
/// How long a client may take to answer the end of its connection.
const GOODBYE: Duration = Duration::from_secs(1);
/// Within which a client's messages are counted.
const SECOND: Duration = Duration::from_secs(1);

/// Serves a connection to its end.
pub(super) async fn run(socket: WebSocket, mut seat: Seat, shared: Arc<Shared>) {
    let limits = shared.config.limits;
    let (sink, stream) = socket.split();
    let (pings, queue) = (Pings::default(), seat.queue.clone());
    let (items, cut) = seat.take_ends();
    tokio::select! {
        () = write(sink, items) => {}
        () = read(stream, &seat, &pings, &shared) => {}
        () = watch(&queue, &pings, &limits, &shared) => {}
        _ = cut => {}
    }
}

/// Sends what waits, until the connection's last item or its end.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut items: Items) {
    while let Some(first) = items.next().await {
        let mut next = Some(first);
        // What waits together goes out together.
        while let Some(item) = next {
            let bytes = item.bytes();
            let is_last = matches!(item, Item::Close(..));
            if sink.feed(message(item)).await.is_err() {
                return;
            }
            items.sent(bytes);
            if is_last {
                if sink.flush().await.is_ok() {
                    tokio::time::sleep(GOODBYE).await;
                }
                return;
            }
            next = items.try_next();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

fn message(item: Item) -> Message {
    match item {
        Item::Text(text) => Message::Text(text),
        Item::Ping(payload) => Message::Ping(payload),
        Item::Close(code, reason) => {
            Message::Close(Some(CloseFrame { code, reason: reason.into() }))
        }
    }
}

/// Takes what the client says, until it closes or breaks a rule.
async fn read(
    mut stream: SplitStream<WebSocket>,
    seat: &Seat,
    pings: &Pings,
    shared: &Arc<Shared>,
) {
    let mut came = VecDeque::new();
    while let Some(Ok(message)) = stream.next().await {
        if is_too_many(&mut came, wall_now(), shared.config.limits.incoming_per_second_max) {
            return expel(&seat.queue, "Too many requests", shared).await;
        }
        match message {
            Message::Text(text) => {
                let Some(answer) = seat.answer(&text) else { return };
                if !seat.queue.push(Item::Text(answer.text.into())) {
                    return;
                }
                if answer.subscribed {
                    shared.start_clock();
                }
            }
            Message::Pong(payload) => pings.answered(&payload),
            Message::Close(_) => return,
            // Pings are answered by the protocol; nobody says anything in binary.
            Message::Ping(_) | Message::Binary(_) => {}
        }
    }
}

/// Counts a message, and says whether there were too many within a second.
fn is_too_many(came: &mut VecDeque<Instant>, now: Instant, max: usize) -> bool {
    came.push_back(now);
    while came.front().is_some_and(|first| now.saturating_duration_since(*first) >= SECOND) {
        came.pop_front();
    }
    came.len() > max
}

/// Pings the client, and sends it away when it does not answer, or has been here too long.
async fn watch(queue: &Queue, pings: &Pings, limits: &Limits, shared: &Arc<Shared>) {
    let start = tokio::time::Instant::from_std(wall_now());
    let mut ticks = tokio::time::interval_at(start + limits.ping_every, limits.ping_every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let lifetime = tokio::time::sleep(limits.lifetime);
    tokio::pin!(lifetime);
    loop {
        let deadline = pings.oldest().and_then(|at| at.checked_add(limits.pong_within));
        let overdue = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = ticks.tick() => {
                let payload = Bytes::from((shared.now().get() / 1_000_000).to_string());
                pings.sent(payload.clone(), wall_now());
                if !queue.push(Item::Ping(payload)) {
                    return;
                }
            }
            () = overdue => {
                // An answer may have come while we slept.
                let waits = pings.oldest().and_then(|at| at.checked_add(limits.pong_within));
                if waits.is_some_and(|deadline| deadline <= wall_now()) {
                    return expel(queue, "Pong timeout", shared).await;
                }
            }
            () = &mut lifetime => {
                queue.push(Item::Close(GOING_AWAY, "24 hours are over"));
                return tokio::time::sleep(GOODBYE).await;
            }
        }
    }
}

/// Closes the connection of a client that broke a rule.
async fn expel(queue: &Queue, reason: &'static str, shared: &Arc<Shared>) {
    tracing::warn!("closed a connection: {reason}");
    shared.counts.add(|counts| counts.expelled += 1);
    queue.push(Item::Close(POLICY_VIOLATION, reason));
    tokio::time::sleep(GOODBYE).await;
}

/// The pings that were not answered yet, oldest first.
#[derive(Debug, Default)]
struct Pings(Mutex<VecDeque<(Bytes, Instant)>>);

impl Pings {
    fn sent(&self, payload: Bytes, at: Instant) {
        self.waiting().push_back((payload, at));
    }

    /// A pong came. It answers the ping whose payload it copies and those before it; one that copies
    /// none keeps no connection alive.
    fn answered(&self, payload: &Bytes) {
        let mut waiting = self.waiting();
        if let Some(at) = waiting.iter().rposition(|(sent, _)| sent == payload) {
            waiting.drain(..=at);
        }
    }

    fn oldest(&self) -> Option<Instant> {
        self.waiting().front().map(|(_, at)| *at)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<(Bytes, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_copy_answers_a_ping() {
        let (pings, now) = (Pings::default(), wall_now());
        for (at, payload) in ["1", "2", "3"].into_iter().enumerate() {
            let at = now + Duration::from_secs(at as u64);
            pings.sent(Bytes::from_static(payload.as_bytes()), at);
        }
        pings.answered(&Bytes::from_static(b""));
        pings.answered(&Bytes::from_static(b"4"));
        assert_eq!(pings.oldest(), Some(now));
        pings.answered(&Bytes::from_static(b"2"));
        assert_eq!(pings.oldest(), Some(now + Duration::from_secs(2)));
        pings.answered(&Bytes::from_static(b"3"));
        assert_eq!(pings.oldest(), None);
    }

    #[test]
    fn a_second_holds_so_many_messages() {
        let (mut came, now) = (VecDeque::new(), wall_now());
        let mut at = |millis| is_too_many(&mut came, now + Duration::from_millis(millis), 2);
        assert_eq!([0, 400, 900, 1_401, 2_500].map(&mut at), [false, false, true, false, false]);
    }
}
