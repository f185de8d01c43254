//! The connector with real sockets, on a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use fluxo_core::{GapReason, UnixNanos};
use tokio::sync::mpsc;

use super::connector::{Connector, Counts, Input, Output};
use super::inbox::{Inbox, Pushed};
use super::rest::Answer;
use super::socket::{self, Address, SocketEvent, What};
use super::{
    BookReport, ClientConfig, ExchangeInfoError, ListedFilters, Plan, RestClient, RestFault,
    SessionClock, filters_of,
};

/// Why a session could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The venue did not answer, or only with a no.
    #[error("cannot get {url} ({attempts} attempts)")]
    NoAnswer {
        /// What was asked for.
        url: String,
        /// How often.
        attempts: u32,
        /// What went wrong last.
        source: RestFault,
    },
    /// The venue answered, and what it said cannot be used.
    #[error("{url}")]
    Unusable {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        source: ExchangeInfoError,
    },
    /// Somebody stopped the session before it began.
    #[error("stopped before {url} answered")]
    Stopped {
        /// What was asked for.
        url: String,
    },
    /// The system gave no thread or no event loop.
    #[error("no thread for the sockets")]
    Thread(#[source] std::io::Error),
}

/// What the first call to a venue brings: its word on the instrument, and its clock.
#[derive(Clone, Debug)]
pub struct Venue {
    /// The instrument.
    pub listed: ListedFilters,
    /// The session's clock, which begins with the venue's answer.
    pub clock: SessionClock,
}

impl Venue {
    /// Asks the venue for its `exchangeInfo`, again and again up to `first_calls_max` times, with a
    /// growing wait in between; `is_stopped` ends a wait, and a call as well.
    ///
    /// # Errors
    /// A venue that does not answer or does not list the instrument.
    pub fn greet(
        plan: &Plan,
        config: &ClientConfig,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Self, ConnectError> {
        let rest = RestClient::new(config.open_within);
        let url = || plan.exchange_info_url.clone();
        let mut wait = config.retry_first;
        let mut attempts = 1;
        let Answer { body, clock } = loop {
            match get_unless_stopped(&rest, &plan.exchange_info_url, is_stopped)? {
                Ok(answer) => break answer,
                Err(fault) if attempts >= config.first_calls_max || !fault.can_pass() => {
                    return Err(ConnectError::NoAnswer { url: url(), attempts, source: fault });
                }
                Err(fault) => tracing::warn!(attempts, %fault, "no answer yet from {}", url()),
            }
            attempts += 1;
            sleep(wait, is_stopped);
            wait *= 2;
            if is_stopped() {
                return Err(ConnectError::Stopped { url: url() });
            }
        };
        let clock = SessionClock::begin(clock);
        let listed = filters_of(&body, &plan.symbol)
            .map_err(|source| ConnectError::Unusable { url: url(), source })?;
        Ok(Self { listed, clock })
    }
}

/// How often a stop is looked for.
const PIECE: Duration = Duration::from_millis(20);

/// A call on a thread of its own, which a stop leaves behind.
fn get_unless_stopped(
    rest: &RestClient,
    url: &str,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Result<Answer, RestFault>, ConnectError> {
    let (to, from) = std::sync::mpsc::channel();
    let (rest, asked) = (rest.clone(), url.to_owned());
    let call = move || {
        // Whoever asked may have been stopped.
        let _gone = to.send(rest.get(&asked));
    };
    std::thread::Builder::new()
        .name("first-call".to_owned())
        .spawn(call)
        .map_err(ConnectError::Thread)?;
    loop {
        match from.recv_timeout(PIECE) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) if is_stopped() => {
                return Err(ConnectError::Stopped { url: url.to_owned() });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ConnectError::Thread(std::io::Error::other("the call panicked")));
            }
        }
    }
}

/// Sleeps in short pieces, so that a stop is noticed.
fn sleep(span: Duration, is_stopped: &dyn Fn() -> bool) {
    let mut left = span;
    while !left.is_zero() && !is_stopped() {
        let piece = left.min(PIECE);
        std::thread::sleep(piece);
        left -= piece;
    }
}

/// What the feed's thread is told.
enum Note {
    Book(BookReport),
    Stop,
}

/// A feed that can be started.
#[derive(Clone, Debug)]
pub struct LiveFeed {
    /// What to connect to.
    pub plan: Plan,
    /// How patiently.
    pub config: ClientConfig,
    /// The session's clock.
    pub clock: SessionClock,
    /// TLS in place of the default, which trusts the roots of the web.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

/// A feed that runs.
#[derive(Debug)]
pub struct FeedHandle {
    notes: mpsc::UnboundedSender<Note>,
    thread: Option<JoinHandle<Counts>>,
}

impl FeedHandle {
    /// Tells the feed how far the book is, so that it fetches a snapshot where one is needed.
    pub fn report(&self, report: BookReport) {
        // A feed that ended has said so in the inbox.
        let _ended = self.notes.send(Note::Book(report));
    }

    /// Closes every connection and waits for the thread.
    #[must_use]
    pub fn stop(mut self) -> Counts {
        let _ended = self.notes.send(Note::Stop);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl LiveFeed {
    /// Connects, on a thread of its own, and fills the inbox until it is stopped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<C: Send + 'static>(
        self,
        inbox: Arc<Inbox<C>>,
    ) -> Result<FeedHandle, ConnectError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ConnectError::Thread)?;
        let (notes, heard) = mpsc::unbounded_channel();
        let run = move || {
            let end = EndOf(inbox.clone());
            let counts = runtime.block_on(drive(self, inbox, heard));
            // A call that is still under way is not waited for.
            runtime.shutdown_background();
            drop(end);
            counts
        };
        let thread = std::thread::Builder::new()
            .name("feed".to_owned())
            .spawn(run)
            .map_err(ConnectError::Thread)?;
        Ok(FeedHandle { notes, thread: Some(thread) })
    }
}

/// Says that the feed is gone, also when it panics.
struct EndOf<C>(Arc<Inbox<C>>);

impl<C> Drop for EndOf<C> {
    fn drop(&mut self) {
        self.0.push_end();
    }
}

/// Frames between a connection and the loop.
const EVENTS_MAX: usize = 1_024;

struct Fetched {
    request: u64,
    ts_recv: UnixNanos,
    answer: Result<Bytes, RestFault>,
}

struct Open {
    to_send: mpsc::UnboundedSender<String>,
    attempt: u64,
}

struct Drive<C> {
    feed: LiveFeed,
    inbox: Arc<Inbox<C>>,
    connector: Connector,
    rest: RestClient,
    open: Vec<Option<Open>>,
    events: mpsc::Sender<SocketEvent>,
    fetched: mpsc::UnboundedSender<Fetched>,
    outputs: Vec<Output>,
}

async fn drive<C: Send + 'static>(
    feed: LiveFeed,
    inbox: Arc<Inbox<C>>,
    mut notes: mpsc::UnboundedReceiver<Note>,
) -> Counts {
    let (events, mut happened) = mpsc::channel(EVENTS_MAX);
    let (fetched, mut answers) = mpsc::unbounded_channel();
    let start = feed.clock.tokio_made();
    let mut drive = Drive {
        connector: Connector::new(&feed.plan, &feed.config),
        rest: RestClient::new(feed.config.open_within),
        open: feed.plan.links.iter().map(|_| None).collect(),
        outputs: Vec::new(),
        feed,
        inbox,
        events,
        fetched,
    };
    drive.handle(&Input::Tick, None);
    loop {
        let due = start.checked_add(drive.connector.wait_until());
        let due = due.unwrap_or_else(|| start + Duration::from_secs(1 << 32));
        tokio::select! {
            Some(event) = happened.recv() => drive.on_socket(event),
            Some(answer) = answers.recv() => drive.on_answer(answer),
            note = notes.recv() => match note {
                Some(Note::Book(report)) => drive.handle(&Input::Book(report), None),
                Some(Note::Stop) | None => break,
            },
            () = tokio::time::sleep_until(due) => drive.handle(&Input::Tick, None),
        }
    }
    *drive.connector.counts()
}

/// The bytes that `Output::Deliver` means.
struct Delivery {
    ts_recv: UnixNanos,
    bytes: Bytes,
    /// `None` for a snapshot.
    link: Option<usize>,
}

impl<C: Send + 'static> Drive<C> {
    fn on_socket(&mut self, event: SocketEvent) {
        let SocketEvent { link, attempt, what } = event;
        let name = self.connector.link(link).name;
        match what {
            What::Opened => {
                tracing::info!(link = name, attempt, "connected");
                self.handle(&Input::Opened { link, attempt }, None);
            }
            What::Text { ts_recv, bytes } => {
                let text = bytes.clone();
                let delivery = Delivery { ts_recv, bytes, link: Some(link) };
                self.handle(&Input::Text { link, attempt, text: &text }, Some(delivery));
            }
            What::Ping => self.handle(&Input::Ping { link, attempt }, None),
            What::Closed(reason) => {
                let reason = reason.map_or_else(|| "closed".to_owned(), |error| error.to_string());
                tracing::info!(link = name, attempt, reason, "connection over");
                self.handle(&Input::Closed { link, attempt }, None);
            }
        }
    }

    fn on_answer(&mut self, fetched: Fetched) {
        let Fetched { request, ts_recv, answer } = fetched;
        match answer {
            Ok(bytes) => {
                let delivery = Delivery { ts_recv, bytes, link: None };
                self.handle(&Input::Snapshot { request, answer: Ok(()) }, Some(delivery));
            }
            Err(fault) => {
                tracing::warn!(request, %fault, "no snapshot");
                self.handle(&Input::Snapshot { request, answer: Err(&fault) }, None);
            }
        }
    }

    fn handle(&mut self, input: &Input<'_>, mut delivery: Option<Delivery>) {
        let mut outputs = std::mem::take(&mut self.outputs);
        self.connector.handle(self.feed.clock.elapsed(), input, &mut outputs);
        for output in outputs.drain(..) {
            match output {
                Output::Deliver => {
                    if let Some(delivery) = delivery.take() {
                        self.deliver(delivery);
                    }
                }
                other => self.perform(other),
            }
        }
        self.outputs = outputs;
    }

    fn deliver(&mut self, Delivery { ts_recv, bytes, link }: Delivery) {
        let Some(link) = link else { return self.inbox.push_snapshot(ts_recv, bytes) };
        if self.inbox.push_frame(ts_recv, link, bytes) == Pushed::Overrun {
            tracing::warn!("frames come faster than they are worked off: some are dropped");
            self.connector.overrun(self.feed.clock.elapsed());
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect { link, attempt } => self.connect(link, attempt),
            Output::Send { link, attempt, text } => {
                if let Some(open) = self.open[link].as_ref().filter(|open| open.attempt == attempt)
                {
                    // A connection that just ended has said so.
                    let _ended = open.to_send.send(text);
                }
            }
            Output::Close { link, attempt } => {
                tracing::info!(link = self.connector.link(link).name, attempt, "giving it up");
                self.open[link] = None;
            }
            Output::FetchSnapshot { request } => self.fetch(request),
            Output::DeclareLoss { since } => {
                tracing::warn!("the feed is lost until its connections are back");
                let clock = &self.feed.clock;
                self.inbox.push_loss(clock.now(), clock.at(since), GapReason::Disconnected);
            }
            Output::Deliver => {}
        }
    }

    fn connect(&mut self, link: usize, attempt: u64) {
        let (to_send, texts) = mpsc::unbounded_channel();
        let url = self.connector.link(link).url.clone();
        tracing::info!(attempt, url, "connecting");
        let (tls, clock) = (self.feed.tls.clone(), self.feed.clock.clone());
        let address = Address { link, attempt, url, tls, clock };
        tokio::spawn(socket::run(address, texts, self.events.clone()));
        self.open[link] = Some(Open { to_send, attempt });
    }

    fn fetch(&self, request: u64) {
        tracing::info!(request, "asking for a snapshot");
        let (rest, url) = (self.rest.clone(), self.feed.plan.snapshot_url.clone());
        let (fetched, clock) = (self.fetched.clone(), self.feed.clock.clone());
        tokio::task::spawn_blocking(move || {
            let answer = rest.get(&url).map(|answer| Bytes::from(answer.body));
            let fetch = Fetched { request, ts_recv: clock.now(), answer };
            // The session may be over.
            let _over = fetched.send(fetch);
        });
    }
}
