//! The simulated venue, and the timeline that merges a recording with order traffic.
//!
//! [`SimVenue`] holds our orders inside a recorded market and decides what would have filled them.
//! [`Timeline`] runs a recording twice along one axis of time, once as the venue's truth and once as
//! what we learn of it, with our orders and the venue's answers under way between the two. Whatever
//! the recording leaves open is decided against us: `docs/SIMULATION.md` lists every assumption.
//! Nothing of that knows a strategy, reads a clock or a file, or draws a random number.
//!
//! [`synthetic`] makes markets with a seed, in which it is known what can be earned.

mod account;
mod config;
mod consumption;
mod error;
mod queue_position;
mod refinement;
mod resting;
mod row_clock;
mod seen_ids;
mod source;
pub mod synthetic;
mod timeline;
mod venue;
mod venue_clock;

pub use account::VenueLedger;
pub use config::{SimConfig, VenueConfig};
pub use error::Error;
pub use refinement::Refinement;
pub use resting::OpenOrder;
pub use source::{MarketSource, Recorded};
pub use timeline::{Arrival, Timeline, TimelineCounts};
pub use venue::SimVenue;
pub use venue_clock::{VenueClock, VenueTime};
