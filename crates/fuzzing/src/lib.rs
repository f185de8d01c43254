//! What hostile bytes must not do: one plain function per fuzz target, so that the fuzzer and ordinary
//! tests run the very same code. A broken promise is a panic. Nothing of the product depends on it.

mod instruments;
mod market;

pub use market::{Came, HAPPENINGS, market};
