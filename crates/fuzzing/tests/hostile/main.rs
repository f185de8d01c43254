//! Do bytes hurt? What the fuzzer runs, run by ordinary tests: the corpus as it lies in `fuzz/corpus`,
//! and frames of a market of our own with everything done to them that a generator can think of.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod frames;
mod mutations;
mod orders;
