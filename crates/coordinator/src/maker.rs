//! The market maker: joins the best bid and the best ask while the position allows it.

use fluxo_core::{Lots, Price, Quote, Target};

use crate::Maker;

impl Maker {
    /// Quotes at the touch. A side is quoted while the position is below the limit on that side, as
    /// in the peers' rule: the last quote may go up to one order beyond it, and the gate has the
    /// last word.
    pub(crate) fn target(
        &self,
        bid: Price,
        ask: Price,
        lots: Lots,
        held: Lots,
        limit: Lots,
    ) -> Target {
        let quote = |price| Some(Quote { price, lots });
        Target::Quotes {
            bid: if held < limit { quote(bid) } else { None },
            ask: if held > -limit { quote(ask) } else { None },
            renew: self.renew,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_position_quotes_one_side_only() {
        let quoted_within = |held, limit| {
            let target = Maker { renew: false }.target(
                Price::from_ticks(100),
                Price::from_ticks(101),
                Lots::new(1),
                Lots::new(held),
                Lots::new(limit),
            );
            let Target::Quotes { bid, ask, .. } = target else { panic!("{target:?}") };
            (bid.is_some(), ask.is_some())
        };
        let quoted = |held| quoted_within(held, 5);
        assert_eq!(quoted(0), (true, true));
        assert_eq!(quoted(5), (false, true));
        assert_eq!(quoted(-5), (true, false));
        assert_eq!(quoted(4), (true, true));
        // A limit below one lot leaves only the way out.
        assert_eq!(quoted_within(0, 0), (false, false));
        assert_eq!(quoted_within(2, 0), (false, true));
    }
}
