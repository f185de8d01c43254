//! A client of Binance's market data: connects, subscribes, asks for snapshots, and comes back.
//!
//! [`Connector`] is the connection logic: a state machine that touches no socket and no clock, so
//! that a thousand bad connections run in virtual time. [`LiveFeed`] drives it with real sockets on
//! a thread of its own, and hands every frame with its receive time to one bounded [`Inbox`]. What
//! frames mean, and whether the book is whole, is decided by whoever empties it; he says so in
//! [`BookReport`]s.

mod backoff;
mod clock;
mod config;
mod connector;
mod exchange_info;
mod feed;
mod heard;
mod inbox;
mod link;
mod plan;
mod rest;
mod snapshots;
mod socket;

pub use clock::{ServerClock, SessionClock};
pub use config::ClientConfig;
pub use connector::{Connector, Counts, Input, Output};
pub use exchange_info::{ExchangeInfoError, ListedFilters, filters_of};
pub use feed::{ConnectError, FeedHandle, LiveFeed, Venue};
pub use inbox::{Inbox, InboxConfig, InboxCounts, Incoming, Refused};
pub use plan::{Endpoints, LinkPlan, Needed, Plan, UnsupportedMarket};
pub use rest::{RestClient, RestFault};
pub use snapshots::{BookReport, BookState};
