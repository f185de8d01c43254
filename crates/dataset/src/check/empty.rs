//! Is a feature undefined in every row although all that it needs was there?
//!
//! A short or a quiet recording has columns without a value honestly: nothing is said of them. What a
//! feature needs is taken from the catalogue, and whether it was there from the other columns.

use std::collections::BTreeMap;

use fluxo_features::catalogue::{FEATURES, REGIME, index};
use fluxo_features::{FeatureInfo, slot_name};
use serde_json::Value;

use super::damage::Damages;
use super::keys::Key;
use super::tally::ColumnCheck;
use super::touch::OF_TOUCH;
use crate::Manifest;

/// What the first rows of a segment do not know yet; a feature's own memory may be longer.
const WARM_AFTER_NS: i64 = 300_000_000_000;
/// They have a value from the first trade of a session on.
pub(super) const OF_ANY_TRADE: [usize; 3] =
    [index::VWAP_DIST_SESSION, index::CUM_DELTA, index::SWEEP_DETECTED];

/// How long the longest stretch of one segment is, from the first row with a value to the last row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Longest {
    segment: Option<i32>,
    from: Option<i64>,
    span: Option<i64>,
}

impl Longest {
    pub(super) fn look(&mut self, keys: &[Key], has_value: impl Fn(usize) -> bool) {
        for (at, key) in keys.iter().enumerate() {
            if self.segment.replace(key.segment) != Some(key.segment) {
                self.from = None;
            }
            if self.from.is_none() && has_value(at) {
                self.from = Some(key.ts);
            }
            let span = self.from.map(|from| key.ts.saturating_sub(from));
            self.span = self.span.max(span);
        }
    }
}

/// What the recording had, as far as the columns tell.
pub(super) struct Had<'c> {
    pub(super) columns: &'c [ColumnCheck],
    pub(super) manifest: &'c Manifest,
    pub(super) book: Longest,
    pub(super) trades: Longest,
}

impl Had<'_> {
    pub(super) fn look(&self, damages: &mut Damages) {
        let lookbacks = self.lookbacks();
        // Of a price that is not above zero there is no logarithm: who needs one may never have a value.
        let mids = self.column(slot_name(index::MID_PRICE));
        let was_below = mids.and_then(|mids| mids.min).is_some_and(|least| least <= 0.0);
        for feature in FEATURES.iter().filter(|_| !was_below) {
            let lookback = lookbacks.get(feature.name).copied().unwrap_or(0);
            let is_of_rows = OF_TOUCH.contains(&feature.index);
            if is_of_rows || !self.is_empty(feature.name) || !self.had(feature, lookback) {
                continue;
            }
            damages.say(feature.name, "NaN in every row, though what it needs is there");
        }
        // The regime vector is undefined for as long as its needs say: its values come together.
        for value in &REGIME {
            let others = REGIME.iter().filter(|other| other.warm_up == value.warm_up);
            if self.is_empty(value.name) && others.into_iter().any(|v| self.has(v.name)) {
                damages.say(value.name, "NaN in every row, though values of its kind are there");
            }
        }
    }

    fn had(&self, feature: &FeatureInfo, lookback: i64) -> bool {
        let spans = feature.inputs.iter().map(|input| match *input {
            "trades" => self.trades.span,
            "L1" | "L2" => self.book.span,
            // A clock is always there; of orders only another column of theirs tells.
            "clock" => Some(i64::MAX),
            _ => None,
        });
        let span = spans.min().flatten();
        let is_long = span.is_some_and(|span| span > lookback.max(WARM_AFTER_NS));
        let is_told = || FEATURES.iter().any(|other| self.tells(other, feature));
        match feature.index {
            // A row knows whether there was a trade.
            slot if OF_ANY_TRADE.contains(&slot) => is_told(),
            // Nothing tells of as many buckets, orders that are known, cancels, bars with a trade, or
            // moves of every length.
            index::VPIN
            | index::L3_QUEUE_HHI
            | index::L3_CANCEL_AGE
            | index::AMIHUD
            | index::HURST_300S => false,
            index::MICROPRICE_DEV => is_long && self.has_table(),
            index::DEPTH_BPS_LOG | index::DEPTH_BPS_IMB | index::L3_ORDER_COUNT_IMB => is_told(),
            _ if counts_events(feature) => is_told(),
            // Where a denominator must not be zero, something must have moved all the time.
            _ if divides(feature) => is_long && self.is_lively(feature),
            _ => is_long,
        }
    }

    /// Whether a value of `other` shows that `feature` had what it needs.
    fn tells(&self, other: &FeatureInfo, feature: &FeatureInfo) -> bool {
        let is_as_needy = if counts_events(feature) {
            counts_events(other)
                && needed(other) >= needed(feature)
                && other.inputs == feature.inputs
        } else {
            other.warm_up == feature.warm_up
                || OF_ANY_TRADE.contains(&other.index) && OF_ANY_TRADE.contains(&feature.index)
        };
        is_as_needy && self.has(other.name)
    }

    fn has_table(&self) -> bool {
        let calibration = self.manifest.facts.get("ds.calibration");
        calibration.is_some_and(|calibration| calibration["micro_price"] == "table")
    }

    fn is_lively(&self, feature: &FeatureInfo) -> bool {
        let moves = |slot: usize| {
            self.column(slot_name(slot)).and_then(|column| column.min).is_some_and(|min| min > 0.0)
        };
        feature.inputs.iter().all(|input| match *input {
            "trades" => moves(index::RV_60S),
            _ => moves(index::VOL_30S),
        })
    }

    fn lookbacks(&self) -> BTreeMap<String, i64> {
        let entries = self.manifest.facts.get("ds.feature_schema").and_then(Value::as_array);
        let entry = |entry: &Value| {
            Some((entry["name"].as_str()?.to_owned(), entry["lookback_ns"].as_i64()?))
        };
        entries.into_iter().flatten().filter_map(entry).collect()
    }

    fn column(&self, name: &str) -> Option<&ColumnCheck> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn has(&self, name: &str) -> bool {
        self.column(name).is_some_and(|column| column.valid > 0)
    }

    /// A column that is not built is empty by its nature.
    fn is_empty(&self, name: &str) -> bool {
        self.column(name).is_some_and(|column| column.valid == 0 && column.is_built)
    }
}

/// Whether it waits for a number of events, which no time brings for sure.
fn counts_events(feature: &FeatureInfo) -> bool {
    ["parents", "durations"].iter().any(|events| feature.warm_up.contains(events))
}

/// Whether a quiet market can leave it without a value; a book has always some depth.
fn divides(feature: &FeatureInfo) -> bool {
    feature.warm_up.contains("> 0") && !feature.warm_up.contains("Dbar")
}

/// How many events it waits for.
fn needed(feature: &FeatureInfo) -> u32 {
    let first = feature.warm_up.split_whitespace().next();
    first.and_then(|count| count.parse().ok()).unwrap_or(u32::MAX)
}
