//! From numbers to a market: a touch one tick wide, ten levels a side, trades at the touch.

use fluxo_core::{Aggressor, Lots, Nanos, Price, Side, UnixNanos};
use fluxo_market_data::Level;

use super::process::{Process, Purpose};
use super::random::Random;
use super::{FIRST_PRICE_TICKS, STEP, SyntheticConfig, step_time};

/// Levels a side.
pub const LEVELS: usize = 10;
/// The most trades of one step: of more, the rest does not happen (one step in 4,000 of the shipped
/// market).
pub const TRADES_MAX: usize = 8;

/// Lots at the touch, both sides together, before its own noise.
const TOUCH_LOTS: f64 = 1_000_000.0;
/// How much more each further level holds than the one before it, as a share of the touch.
const GROWTH: f64 = 0.1;
/// The size of a level varies by up to this share of it.
const SIZE_NOISE: f64 = 0.1;
/// The largest trade.
const TRADE_LOTS_MAX: u64 = 100;
/// The least that rests at a level: more than all trades of a step can take, so that trades need to
/// know nothing of the book. It bounds the imbalance to what evidence of 3.5 gives.
const LEVEL_LOTS_MIN: i64 = 1_000;
/// Below this nothing has room for ten levels: the price stays there, however it is drawn. The
/// shipped market is ninety standard deviations of a day away from it.
const BID_TICKS_MIN: i64 = 100;
const BID_TICKS_MAX: i64 = 1 << 40;
/// Trades come so many milliseconds after their step, or fewer, and at least one.
const TRADE_MILLIS_MAX: u64 = 999;

/// A trade at the touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticTrade {
    /// How long after its step.
    pub after: Nanos,
    /// Who took.
    pub aggressor: Aggressor,
    /// At the best price of the side that was hit.
    pub price: Price,
    /// How much.
    pub lots: Lots,
    /// What still rests at that price then.
    pub left: Lots,
}

/// The market from one step to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Which, from 0.
    pub index: u64,
    /// When its book came to be, on the venue's clock.
    pub at: UnixNanos,
    /// The latent signal: it decides the return to the next step, and no trader sees it.
    pub signal: f64,
    /// The logarithm of the exact price over that of step 0. The book shows it rounded to ticks.
    pub log_price: f64,
    levels: [[Level; LEVELS]; 2],
    trades: [SyntheticTrade; TRADES_MAX],
    trade_count: usize,
}

impl Step {
    /// The levels of a side when the step began, best first.
    #[must_use]
    pub fn levels(&self, side: Side) -> &[Level; LEVELS] {
        &self.levels[side.index()]
    }

    /// The best level of a side when the step began.
    #[must_use]
    pub fn best(&self, side: Side) -> Level {
        self.levels[side.index()][0]
    }

    /// The trades of the step, in order of time.
    #[must_use]
    pub fn trades(&self) -> &[SyntheticTrade] {
        &self.trades[..self.trade_count]
    }

    /// The mid price in half-ticks.
    #[must_use]
    pub fn mid_half_ticks(&self) -> i64 {
        self.best(Side::Bid).price.ticks() + self.best(Side::Ask).price.ticks()
    }

    /// What the touch tells: the inverse hyperbolic tangent of its imbalance.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "sizes far below 2^53")]
    pub fn evidence(&self) -> f64 {
        let [bid, ask] = Side::BOTH.map(|side| self.best(side).lots.get() as f64);
        0.5 * libm::log(bid / ask)
    }
}

/// Makes step after step, without an end.
#[derive(Clone, Debug)]
pub struct SyntheticMarket {
    process: Process,
    depth: Random,
    trade: Random,
    /// `exp(-trades per step)`.
    trade_limit: f64,
    next: u64,
    log_price: f64,
}

impl SyntheticMarket {
    /// A market before its step 0.
    #[must_use]
    pub fn new(config: &SyntheticConfig) -> Self {
        Self {
            process: Process::new(config),
            depth: config.random(Purpose::Depth),
            trade: config.random(Purpose::Trade),
            trade_limit: libm::exp(-config.trades_per_step),
            next: 0,
            log_price: 0.0,
        }
    }

    /// The next step.
    pub fn step(&mut self) -> Step {
        let draw = self.process.draw();
        self.log_price += draw.log_return;
        let levels = self.levels(bid_ticks(self.log_price), libm::tanh(draw.evidence));
        let mut step = Step {
            index: self.next,
            at: step_time(self.next),
            signal: draw.signal,
            log_price: self.log_price,
            levels,
            trades: [NO_TRADE; TRADES_MAX],
            trade_count: 0,
        };
        self.add_trades(&mut step);
        self.next += 1;
        step
    }

    /// Ten levels a side. The same imbalance rules all of them, so that the touch tells all that the
    /// book knows.
    fn levels(&mut self, bid: i64, imbalance: f64) -> [[Level; LEVELS]; 2] {
        let mut share = 1.0 - GROWTH;
        let pairs: [[Level; 2]; LEVELS] = std::array::from_fn(|distance| {
            share += GROWTH;
            let noise = 1.0 + SIZE_NOISE * (2.0 * self.depth.uniform() - 1.0);
            let both = whole_lots(TOUCH_LOTS * share * noise);
            let bids = whole_lots(0.5 * to_f64(both) * (1.0 + imbalance));
            let bids = bids.clamp(LEVEL_LOTS_MIN, both - LEVEL_LOTS_MIN);
            let distance = i64::try_from(distance).expect("one of ten levels");
            [(bid - distance, bids), (bid + 1 + distance, both - bids)].map(|(ticks, lots)| Level {
                price: Price::from_ticks(ticks),
                lots: Lots::new(lots),
            })
        });
        Side::BOTH.map(|side| pairs.map(|pair| pair[side.index()]))
    }

    /// Trades that know nothing of the signal, of the sizes in the book, or of what comes.
    fn add_trades(&mut self, step: &mut Step) {
        let count = self.trade.poisson(self.trade_limit) as usize;
        step.trade_count = count.min(TRADES_MAX);
        let trades = &mut step.trades[..step.trade_count];
        for trade in trades.iter_mut() {
            let millis = 1 + self.trade.below(TRADE_MILLIS_MAX);
            trade.after = Nanos::from_millis(millis.cast_signed());
            trade.lots = Lots::new((1 + self.trade.below(TRADE_LOTS_MAX)).cast_signed());
            trade.aggressor =
                if self.trade.below(2) == 0 { Aggressor::Buyer } else { Aggressor::Seller };
        }
        // Stable: trades of one moment keep the order in which they were drawn.
        trades.sort_by_key(|trade| trade.after);
        let mut left = Side::BOTH.map(|side| step.levels[side.index()][0]);
        for trade in trades {
            let side = if trade.aggressor == Aggressor::Buyer { Side::Ask } else { Side::Bid };
            let level = &mut left[side.index()];
            level.lots -= trade.lots;
            (trade.price, trade.left) = (level.price, level.lots);
        }
    }
}

const NO_TRADE: SyntheticTrade = SyntheticTrade {
    after: Nanos::ZERO,
    aggressor: Aggressor::Unknown,
    price: Price::from_ticks(0),
    lots: Lots::ZERO,
    left: Lots::ZERO,
};

const _: () = assert!(
    LEVEL_LOTS_MIN.cast_unsigned() > TRADES_MAX as u64 * TRADE_LOTS_MAX
        && STEP.get() > TRADE_MILLIS_MAX.cast_signed() * 1_000_000
);

/// The best bid: the exact price lies between it and the ask one tick above.
#[expect(clippy::cast_possible_truncation, reason = "floored, and within the range of ticks")]
fn bid_ticks(log_price: f64) -> i64 {
    let exact = to_f64(FIRST_PRICE_TICKS) * libm::exp(log_price);
    exact.floor().clamp(to_f64(BID_TICKS_MIN), to_f64(BID_TICKS_MAX)) as i64
}

/// The nearest number of lots.
#[expect(clippy::cast_possible_truncation, reason = "a size of a level, far below 2^53")]
fn whole_lots(lots: f64) -> i64 {
    lots.round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "ticks and lots far below 2^53")]
fn to_f64(count: i64) -> f64 {
    count as f64
}
