//! A live session: the venue's feed in place of a recording, and everything else as in a replay.
//!
//! The feed's thread reads sockets and stamps frames; the engine's thread takes frames and the
//! commands of a person from one bounded queue, decodes, decides, and fills against the simulated
//! venue. Everything that the engine learns is journaled, so that a replay of the journal needs
//! neither a socket nor a clock.

mod asked;
mod control;
mod listing;
mod pulse;
mod setup;
mod source;

pub use control::ask;
pub use setup::{LiveSetup, Stopper, run_live};

pub(crate) use asked::{Asked, Status};
pub(crate) use pulse::Pulse;
