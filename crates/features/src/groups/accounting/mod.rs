//! 88-90, 92 and 94: what was added, cancelled and executed, told from levels and prints (FEATURES 7.5
//! and 7.8).

mod iceberg;
mod ledger;
mod rates;
mod told;

use fluxo_core::Side;
use serde::{Deserialize, Serialize};

use crate::book_state::Top;
use crate::book_view::BookView;
use crate::catalogue::index;
use crate::near_book::NearChange;
use crate::order_state::OrderFact;

use super::Slots;
use iceberg::{Iceberg, Latch};
use ledger::{Kind, Ledger, Sequence, Waiting};
use rates::Rates;
use told::Told;

/// Matches prints with decreases, in whichever order they come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accounting {
    /// How long a print and its decrease may lie apart; zero where both come in one ordered feed: a
    /// print then waits for the next batch, and a decrease for prints of its own time.
    match_ttl: i64,
    /// Where the feed tells every order the table is not used.
    told: Option<Told>,
    /// Refills of an iceberg lie farther apart than this.
    refill_apart: i64,
    rates: Rates,
    ledgers: [Ledger; 2],
    icebergs: [Iceberg; 2],
    latch: Latch,
    /// The best prices are believed until here.
    fresh_until: i64,
    /// Nothing dies up to here.
    quiet_until: i64,
    /// The number of the last entry, so that those of one time have an order.
    sequence: Sequence,
}

impl Accounting {
    pub(crate) fn new(match_ttl: i64, refill_apart: i64, has_orders: bool) -> Self {
        Self {
            match_ttl,
            told: has_orders.then(Told::default),
            refill_apart,
            rates: Rates::new(),
            ledgers: [Ledger::new(), Ledger::new()],
            icebergs: [Iceberg::default(); 2],
            latch: Latch::default(),
            fresh_until: i64::MIN,
            quiet_until: i64::MIN,
            sequence: Sequence::default(),
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.rates.clear();
        self.reset();
    }

    /// A gap, or a snapshot: nothing that waited can be matched any more, and no best price is known
    /// until it is observed.
    pub(crate) fn reset(&mut self) {
        self.ledgers.iter_mut().for_each(Ledger::clear);
        self.quiet_until = i64::MIN;
        self.icebergs = [Iceberg::default(); 2];
        self.latch.clear();
        self.told = self.told.take().map(|_| Told::default());
    }

    /// How long a print and its decrease may lie apart from now on.
    pub(crate) fn set_match_ttl(&mut self, match_ttl: i64) {
        self.match_ttl = match_ttl;
        self.quiet_until = i64::MIN;
    }

    /// Entries that were dropped because too many waited at once.
    pub(crate) fn dropped(&self) -> u64 {
        self.ledgers.iter().map(Ledger::dropped).sum()
    }

    pub(crate) fn advance(&mut self, ts: i64) {
        self.rates.advance(ts);
    }

    /// Lots of a known side were printed at a price.
    pub(crate) fn on_print(&mut self, ts: i64, hit: Side, price: i64, lots: i64) {
        self.expire(ts);
        let Self { rates, ledgers, .. } = self;
        rates.on_print(lots);
        if self.told.is_some() {
            return;
        }
        let ledger = &mut ledgers[hit.index()];
        let seen = ledger.consume(Kind::Debit, price, lots, |booked_at, part| {
            rates.take_back(hit, booked_at, part);
        });
        let at_best = self.icebergs[hit.index()].is_best(price);
        self.wait(Kind::Credit, hit, Waiting { ts, price, lots: lots - seen, at_best });
    }

    /// An order event, before the batch of its message; `is_near` says whether its price is among the
    /// ten best of its side.
    pub(crate) fn on_order(&mut self, ts: i64, fact: &OrderFact, is_near: bool) {
        if let Some(told) = &mut self.told
            && told.on_order(ts, fact, is_near)
        {
            self.latch.set(ts, fact.side);
        }
    }

    /// The batch of a message led from one valid book to another, or did not: then nothing that its
    /// orders said counts.
    pub(crate) fn settle_orders(&mut self, counts: bool) {
        let Some(told) = &mut self.told else { return };
        let said = told.take();
        if counts {
            self.rates.on_add(said.added);
            for side in Side::BOTH {
                self.rates.on_cancel(side, said.cancelled[side.index()]);
            }
        }
    }

    /// A batch begins.
    pub(crate) fn begin_batch(&mut self, ts: i64) {
        self.expire(ts);
    }

    /// The batch, which led from one valid book to another, changed a level near the best prices.
    pub(crate) fn on_change(&mut self, ts: i64, side: Side, change: NearChange) {
        if self.told.is_some() {
            return;
        }
        if change.after > change.before {
            return self.rates.on_add(change.after - change.before);
        }
        let (price, lots) = (change.price, change.before - change.after);
        let ledger = &mut self.ledgers[side.index()];
        let cancelled = lots - ledger.consume(Kind::Credit, price, lots, |_, _| ());
        self.rates.on_cancel(side, cancelled);
        self.wait(Kind::Debit, side, Waiting { ts, price, lots: cancelled, at_best: false });
    }

    /// The valid book is this from `ts` on, and is believed until `until` unless it is seen again.
    pub(crate) fn observe(&mut self, ts: i64, top: Option<Top>, until: i64) {
        self.expire(ts);
        let best = top.map(|top| [(top.bid, top.bid_lots), (top.ask, top.ask_lots)]);
        for side in Side::BOTH {
            self.show(side, best.map(|best| best[side.index()]));
        }
        self.fresh_until = until;
        self.quiet_until = self.quiet_until.min(until);
    }

    /// A batch is over, and its book was observed: in one ordered feed, prints waited for it alone.
    pub(crate) fn end_batch(&mut self, ts: i64) {
        if self.match_ttl == 0 {
            while let Some((_, side)) = self.next_credit() {
                self.expire_credit(side, ts);
            }
        }
    }

    pub(crate) fn write(&mut self, view: &BookView<'_>, slots: &mut Slots<'_>) {
        self.expire(view.at);
        self.rates.write(view, slots);
        let is_known = view.top.is_some() && view.coverage.of_trades(view.at, 0);
        slots.put(index::ICEBERG_DETECTED, is_known.then(|| self.latch.value(view.at)));
    }

    /// Lets everything die that was no longer alive at `now`, in the order in which it died.
    #[inline]
    fn expire(&mut self, now: i64) {
        if now > self.quiet_until {
            self.let_die(now);
        }
    }

    #[inline(never)]
    fn let_die(&mut self, now: i64) {
        let ttl = self.match_ttl;
        for ledger in &mut self.ledgers {
            while ledger.oldest(Kind::Debit).is_some_and(|(ts, _)| now - ts > ttl) {
                ledger.pop(Kind::Debit);
            }
        }
        if ttl > 0 {
            while let Some((ts, side)) = self.next_credit().filter(|(ts, _)| now - ts > ttl) {
                self.forget_stale_best(ts + ttl);
                self.expire_credit(side, ts + ttl);
            }
        }
        self.forget_stale_best(now);
        self.quiet_until = self.next_death();
    }

    /// Up to where nothing dies that waits now. In an ordered feed credits do not die with time.
    fn next_death(&self) -> i64 {
        let kinds: &[Kind] = match self.match_ttl {
            0 => &[Kind::Debit],
            _ => &[Kind::Debit, Kind::Credit],
        };
        let of = |ledger: &Ledger, kind: &Kind| ledger.oldest(*kind).map(|(ts, _)| ts);
        let oldest = self
            .ledgers
            .iter()
            .flat_map(|ledger| kinds.iter().filter_map(move |kind| of(ledger, kind)));
        let dies = oldest.min().map_or(i64::MAX, |ts| ts.saturating_add(self.match_ttl));
        // A book that is stale already shows nothing that could be forgotten.
        dies.min(self.fresh_until)
    }

    /// The oldest credit of both sides: its time and its side.
    #[inline]
    fn next_credit(&self) -> Option<(i64, Side)> {
        let [bid, ask] = [&self.ledgers[0], &self.ledgers[1]].map(|l| l.oldest(Kind::Credit));
        match (bid, ask) {
            (Some(bid), Some(ask)) if ask.1.order(bid.1).is_lt() => Some((ask.0, Side::Ask)),
            (Some(bid), _) => Some((bid.0, Side::Bid)),
            (None, ask) => ask.map(|ask| (ask.0, Side::Ask)),
        }
    }

    /// The oldest credit of a side dies at `at`.
    fn expire_credit(&mut self, side: Side, at: i64) {
        let credit = self.ledgers[side.index()].pop(Kind::Credit);
        let Some(credit) = credit.filter(|credit| credit.at_best) else { return };
        if self.icebergs[side.index()].on_hidden(at, credit.lots, self.refill_apart) {
            self.latch.set(at, side);
            self.ledgers[side.index()].drop_all(Kind::Credit, credit.price);
        }
    }

    /// A book that went stale shows no best price.
    #[inline]
    fn forget_stale_best(&mut self, now: i64) {
        if now > self.fresh_until {
            for side in Side::BOTH {
                self.show(side, None);
            }
        }
    }

    fn show(&mut self, side: Side, level: Option<(i64, i64)>) {
        if let Some(price) = self.icebergs[side.index()].observe(level) {
            self.ledgers[side.index()].drop_all(Kind::Credit, price);
        }
    }

    fn wait(&mut self, kind: Kind, side: Side, waiting: Waiting) {
        if waiting.lots > 0 {
            self.sequence = self.sequence.next();
            self.quiet_until = self.quiet_until.min(waiting.ts.saturating_add(self.match_ttl));
            self.ledgers[side.index()].push(kind, waiting, self.sequence);
        }
    }
}
