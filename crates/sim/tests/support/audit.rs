//! Follows our orders from the outside and holds every answer against what must be true.
//!
//! It computes money again, in fractions of its own, and shares no code with the venue.

use std::collections::BTreeMap;

use fluxo_core::{
    ClientOrderId, Decimal, Fill, InstrumentKind, InstrumentSpec, Liquidity, Lots, Order,
    OrderEvent, OrderType, OrderUpdate, Side,
};
use fluxo_sim::{Refinement, VenueLedger};

#[derive(Clone, Copy, Debug)]
struct Known {
    order: Order,
    accepted: bool,
    open: Lots,
    ended: bool,
}

/// What we know of our orders from answers alone.
#[derive(Debug)]
pub(crate) struct Audit {
    spec: InstrumentSpec,
    orders: BTreeMap<ClientOrderId, Known>,
    pub(crate) ledger: VenueLedger,
    pub(crate) taken: u64,
    pub(crate) made: u64,
}

impl Audit {
    pub(crate) fn new(spec: &InstrumentSpec) -> Self {
        Self {
            spec: spec.clone(),
            orders: BTreeMap::new(),
            ledger: VenueLedger::default(),
            taken: 0,
            made: 0,
        }
    }

    pub(crate) fn sent(&mut self, order: &Order) {
        let known = Known { order: *order, accepted: false, open: order.lots, ended: false };
        self.orders.entry(order.id).or_insert(known);
    }

    pub(crate) fn refined(&mut self, spec: &InstrumentSpec) {
        let refinement = Refinement::between(&self.spec, spec).unwrap();
        for known in self.orders.values_mut() {
            known.order.lots = refinement.lots(known.order.lots);
            known.open = refinement.lots(known.open);
            known.order.order_type =
                known.order.order_type.rescaled(refinement.price_factor).unwrap();
        }
        self.ledger.position = refinement.lots(self.ledger.position);
        self.spec = spec.clone();
    }

    pub(crate) fn heard(&mut self, event: &OrderEvent) {
        if event.update == OrderUpdate::CancelRejected {
            return;
        }
        let known = self.orders.get_mut(&event.id).expect("an answer about an order of ours");
        match event.update {
            OrderUpdate::Accepted => {
                assert!(!known.accepted && !known.ended, "accepted twice: {event:?}");
                known.accepted = true;
            }
            // The same order sent again: it may be rejected while its first copy lives on, or be
            // taken after its first copy never left.
            OrderUpdate::Rejected(_) => {}
            OrderUpdate::CancelRejected => unreachable!("handled above"),
            OrderUpdate::Canceled { remaining } | OrderUpdate::Expired { remaining } => {
                assert!(known.accepted && !known.ended, "ended without living: {event:?}");
                assert_eq!(remaining, known.open, "{event:?}");
                known.ended = true;
            }
            OrderUpdate::Filled(fill) => {
                let order = known.order;
                assert!(known.accepted && !known.ended, "a fill of no order: {event:?}");
                assert!(fill.lots > Lots::ZERO && fill.lots <= known.open, "{event:?}");
                known.open -= fill.lots;
                assert_eq!(fill.remaining, known.open, "{event:?}");
                known.ended = fill.remaining == Lots::ZERO;
                self.filled(&order, &fill);
            }
        }
    }

    fn filled(&mut self, order: &Order, fill: &Fill) {
        assert_eq!(fill.side, order.side);
        if let Some(limit) = order.order_type.limit() {
            assert!(order.side.crosses(limit, fill.price), "worse than its limit: {fill:?}");
        }
        let maker = fill.liquidity == Liquidity::Maker;
        if maker {
            assert!(order.order_type.rests() && order.order_type.limit() == Some(fill.price));
        } else {
            assert!(!matches!(order.order_type, OrderType::PostOnly { .. }));
        }
        (self.made, self.taken) = (self.made + u64::from(maker), self.taken + u64::from(!maker));
        assert_eq!(fill.cash.units(), cash(&self.spec, fill), "{fill:?}");
        assert_eq!(fill.fee.units(), fee(&self.spec, fill), "{fill:?}");
        self.ledger.position += fill.side.signed(fill.lots);
        self.ledger.cash += fill.cash;
        self.ledger.fees += fill.fee;
        self.ledger.fills += 1;
    }
}

/// `numerator * 10^-digits`, over `denominator`.
struct Fraction {
    numerator: i128,
    denominator: i128,
    digits: i32,
}

impl Fraction {
    fn times(self, factor: Decimal) -> Self {
        Self {
            numerator: self.numerator * i128::from(factor.mantissa()),
            digits: self.digits + i32::from(factor.exponent()),
            ..self
        }
    }

    fn over(self, divisor: Decimal) -> Self {
        Self {
            denominator: self.denominator * i128::from(divisor.mantissa()),
            digits: self.digits - i32::from(divisor.exponent()),
            ..self
        }
    }

    /// The largest whole number of 1e-8 that is not above it.
    fn floor(self) -> i128 {
        let digits = self.digits - 8;
        let (mut numerator, mut denominator) = (self.numerator, self.denominator);
        let power = 10_i128.pow(digits.unsigned_abs());
        if digits > 0 {
            denominator *= power;
        } else {
            numerator *= power;
        }
        numerator.div_euclid(denominator)
    }

    fn negative(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }
}

fn value(spec: &InstrumentSpec, fill: &Fill) -> Fraction {
    let lots = Fraction { numerator: i128::from(fill.lots.get()), denominator: 1, digits: 0 }
        .times(spec.lot_size)
        .times(spec.multiplier);
    let price = Decimal::new(fill.price.ticks(), 0);
    match spec.kind {
        InstrumentKind::Inverse => lots.over(price).over(spec.tick_size),
        InstrumentKind::Spot | InstrumentKind::Linear => lots.times(price).times(spec.tick_size),
    }
}

fn cash(spec: &InstrumentSpec, fill: &Fill) -> i128 {
    let pays = (fill.side == Side::Bid) != (spec.kind == InstrumentKind::Inverse);
    let value = value(spec, fill);
    if pays { value.negative().floor() } else { value.floor() }
}

fn fee(spec: &InstrumentSpec, fill: &Fill) -> i128 {
    let rate = match fill.liquidity {
        Liquidity::Maker => spec.maker_fee,
        Liquidity::Taker => spec.taker_fee,
    };
    // The smallest whole number that is not below it.
    -value(spec, fill).times(rate).negative().floor()
}
