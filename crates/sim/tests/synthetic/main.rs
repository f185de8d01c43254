//! The synthetic markets are what they say: their closed-form truths, their books, their oracle.

mod book;
mod oracle;
mod stream;
mod truths;
