//! Whether the regime vector is the one of FEATURES 9.

mod behaviour;
mod eigenvalues;
mod oracles;
mod random;
mod simulation;
mod stream;
