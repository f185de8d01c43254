//! Moments and spans, in nanoseconds.

use core::fmt;
use core::ops::{Add, Neg, Sub};

use serde::{Deserialize, Serialize};

/// A moment: nanoseconds since 1970-01-01 UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixNanos(i64);

/// A span between two moments, in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Nanos(i64);

impl UnixNanos {
    /// The moment `nanos` after 1970.
    #[must_use]
    pub const fn new(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The moment `span` later, or `None` when it overflows.
    #[must_use]
    pub const fn checked_add(self, span: Nanos) -> Option<Self> {
        match self.0.checked_add(span.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }
}

impl Nanos {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);

    /// A span of `nanos`.
    #[must_use]
    pub const fn new(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A span of `millis` milliseconds.
    ///
    /// # Panics
    /// When it overflows 292 years.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.checked_mul(1_000_000).expect("span overflow"))
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Add<Nanos> for UnixNanos {
    type Output = Self;
    fn add(self, span: Nanos) -> Self {
        self.checked_add(span).expect("time overflow")
    }
}

impl Sub<Nanos> for UnixNanos {
    type Output = Self;
    fn sub(self, span: Nanos) -> Self {
        self + -span
    }
}

impl Sub for UnixNanos {
    type Output = Nanos;
    fn sub(self, other: Self) -> Nanos {
        Nanos(self.0.checked_sub(other.0).expect("time overflow"))
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("span overflow"))
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("span overflow"))
    }
}

impl Neg for Nanos {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.checked_neg().expect("span overflow"))
    }
}

impl fmt::Display for UnixNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}
