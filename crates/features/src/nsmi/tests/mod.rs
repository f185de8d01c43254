//! Whether the regime vector is the one of FEATURES 9.
#![expect(clippy::float_cmp, reason = "what is compared is exact by construction")]
#![expect(clippy::needless_range_loop, reason = "indices as in the formulas")]

mod behaviour;
mod eigenvalues;
mod oracles;
mod random;
mod simulation;
mod stream;
