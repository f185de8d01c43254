//! What changes a label beside the market.

use fluxo_core::{Decimal, Nanos};

use crate::Error;

/// What the triple barrier and its bets cost: the account's taker fee stands in the specification of
/// the instrument.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TargetConfig {
    /// How many round trips a barrier is away from the price, at least.
    pub c_cost: f64,
    /// What an order loses to the market beside spread and fee, in bps a side.
    pub slip_bps: f64,
    /// How long an order is on its way.
    pub latency: Nanos,
}

impl Default for TargetConfig {
    /// `cost_defaults` of `targets.toml`, which move no money.
    fn default() -> Self {
        Self { c_cost: 1.5, slip_bps: 0.0, latency: Nanos::from_millis(50) }
    }
}

impl TargetConfig {
    /// An order that is longer on its way is worth no bet, and rows must not wait for ever.
    pub const LATENCY_MAX: Nanos = Nanos::from_millis(10_000);

    pub(super) fn check(&self) -> Result<(), Error> {
        for (name, value) in [("c_cost", self.c_cost), ("slip_bps", self.slip_bps)] {
            if !(0.0..=1e4).contains(&value) {
                return Err(Error::Cost { name });
            }
        }
        if self.latency < Nanos::ZERO {
            return Err(Error::NegativeSpan { name: "latency", span: self.latency });
        }
        if self.latency > Self::LATENCY_MAX {
            return Err(Error::Latency { latency: self.latency, max: Self::LATENCY_MAX });
        }
        Ok(())
    }
}

/// A share in hundredths of a per cent; the point moves, so that no digit is lost.
pub(super) fn in_bps(share: Decimal) -> f64 {
    const BPS_DIGITS: u8 = 4;
    match share.exponent().checked_sub(BPS_DIGITS) {
        Some(exponent) => Decimal::new(share.mantissa(), exponent).to_f64(),
        None => share.to_f64() * 1e4,
    }
}
