//! The hash chain over everything the engine did.

use fluxo_core::{Action, Actions, Stamped};
use sha2::{Digest, Sha256};

/// The most bytes of one action's record: an order with six opinions and eight models takes about
/// 900.
const ACTION_BYTES_MAX: usize = 1_536;

/// `h' = sha256(h | sequence | ts_recv | action)` for every action, in order. Two runs with equal
/// chains did the same things at the same events; where they differ, the first differing link says
/// where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionChain {
    link: [u8; 32],
}

impl Default for ActionChain {
    /// The chain of an engine that did nothing: the hash of the name of this format.
    fn default() -> Self {
        Self { link: Sha256::digest(b"fluxo actions 2").into() }
    }
}

impl ActionChain {
    /// Adds what was done at an event.
    ///
    /// # Panics
    /// When an action does not fit its record: the bound is a constant that a test holds.
    pub fn extend(&mut self, stamped: &Stamped, actions: &Actions) {
        for action in actions.as_slice() {
            self.add(stamped, action);
        }
    }

    /// The last link, as hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.link.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn add(&mut self, stamped: &Stamped, action: &Action) {
        let mut buffer = [0_u8; ACTION_BYTES_MAX];
        let record =
            postcard::to_slice(action, &mut buffer).expect("an action fits ACTION_BYTES_MAX");
        let mut hash = Sha256::new();
        hash.update(self.link);
        hash.update(stamped.sequence.to_le_bytes());
        hash.update(stamped.ts_recv.get().to_le_bytes());
        hash.update(record);
        self.link = hash.finalize().into();
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::{
        AGENTS_MAX, AgentKind, BundleId, Cash, ClientOrderId, Direction, EVIDENCE_MAX, Event,
        Evidence, Forecast, InstrumentId, LimitUse, Lots, MODELS_MAX, Measurement, ModelAnswer,
        ModelForecast, Nanos, Opinion, Opinions, Order, OrderType, Price, RiskState, Side,
        StrategyKind, TimerId, UnixNanos, Why,
    };

    use super::*;

    /// The largest record there can be: every integer as wide as it gets.
    fn largest() -> Action {
        let measurement = Measurement { feature: u8::MAX, value: f32::MAX };
        let mut opinions = Opinions::default();
        for _ in 0..AGENTS_MAX {
            opinions.push(Opinion {
                agent: AgentKind::OrderFlowSpecialist,
                direction: Direction::Down,
                confidence: 1.0,
                horizon: Nanos::new(i64::MIN),
                evidence: Evidence::new(&[measurement; EVIDENCE_MAX]),
            });
        }
        let model = ModelForecast {
            slot: u8::MAX,
            answer: ModelAnswer::Scored([0.25, 0.25, 0.5]),
            weight: 1.0,
            age: Nanos::new(i64::MIN),
        };
        let forecast = Forecast::combine(
            InstrumentId::new(u16::MAX),
            UnixNanos::new(i64::MIN),
            BundleId::new([u8::MAX; 32]),
            (f64::MAX, f64::MIN),
            &[model; MODELS_MAX],
        );
        Action::Place {
            order: Order {
                id: ClientOrderId::new(u64::MAX),
                instrument: InstrumentId::new(u16::MAX),
                side: Side::Ask,
                lots: Lots::new(i64::MIN),
                order_type: OrderType::Limit {
                    price: Price::from_ticks(fluxo_core::PRICE_TICKS_MAX),
                },
            },
            why: Why {
                row: UnixNanos::new(i64::MIN),
                strategy: StrategyKind::Ensemble,
                signal: f64::MAX,
                threshold: f64::MAX,
                opinions,
                forecast: Some(forecast),
            },
            limits: LimitUse {
                state: RiskState::Halted,
                position_worst: Lots::new(i64::MIN),
                position_max: Lots::new(i64::MIN),
                notional: Cash::from_units(i128::MIN),
                notional_max: Cash::from_units(i128::MIN),
                orders_in_window: u32::MAX,
                orders_in_window_max: u32::MAX,
            },
        }
    }

    fn stamped(sequence: u64) -> Stamped {
        Stamped { ts_recv: UnixNanos::new(1), sequence, event: Event::Timer(TimerId::RowClock) }
    }

    #[test]
    fn the_largest_action_fits_and_every_link_counts() {
        let mut actions = Actions::default();
        actions.push(largest());
        let (mut one, mut other) = (ActionChain::default(), ActionChain::default());
        assert_eq!(one, other);
        one.extend(&stamped(1), &actions);
        other.extend(&stamped(2), &actions);
        assert_ne!(one, other);
        assert_ne!(one.hex(), ActionChain::default().hex());
        assert_eq!(one.hex().len(), 64);
    }
}
