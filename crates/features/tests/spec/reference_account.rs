//! The slow reference of FEATURES 7.5 and 7.8: plain lists of what was printed and of what left the
//! book, gone through from the beginning for every row.

use std::collections::BTreeMap;

use crate::events::SECOND;
use crate::history::{Batch, Print, State};
use crate::reference::Past;

/// What the lists say at T.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) added: i128,
    /// Of bids and asks.
    pub(crate) cancelled: [i128; 2],
    pub(crate) traded: i128,
    pub(crate) latch: f64,
}

/// One thing that happened, in the order of all events.
enum Step<'a> {
    Print(&'a Print),
    Batch(&'a Batch),
    /// The book as something else left it.
    State(&'a State),
}

struct Waiting {
    seq: usize,
    ts: i64,
    side: usize,
    price: i64,
    lots: i64,
    /// A print: whether its price was the best one. A decrease: no meaning.
    at_best: bool,
}

/// The best price of a side, as long as it is.
#[derive(Clone, Copy)]
struct Best {
    price: i64,
    shown: i64,
    shown_max: i64,
    hidden: i128,
    refills: usize,
    refilled: Option<i64>,
}

struct Books<'a> {
    past: &'a Past<'a>,
    credits: Vec<Waiting>,
    debits: Vec<Waiting>,
    /// Time, side and lots; taken back where a print came later.
    cancels: Vec<(i64, usize, i128)>,
    adds: Vec<(i64, i128)>,
    best: [Option<Best>; 2],
    fresh_until: i64,
    latch: Option<(i64, f64)>,
    seq: usize,
}

impl Past<'_> {
    pub(crate) fn account(&self) -> Account {
        if let Some((_, account)) = self.memo.get().filter(|(at, _)| *at == self.at) {
            return account;
        }
        let mut books = Books {
            past: self,
            credits: Vec::new(),
            debits: Vec::new(),
            cancels: Vec::new(),
            adds: Vec::new(),
            best: [None; 2],
            fresh_until: i64::MIN,
            latch: None,
            seq: 0,
        };
        for step in self.steps() {
            books.take(&step);
        }
        books.pass_time(self.at);
        let account = books.read();
        self.memo.set(Some((self.at, account)));
        account
    }

    fn steps(&self) -> Vec<Step<'_>> {
        let prints = self.prints().iter().map(|print| (print.seq, Step::Print(print)));
        let batches = self.batches().iter().map(|batch| (batch.seq, Step::Batch(batch)));
        let of_batches: Vec<usize> = self.batches().iter().map(|batch| batch.seq).collect();
        let others =
            self.states().iter().filter(|state| of_batches.binary_search(&state.seq).is_err());
        let others = others.map(|state| (state.seq, Step::State(state)));
        let mut all: Vec<(usize, Step<'_>)> = prints.chain(batches).chain(others).collect();
        all.sort_by_key(|(seq, _)| *seq);
        all.into_iter().map(|(_, step)| step).collect()
    }
}

impl Books<'_> {
    fn ttl(&self) -> i64 {
        self.past.units.match_ttl
    }

    fn take(&mut self, step: &Step<'_>) {
        match step {
            Step::Print(print) => {
                self.pass_time(print.ts);
                self.take_print(print);
            }
            Step::Batch(batch) => {
                self.pass_time(batch.ts);
                if batch.is_snapshot {
                    self.forget();
                } else if batch.counts {
                    self.take_changes(batch);
                }
                self.show(&batch.after);
                if self.ttl() == 0 {
                    while !self.credits.is_empty() {
                        let credit = self.credits.remove(0);
                        self.unmatched(&credit, batch.ts);
                    }
                }
            }
            Step::State(state) => {
                self.pass_time(state.ts);
                if !state.live {
                    self.forget();
                }
                self.show(state);
            }
        }
    }

    fn forget(&mut self) {
        self.credits.clear();
        self.debits.clear();
        (self.best, self.latch) = ([None; 2], None);
    }

    /// What dies before `now` dies in the order of its time.
    fn pass_time(&mut self, now: i64) {
        let ttl = self.ttl();
        self.debits.retain(|debit| now - debit.ts <= ttl);
        while ttl > 0 && self.credits.first().is_some_and(|credit| now - credit.ts > ttl) {
            let credit = self.credits.remove(0);
            self.unmatched(&credit, credit.ts + ttl);
        }
        self.go_stale(now);
    }

    fn go_stale(&mut self, now: i64) {
        if now > self.fresh_until {
            self.show_levels([None, None]);
        }
    }

    /// A credit that nothing in the book explained.
    fn unmatched(&mut self, credit: &Waiting, at: i64) {
        self.go_stale(at);
        let close = self.past.config.parent_close.get();
        let Some(best) = &mut self.best[credit.side] else { return };
        // Credits of a price that stopped being the best are gone, so this one has been all the time.
        if !credit.at_best || best.price != credit.price || credit.lots == 0 {
            return;
        }
        best.hidden += i128::from(credit.lots);
        if best.refilled.is_some_and(|refilled| at - refilled <= close) {
            return;
        }
        best.refills += 1;
        best.refilled = Some(at);
        if best.refills >= 2 && best.hidden >= i128::from(best.shown_max) {
            self.latch = Some((at, if credit.side == 0 { 1.0 } else { -1.0 }));
            *best = Best::new(best.price, best.shown);
            self.drop_credits(credit.side, credit.price);
        }
    }

    /// What is dropped explains nothing and hides nothing.
    fn drop_credits(&mut self, side: usize, price: i64) {
        let gone = |credit: &&mut Waiting| credit.side == side && credit.price == price;
        self.credits.iter_mut().filter(gone).for_each(|credit| credit.lots = 0);
    }

    fn show(&mut self, state: &State) {
        let valid = state.is_valid(state.ts, self.past.config);
        let level = |levels: &[(i64, i64)]| levels.first().copied().filter(|_| valid);
        self.show_levels([level(&state.bids), level(&state.asks)]);
        self.fresh_until = state.fresh_until(self.past.config);
    }

    fn show_levels(&mut self, levels: [Option<(i64, i64)>; 2]) {
        for (side, level) in levels.into_iter().enumerate() {
            let before = self.best[side];
            let same = before.zip(level).filter(|(best, level)| best.price == level.0);
            self.best[side] = match same {
                Some((best, (_, shown))) => {
                    Some(Best { shown, shown_max: best.shown_max.max(shown), ..best })
                }
                None => level.map(|(price, lots)| Best::new(price, lots)),
            };
            if let Some(left) = before.filter(|_| same.is_none()) {
                self.drop_credits(side, left.price);
            }
        }
    }

    fn next_seq(&mut self) -> usize {
        self.seq += 1;
        self.seq
    }

    /// A side has 256 slots: the price whose last entry is oldest makes room.
    fn make_room(&mut self, side: usize, price: i64) {
        let mut last = BTreeMap::new();
        let waiting = self.credits.iter().chain(&self.debits);
        for entry in waiting.filter(|entry| entry.side == side && entry.lots > 0) {
            let seq: &mut usize = last.entry(entry.price).or_default();
            *seq = entry.seq.max(*seq);
        }
        if last.len() < 256 || last.contains_key(&price) {
            return;
        }
        let (stalest, _) = last.into_iter().min_by_key(|(_, seq)| *seq).unwrap();
        let all = self.credits.iter_mut().chain(&mut self.debits);
        let gone = all.filter(|entry| entry.side == side && entry.price == stalest);
        gone.for_each(|entry| entry.lots = 0);
    }

    fn take_print(&mut self, print: &Print) {
        if print.sign == 0 {
            return;
        }
        let (side, price) = (usize::from(print.sign > 0), print.price);
        let mut left = print.lots;
        for debit in self.debits.iter_mut().filter(|d| d.side == side && d.price == price) {
            let part = left.min(debit.lots);
            (debit.lots, left) = (debit.lots - part, left - part);
            self.cancels.push((debit.ts, side, -i128::from(part)));
        }
        if left > 0 {
            let at_best = self.best[side].is_some_and(|best| best.price == price);
            self.make_room(side, price);
            let seq = self.next_seq();
            self.credits.push(Waiting { seq, ts: print.ts, side, price, lots: left, at_best });
        }
    }

    fn take_changes(&mut self, batch: &Batch) {
        let near = |side: usize, price: i64| {
            [&batch.before, &batch.after]
                .into_iter()
                .any(|state| [&state.bids, &state.asks][side].iter().any(|level| level.0 == price))
        };
        for ((side, price), (before, after)) in &batch.changes {
            let (side, price, ts) = (*side, *price, batch.ts);
            if !near(side, price) {
                continue;
            }
            if after > before {
                self.adds.push((ts, i128::from(after - before)));
                continue;
            }
            let mut left = before - after;
            for credit in self.credits.iter_mut().filter(|c| c.side == side && c.price == price) {
                let part = left.min(credit.lots);
                (credit.lots, left) = (credit.lots - part, left - part);
            }
            if left > 0 {
                self.cancels.push((ts, side, i128::from(left)));
                self.make_room(side, price);
                let seq = self.next_seq();
                let waiting = Waiting { seq, ts, side, price, lots: left, at_best: false };
                self.debits.push(waiting);
            }
        }
    }

    fn read(&self) -> Account {
        let start = self.past.window_start(10);
        let cancelled = [0, 1].map(|wanted| {
            let of_side =
                self.cancels.iter().filter(|(ts, side, _)| *ts > start && *side == wanted);
            of_side.map(|(_, _, lots)| lots).sum()
        });
        let added = self.adds.iter().filter(|(ts, _)| *ts > start).map(|(_, lots)| lots).sum();
        let prints = self.past.prints().iter().filter(|print| print.ts > start && print.sign != 0);
        let traded = prints.map(|print| i128::from(print.lots)).sum();
        let shown = self.latch.filter(|(since, _)| self.past.at < since + 5 * SECOND);
        Account { added, cancelled, traded, latch: shown.map_or(0.0, |(_, sign)| sign) }
    }
}

impl Best {
    fn new(price: i64, shown: i64) -> Self {
        Self { price, shown, shown_max: shown, hidden: 0, refills: 0, refilled: None }
    }
}
