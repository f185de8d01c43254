//! Keeps what was received and what was decided.
//!
//! [`segment`] appends checksummed records and survives a kill at any moment, [`journal`] keeps a run
//! in them, [`archive`] keeps recordings. What was acknowledged is on the medium, and a byte that
//! changed later is found. This crate decides nothing and connects to nothing; its one clock paces
//! `fsync`.

pub mod archive;
mod clock;
mod damage;
mod digest;
mod disk;
mod error;
pub mod journal;
mod lock;
pub mod segment;
#[cfg(test)]
mod testing;

pub use damage::Damage;
pub use digest::{Digest, NotADigest};
pub use error::{Doing, Error, FolderKind};
