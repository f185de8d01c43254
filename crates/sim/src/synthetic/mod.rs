//! Markets of our own making, with a seed: one with a planted signal, one with none. What can be
//! earned in them is known, so they tell whether a strategy learns, and whether it only believes so.
//!
//! [`Process`] draws the numbers: a latent signal, what the book tells of it, the returns.
//! [`SyntheticMarket`] makes steps of a market of them: a touch, ten levels a side, trades.
//! [`SyntheticStream`] gives these as the events that an engine is fed.
//! [`Oracle`] says what a trader who knows everything but the future earns there, after costs.
//!
//! The same seed gives the same bits on every machine: the generator is written out below, and every
//! transcendental function is `libm`'s. The formulas stand in `docs/SIMULATION.md`. Nothing here
//! writes a message or a file, and nothing of the signal is in a step but through its book.

mod latency;
mod market;
mod oracle;
mod process;
mod random;
mod stream;

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, InstrumentKind, InstrumentSpec, Lots, Market, Nanos,
    SizeClasses, SpecSource, UnixNanos,
};

pub use latency::Latencies;
pub use market::{LEVELS, Step, SyntheticMarket, SyntheticTrade, TRADES_MAX};
pub use oracle::{Band, Oracle, Posterior, Score};
pub use process::{Draw, Process};
pub use stream::SyntheticStream;

/// Which market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyntheticKind {
    /// The next return depends on the signal that the book tells of.
    Planted,
    /// The book moves alike, and returns are independent of everything.
    NoSignal,
}

impl SyntheticKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Planted, Self::NoSignal];

    /// The name used on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planted => "planted",
            Self::NoSignal => "no-signal",
        }
    }
}

/// A market, and everything that decides what happens in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SyntheticConfig {
    /// Which market. Equal seeds of different kinds have nothing in common.
    pub kind: SyntheticKind,
    /// Where its numbers begin.
    pub seed: u64,
    /// φ: how much of the signal is left after one step, in `[0, 1)`.
    pub persistence: f64,
    /// ρ: the correlation of the signal with the next return, in `[0, 1)`.
    pub predictability: f64,
    /// σ: the standard deviation of the return of one step.
    pub volatility: f64,
    /// a: how loud the signal is in the book.
    pub gain: f64,
    /// b: how loud the noise is in the book; above zero.
    pub noise: f64,
    /// The mean number of trades in one step.
    pub trades_per_step: f64,
}

impl SyntheticConfig {
    /// The market that documents, demo and tests speak of.
    #[must_use]
    pub const fn new(kind: SyntheticKind, seed: u64) -> Self {
        let predictability = match kind {
            SyntheticKind::Planted => 0.1,
            SyntheticKind::NoSignal => 0.0,
        };
        Self {
            kind,
            seed,
            persistence: 0.95,
            predictability,
            volatility: 2e-4,
            gain: 1.0,
            noise: 0.5,
            trades_per_step: 2.0,
        }
    }
}

/// One step of the market.
pub const STEP: Nanos = Nanos::SECOND;
/// The time of step 0 on the venue's clock: half a second into 2025-01-06 UTC, so that a grid of
/// whole seconds sees every step half a second after it.
pub const FIRST_STEP: UnixNanos = UnixNanos::new(1_736_121_600_500_000_000);
/// What it costs to trade one unit, in basis points: half a spread of one tick at the first price,
/// and the fee of [`instrument`].
pub const COST_BPS: f64 = 0.5;
/// The price of step 0, in ticks: one tick is half a basis point.
pub const FIRST_PRICE_TICKS: i64 = 20_000;

/// The instrument that is traded: `SYNTHUSDT` on the market of USD-M perpetuals.
#[must_use]
pub fn instrument() -> InstrumentSpec {
    InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "SYNTHUSDT".to_owned(),
        kind: InstrumentKind::Linear,
        base: "SYNTH".to_owned(),
        quote: "USDT".to_owned(),
        settle: "USDT".to_owned(),
        tick_size: Decimal::new(1, 1),
        lot_size: Decimal::new(1, 3),
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::new(25, 6),
        size_unit_lots: Lots::new(100),
        units: FeatureUnits {
            profile_row_ticks: 100,
            footprint_row_ticks: 10,
            depth_band_bps: 5,
            match_ttl: Nanos::from_millis(250),
            funding_interval: Some(Nanos::from_millis(8 * 3_600_000)),
            size_classes: SizeClasses::DEFAULT,
        },
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

/// When a step happens on the venue's clock.
///
/// # Panics
/// Beyond the year 2262.
#[must_use]
pub fn step_time(index: u64) -> UnixNanos {
    let nanos = i64::try_from(index).ok().and_then(|index| index.checked_mul(STEP.get()));
    nanos.and_then(|nanos| FIRST_STEP.checked_add(Nanos::new(nanos))).expect("a step of this epoch")
}
