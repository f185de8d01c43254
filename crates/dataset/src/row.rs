//! One row of the dataset, on its way through the pipeline.

use fluxo_core::{Decimal, Side, UnixNanos};
use fluxo_features::catalogue::index;
use fluxo_features::{
    CONSENSUS_START, FeatureEngine, FeatureRow, RowTerms, TARGET_COUNT, Unlabelled,
};

use crate::session_day::session_of;

/// How many values a model can read of a row: features, then the regime vector.
pub(crate) const VALUES: usize = CONSENSUS_START;

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) ts: UnixNanos,
    /// The UTC day as yyyymmdd.
    pub(crate) session: i32,
    pub(crate) segment: u32,
    pub(crate) is_warm: bool,
    /// Whether its trading session had been open before its stream began.
    pub(crate) is_partial_session: bool,
    /// The column `regime`: 1 in a trend upwards, 2 in one downwards, 0 otherwise, -1 unknown.
    pub(crate) regime: i8,
    pub(crate) values: [f32; VALUES],
    /// The best prices, where the book is valid.
    pub(crate) touch: Option<Touch>,
    /// How many rows of its moment came before it, and are not written.
    pub(crate) superseded: u64,
    /// What its bets cost and aim at.
    pub(crate) terms: RowTerms,
    pub(crate) labels: [Result<WeighedLabel, Unlabelled>; TARGET_COUNT],
}

/// A label with its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WeighedLabel {
    pub(crate) value: f32,
    pub(crate) t1: i64,
    /// The average uniqueness, as soon as it is known.
    pub(crate) uniqueness: Option<f32>,
}

/// Prices in the quote currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Touch {
    pub(crate) bid: f64,
    pub(crate) ask: f64,
    pub(crate) mid: f64,
    pub(crate) half_spread_bps: f64,
}

impl Row {
    pub(crate) fn new(row: &FeatureRow) -> Self {
        let mut values = [0.0; VALUES];
        values.copy_from_slice(&row.values()[..VALUES]);
        Self {
            ts: row.ts,
            session: session_of(row.ts),
            segment: row.segment,
            is_warm: row.is_warm,
            is_partial_session: row.is_partial_session,
            regime: row.trend_sign,
            values,
            touch: None,
            superseded: 0,
            terms: RowTerms::default(),
            // What is not labelled yet stands here so until it is.
            labels: [Err(Unlabelled::Unfinished); TARGET_COUNT],
        }
    }
}

impl Touch {
    /// The touch at a row that the engine has just given, while its book is as the row saw it.
    pub(crate) fn at(row: &Row, engine: &FeatureEngine, tick: Decimal) -> Option<Self> {
        // The spread is defined exactly where the book is valid.
        if row.values[index::SPREAD_ABS].is_nan() {
            return None;
        }
        let best = |side| engine.book().best(side).map(|level| level.price.ticks());
        let (bid, ask) = (best(Side::Bid)?, best(Side::Ask)?);
        // Twice the mid is a whole number of ticks.
        let twice = bid + ask;
        if twice <= 0 {
            return None;
        }
        let price = |ticks: i64| match tick.mantissa().checked_mul(ticks) {
            Some(mantissa) => Decimal::new(mantissa, tick.exponent()).to_f64(),
            None => ticks as f64 * tick.to_f64(),
        };
        let half_spread_bps = 1e4 * (ask - bid) as f64 / twice as f64;
        Some(Self { bid: price(bid), ask: price(ask), mid: price(twice) / 2.0, half_spread_bps })
    }
}
