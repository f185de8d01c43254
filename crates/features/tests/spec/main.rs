//! Does the engine do what the specification says? Oracles, properties over random streams, a slow
//! reference, and real captures.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod below_zero;
mod book;
mod brute_force;
mod captures;
mod chunking;
mod clocks;
mod consensus;
mod drive;
mod events;
mod history;
mod label_reference;
mod matured;
mod mirror;
mod no_lookahead;
mod oracles;
mod path_targets;
mod range;
mod reference;
mod reference_account;
mod reference_book;
mod reference_grid;
mod reference_tape;
mod reference_tape_prints;
mod reference_trades;
mod restart;
mod rules;
mod rules_trades;
mod scaling;
mod script;
mod snapshot;
mod stream;
mod tape;
mod targets;
