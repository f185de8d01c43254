//! Does the engine do what the specification says? Oracles, properties over random streams, a slow
//! reference, and real captures.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod brute_force;
mod captures;
mod chunking;
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
mod reference_tape;
mod reference_tape_prints;
mod rules;
mod scaling;
mod script;
mod stream;
mod tape;
mod targets;
