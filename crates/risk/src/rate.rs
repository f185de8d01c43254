//! How many orders went out lately.

use fluxo_core::{Nanos, UnixNanos};

/// The times of the last orders, in a ring as long as the limit: the order that leaves the ring
/// must be older than the window before another one may go.
#[derive(Debug)]
pub(crate) struct OrderRate {
    sent: Vec<Option<UnixNanos>>,
    next: usize,
    window: Nanos,
}

impl OrderRate {
    pub(crate) fn new(limit: u32, window: Nanos) -> Self {
        Self { sent: vec![None; limit as usize], next: 0, window }
    }

    /// Orders of the window that ends at `now`, one more included.
    pub(crate) fn with_one_more(&self, now: UnixNanos) -> u32 {
        let recent = self.sent.iter().flatten().filter(|sent| now - **sent < self.window).count();
        u32::try_from(recent).expect("the ring is as long as a u32 limit").saturating_add(1)
    }

    /// Whether one more order at `now` stays within the limit.
    pub(crate) fn allows(&self, now: UnixNanos) -> bool {
        self.sent[self.next].is_none_or(|oldest| now - oldest >= self.window)
    }

    /// Counts an order.
    pub(crate) fn record(&mut self, now: UnixNanos) {
        self.sent[self.next] = Some(now);
        self.next = (self.next + 1) % self.sent.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let mut rate = OrderRate::new(2, Nanos::new(10));
        for (now, allowed) in
            [(0, true), (5, true), (9, false), (10, true), (14, false), (15, true)]
        {
            let now = UnixNanos::new(now);
            assert_eq!(rate.allows(now), allowed, "{now}");
            assert_eq!(rate.with_one_more(now) <= 2, allowed, "{now}");
            if allowed {
                rate.record(now);
            }
        }
    }
}
