//! Who listens, and what waits for each of them.
//!
//! The player hands every frame to the hub, which never waits: what a client does not take in time
//! waits in a queue of bounded bytes, and a client whose queue is full is cut.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::own_book::Outgoing;
use super::subscriptions::{Answer, Subscriptions};
use crate::wire;

/// What goes out on a connection.
#[derive(Debug)]
pub(super) enum Item {
    Text(Utf8Bytes),
    Ping(Bytes),
    /// The last one: the connection is closed, with a code and a reason.
    Close(u16, &'static str),
}

/// Everybody who is connected.
#[derive(Debug, Default)]
pub(super) struct Hub {
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    next_id: u64,
    /// Nobody is let in any more.
    closed: bool,
    taken: BTreeMap<u64, Taken>,
}

/// The hub's end of a connection. To drop it cuts the connection.
#[derive(Debug)]
struct Taken {
    subscriptions: Subscriptions,
    queue: Queue,
    _alive: oneshot::Sender<()>,
}

/// The connection's end. To drop it leaves the hub.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Arc<Hub>,
    id: u64,
    pub(super) queue: Queue,
    ends: Option<(Items, oneshot::Receiver<()>)>,
}

/// Where what goes out waits, bounded in bytes.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    sender: mpsc::UnboundedSender<Item>,
    waiting: Arc<AtomicUsize>,
    bytes_max: usize,
}

/// The other end of a queue.
#[derive(Debug)]
pub(super) struct Items {
    receiver: mpsc::UnboundedReceiver<Item>,
    waiting: Arc<AtomicUsize>,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    /// How many messages it became.
    pub(super) messages: u64,
    /// How many connections were cut because they do not read.
    pub(super) slow: u64,
}

impl Hub {
    /// Lets a connection in; `None` once the hub is closed.
    pub(super) fn join(
        self: &Arc<Self>,
        subscriptions: Subscriptions,
        bytes_max: usize,
    ) -> Option<Seat> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let (alive, cut) = oneshot::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let queue = Queue { sender, waiting: Arc::clone(&waiting), bytes_max };
        let mut seats = self.seats();
        if seats.closed {
            return None;
        }
        let id = seats.next_id;
        seats.next_id += 1;
        seats.taken.insert(id, Taken { subscriptions, queue: queue.clone(), _alive: alive });
        let ends = Some((Items { receiver, waiting }, cut));
        Some(Seat { hub: Arc::clone(self), id, queue, ends })
    }

    /// Hands a frame to everybody who listens to its stream.
    pub(super) fn spread(&self, frame: &Outgoing) -> Spread {
        let mut spread = Spread::default();
        self.seats().taken.retain(|_, taken| {
            for name in taken.subscriptions.names_of(&frame.stream) {
                let text = if taken.subscriptions.is_combined() {
                    enveloped(name, &frame.data)
                } else {
                    frame.data.clone()
                };
                if !taken.queue.push(Item::Text(text)) {
                    spread.slow += 1;
                    return false;
                }
                spread.messages += 1;
            }
            true
        });
        spread
    }

    /// Cuts every connection, and says how many there were.
    pub(super) fn cut(&self) -> usize {
        std::mem::take(&mut self.seats().taken).len()
    }

    /// Says a last word to everybody, closes their connections and lets nobody in any more.
    pub(super) fn close(&self, event: &str, code: u16, reason: &'static str) {
        let mut seats = self.seats();
        seats.closed = true;
        seats.taken.retain(|_, taken| {
            let text = if taken.subscriptions.is_combined() {
                enveloped("!serverShutdown", event)
            } else {
                Utf8Bytes::from(event.to_owned())
            };
            taken.queue.push(Item::Text(text)) && taken.queue.push(Item::Close(code, reason))
        });
    }

    /// Cuts every connection and lets nobody in any more.
    pub(super) fn shut(&self) {
        let mut seats = self.seats();
        seats.closed = true;
        seats.taken.clear();
    }

    /// How many are connected, and how many bytes wait for them.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let seats = self.seats();
        let bytes = seats.taken.values().map(|taken| taken.queue.waiting.load(Ordering::Relaxed));
        (seats.taken.len(), bytes.sum())
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// What goes out, and what ends when the connection is to be cut.
    ///
    /// # Panics
    /// The second time.
    pub(super) fn take_ends(&mut self) -> (Items, oneshot::Receiver<()>) {
        self.ends.take().expect("a connection is served once")
    }

    /// Does what a client's message asks for; `None` when the connection is being cut.
    pub(super) fn answer(&self, message: &str) -> Option<Answer> {
        let mut seats = self.hub.seats();
        Some(seats.taken.get_mut(&self.id)?.subscriptions.answer(message))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.seats().taken.remove(&self.id);
    }
}

impl Queue {
    /// Adds an item; `false` when there is no room, or nobody who takes it.
    pub(super) fn push(&self, item: Item) -> bool {
        let bytes = item.bytes();
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > self.bytes_max {
            return false;
        }
        self.sender.send(item).is_ok()
    }
}

impl Items {
    /// The next item, once there is one; `None` when the connection is being cut.
    pub(super) async fn next(&mut self) -> Option<Item> {
        self.receiver.recv().await
    }

    /// The next item, if there is one.
    pub(super) fn try_next(&mut self) -> Option<Item> {
        self.receiver.try_recv().ok()
    }

    /// An item was sent.
    pub(super) fn sent(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Item {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Ping(payload) => payload.len(),
            Self::Close(..) => 0,
        }
    }
}

fn enveloped(stream: &str, data: &str) -> Utf8Bytes {
    let mut text = String::with_capacity(stream.len() + data.len() + 24);
    wire::combined(&mut text, stream, |text| text.push_str(data));
    text.into()
}
