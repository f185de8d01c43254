//! A position from a signal, with hysteresis.

use fluxo_core::{Direction, Lots, UnixNanos};

use crate::Hysteresis;

/// What a directional rule holds, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stance {
    direction: Direction,
    /// Lots wanted, without sign: fixed when the stance is taken, so that a moving price does not
    /// trade by itself.
    lots: Lots,
    since: UnixNanos,
}

impl Stance {
    pub(crate) const FLAT: Self =
        Self { direction: Direction::Flat, lots: Lots::ZERO, since: UnixNanos::new(i64::MIN) };

    /// The position that the stance wants.
    pub(crate) fn position(&self) -> Lots {
        self.lots * self.direction.sign()
    }

    /// Follows the signal. `lots` is what a new stance is worth.
    pub(crate) fn update(
        &mut self,
        now: UnixNanos,
        signal: f64,
        thresholds: &Hysteresis,
        lots: Lots,
    ) {
        if self.direction != Direction::Flat {
            let held = now.checked_add(-thresholds.hold).is_some_and(|start| self.since <= start);
            #[expect(clippy::cast_precision_loss, reason = "-1, 0 or 1")]
            let along = signal * self.direction.sign() as f64;
            // A signal that would enter the other side turns, also where that is no leaving yet:
            // with `leave` at `-enter` both begin at the same number.
            let stays = along >= thresholds.leave && along > -thresholds.enter;
            if !held || stays {
                return;
            }
        }
        let direction = if signal >= thresholds.enter {
            Direction::Up
        } else if signal <= -thresholds.enter {
            Direction::Down
        } else {
            Direction::Flat
        };
        if direction != self.direction {
            *self = Self { direction, lots, since: now };
        }
    }

    /// Wants nothing any more, whatever was to be held.
    pub(crate) fn give_up(&mut self, now: UnixNanos) {
        *self = Self { since: now, ..Self::FLAT };
    }

    pub(crate) fn rescale(&mut self, lots_factor: i64) {
        self.lots = self.lots * lots_factor;
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::Nanos;

    use super::*;

    fn positions(hold: i64, signals: &[f64]) -> Vec<i64> {
        positions_leaving_at(0.2, hold, signals)
    }

    fn positions_leaving_at(leave: f64, hold: i64, signals: &[f64]) -> Vec<i64> {
        let thresholds = Hysteresis { enter: 0.6, leave, hold: Nanos::new(hold) };
        let mut stance = Stance::FLAT;
        let steps = signals.iter().zip(0_i64..).map(|(signal, now)| {
            stance.update(UnixNanos::new(now), *signal, &thresholds, Lots::new(10 + now));
            stance.position().get()
        });
        steps.collect()
    }

    #[test]
    fn it_enters_high_and_leaves_low() {
        let signals = [0.5, 0.6, 0.3, 0.2, 0.19, 0.5, -0.7, -0.3, 0.9];
        assert_eq!(positions(0, &signals), [0, 11, 11, 11, 0, 0, -16, -16, 18]);
    }

    #[test]
    fn a_negative_threshold_keeps_until_the_other_side() {
        let signals = [0.6, 0.0, -0.5, -0.6, -0.7, 0.5, 0.61];
        assert_eq!(positions_leaving_at(-0.6, 0, &signals), [10, 10, 10, -13, -13, -13, 16]);
        assert_eq!(positions_leaving_at(-0.3, 0, &signals), [10, 10, 0, -13, -13, 0, 16]);
        // From both sides exactly at the threshold, as the band that chose it was played.
        let turns = [-0.6, 0.6, 0.599, -0.599, -0.6];
        assert_eq!(positions_leaving_at(-0.6, 0, &turns), [-10, 11, 11, 11, -14]);
    }

    #[test]
    fn it_holds_for_a_while() {
        assert_eq!(positions(3, &[0.9, -0.9, 0.0, -0.9, 0.0]), [10, 10, 10, -13, -13]);
    }
}
