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
    /// Books a fill.
    pub fn book(&mut self, fill: &Fill) {
        self.position += fill.side.signed(fill.lots);
        self.cash += fill.cash;
        self.fees += fill.fee;
        self.fills += 1;
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
