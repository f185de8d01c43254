//! 42-44: where the row lies in its day and in its session.

use core::f64::consts::TAU;

use crate::catalogue::index;
use crate::sessions::Sessions;

use super::Slots;

/// Writes the features of the clock; they depend on nothing that was traded.
pub(crate) fn write_clock(at: i64, sessions: &mut Sessions, slots: &mut Slots<'_>) {
    let angle = TAU * sessions.share_of_day(at);
    let (sin, cos) = libm::sincos(angle);
    slots.put(index::TOD_SIN, Some(sin));
    slots.put(index::TOD_COS, Some(cos));
    slots.put(index::SESSION_REMAINING, Some(sessions.remaining(at)));
}
