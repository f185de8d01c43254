//! What our fills add up to.

use fluxo_core::{Cash, Fill, Lots, Price, Valuation};

/// Position, cash and fees of one instrument since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Lots held; long is positive. On spot it is relative to what the account held at the start.
    pub position: Lots,
    /// Everything that fills moved, before fees, in the settlement currency.
    pub cash: Cash,
    /// Fees paid; a rebate is negative.
    pub fees: Cash,
    /// Number of fills.
    pub fills: u64,
}

impl Ledger {
    /// The ledger after a fill; `None` when it overflows.
    #[must_use]
    pub fn after(&self, fill: &Fill) -> Option<Self> {
        let moved = Lots::new(fill.lots.get().checked_mul(fill.side.sign())?);
        Some(Self {
            position: self.position.checked_add(moved)?,
            cash: self.cash.checked_add(fill.cash)?,
            fees: self.fees.checked_add(fill.fee)?,
            fills: self.fills + 1,
        })
    }

    /// Cash less fees, plus what closing the position at `mark` would move: the profit since the
    /// start, in the settlement currency. `None` when it overflows or an inverse contract is marked
    /// at no positive price.
    #[must_use]
    pub fn equity(&self, valuation: &Valuation, mark: Price) -> Option<Cash> {
        let held = valuation.liquidation(self.position, mark)?;
        self.cash.checked_add(held)?.checked_add(Cash::from_units(self.fees.units().checked_neg()?))
    }
}
