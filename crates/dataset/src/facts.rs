//! What a dataset says of itself: the key-values of its files and of `dataset.json` (TRAINING 1.3).

use std::collections::BTreeMap;

use fluxo_core::{Calendar, Decimal, InstrumentSpec, Nanos};
use fluxo_features::catalogue::TARGETS;
use fluxo_features::{
    FeatureConfig, SamplingClock, TargetConfig, TargetInfo, TargetKind, catalogue::FEATURES,
    schema_text, target_revision,
};
use fluxo_lake::Digest;
use fluxo_session::CalibrationFile;
use serde_json::{Value, json};

use crate::code_version::CodeVersion;
use crate::part::Tally;

/// The version of this layout.
const FORMAT_VERSION: &str = "1";

/// Which sets of features a dataset can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The recording has trades alone: no target can be labelled.
    TickOnly,
    /// The recording has a book.
    BookEnhanced,
}

impl Mode {
    /// Its name: the folder and the metadata spell it so.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TickOnly => "tick_only",
            Self::BookEnhanced => "book_enhanced",
        }
    }
}

/// Facts by their key, in order.
pub(crate) type Facts = BTreeMap<String, Value>;

/// The facts that hold for every file of a dataset, known before the first row.
pub(crate) fn common(
    mode: Mode,
    spec: &InstrumentSpec,
    config: &FeatureConfig,
    targets: &TargetConfig,
    calibration: Option<&CalibrationFile>,
    source_sha256: Digest,
) -> Facts {
    let text = schema_text(config, spec, calibration.map(|file| *file.sha256().as_bytes()));
    let facts = [
        ("ds.calibration", self::calibration(calibration)),
        ("ds.clock", clock(config.clock)),
        ("ds.code_version", json!(CodeVersion::of_this_build())),
        ("ds.feature_schema", feature_schema(&text)),
        ("ds.feature_schema_hash", json!(Digest::of(text.as_bytes()))),
        ("ds.format_version", json!(FORMAT_VERSION)),
        (INSTRUMENT, instrument(spec)),
        ("ds.mode", json!(mode.name())),
        ("ds.source_sha256", json!(source_sha256)),
        ("ds.target_schema", target_schema(targets, in_bps(spec.taker_fee))),
    ];
    facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The key of the instrument and its grid.
pub(crate) const INSTRUMENT: &str = "ds.instrument";
/// The place in it of the grid that the instruments file lists, where the data has a finer one.
const LISTED: &str = "listed";

/// The instrument on the grid that its rows are in, where the data made that finer than the listed one.
pub(crate) fn refined(listed: &InstrumentSpec, now: &InstrumentSpec) -> Value {
    let (before, mut facts) = (instrument(listed), instrument(listed));
    for key in ["tick_size", "lot_size"] {
        facts[LISTED][key] = before[key].clone();
    }
    (facts["tick_size"], facts["lot_size"]) =
        (json!(now.tick_size.to_f64()), json!(now.lot_size.to_f64()));
    facts
}

/// A fact as it is known before the first row: an instrument as it is listed.
pub(crate) fn as_listed(fact: Option<&Value>) -> Option<Value> {
    let mut fact = fact?.clone();
    if let Some(listed) = fact.as_object_mut().and_then(|fact| fact.remove(LISTED)) {
        for key in ["tick_size", "lot_size"] {
            fact[key] = listed[key].clone();
        }
    }
    Some(fact)
}

/// What the rows add up to: of a file, or of all files.
pub(crate) fn of_rows(tally: &Tally, clock: SamplingClock) -> Facts {
    let mut dropped = BTreeMap::from([("warmup", tally.cold)]);
    // Only the clocks of events can make several rows of one moment.
    if clock.step().is_none() {
        dropped.insert("superseded", tally.superseded);
    }
    let facts = [
        ("ds.partial_session", json!(tally.is_partial)),
        ("ds.rows", json!(tally.rows)),
        ("ds.rows_dropped", json!(dropped)),
        ("ds.t_end", json!(tally.last.get())),
        ("ds.t_start", json!(tally.first.get())),
    ];
    facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What was fitted on earlier sessions. Where nothing was, the rules of FEATURES 15 hold: the bucket of
/// VPIN comes from the first hour, and without a table there is no micro-price.
fn calibration(file: Option<&CalibrationFile>) -> Value {
    let Some(file) = file else {
        return json!({ "micro_price": "none", "sha256": null, "volume_bucket": "first_hour" });
    };
    let facts = file.facts();
    json!({
        "micro_price": if facts.micro_price.is_some() { "table" } else { "none" },
        "session_first": facts.sessions.first,
        "session_last": facts.sessions.last,
        "sessions": facts.sessions.count,
        "sha256": file.sha256(),
        "size_unit_lots": facts.size_unit.map(|unit| unit.lots),
        "volume_bucket": "sessions",
        "volume_bucket_lots": facts.volume_bucket.lots,
    })
}

/// Nothing is assumed of the way to us: the receive time is recorded.
fn clock(clock: SamplingClock) -> Value {
    let step = match clock {
        SamplingClock::Time { step } => step.get(),
        SamplingClock::BookChange => 1,
        SamplingClock::Volume { lots } => lots.get(),
    };
    json!({ "kind": clock.kind(), "latency_assumed_us": 0, "step": step, "ts_source": "receive" })
}

fn instrument(spec: &InstrumentSpec) -> Value {
    let calendar = match spec.calendar {
        Calendar::AroundTheClock => "24x7",
        Calendar::B3 => "B3",
        Calendar::Nasdaq => "NASDAQ",
        Calendar::Cme => "CME",
    };
    json!({
        "calendar": calendar,
        "fee_maker_bps": in_bps(spec.maker_fee),
        "fee_taker_bps": in_bps(spec.taker_fee),
        "lot_size": spec.lot_size.to_f64(),
        "symbol": spec.symbol,
        "tick_size": spec.tick_size.to_f64(),
        "venue": spec.market.name(),
    })
}

/// A share in hundredths of a per cent; the point moves, so that no digit is lost.
fn in_bps(share: Decimal) -> f64 {
    const BPS_DIGITS: u8 = 4;
    match share.exponent().checked_sub(BPS_DIGITS) {
        Some(exponent) => Decimal::new(share.mantissa(), exponent).to_f64(),
        None => share.to_f64() * 1e4,
    }
}

/// The canonical text, line by line, with how far each feature looks back.
fn feature_schema(text: &str) -> Value {
    let entry = |(at, line): (usize, &str)| {
        let mut fields = line.splitn(5, '|');
        let mut field = || fields.next().unwrap_or_default();
        let (id, name, dtype, unit, params) = (field(), field(), field(), field(), field());
        json!({
            "dtype": dtype,
            "id": id,
            "lookback_ns": lookback_ns(at),
            "name": name,
            "params": params,
            "unit": unit,
        })
    };
    text.lines().enumerate().map(entry).collect()
}

/// The window, or where a feature decays ten half-lives: what lies before has lost 99.9 % of its
/// weight. 0 for what counts no time, and for the regime vector, whose memory of what is usual has no
/// end: its fast estimate has forgotten a step after ten minutes, its slow one after five hours.
fn lookback_ns(slot: usize) -> i64 {
    const HALF_LIVES: i64 = 10;
    let millis = FEATURES.get(slot).map_or(0, |feature| {
        i64::from(feature.window_ms).max(HALF_LIVES * i64::from(feature.half_life_ms))
    });
    Nanos::from_millis(millis).get()
}

fn target_schema(config: &TargetConfig, fee_bps: f64) -> Value {
    TARGETS.iter().map(|info| target(info, config, fee_bps)).collect()
}

fn target(target: &TargetInfo, config: &TargetConfig, fee_bps: f64) -> Value {
    let kind = match target.kind {
        TargetKind::Regression => "reg",
        TargetKind::Ternary => "cls3",
        TargetKind::Binary => "cls2",
    };
    json!({
        "embargo_ns": nanos(target.embargo_ms),
        "horizon_ns": nanos(target.horizon_ms),
        "id": format!("y{}", target.index + 1),
        "kind": kind,
        "name": target.name,
        "rev": target_revision(target.index),
        "threshold": threshold(target, config, fee_bps),
    })
}

fn nanos(millis: u32) -> i64 {
    Nanos::from_millis(i64::from(millis)).get()
}

/// A direction is measured against how far the price usually moves, with a floor of a quarter tick;
/// barriers and bets against what a round trip costs.
fn threshold(target: &TargetInfo, config: &TargetConfig, fee_bps: f64) -> Value {
    let TargetConfig { c_cost, slip_bps, latency } = *config;
    match (target.kind, target.name) {
        (TargetKind::Regression, _) => json!({ "rule": "none" }),
        (_, "tb_label") => json!({
            "c_cost": c_cost,
            "fee_bps": fee_bps,
            "half_life_ns": 300_000_000_000_i64,
            "returns_min": 120,
            "rule": "triple_barrier",
            "slip_bps": slip_bps,
            "span_max_ns": 900_000_000_000_i64,
            "span_min_ns": 60_000_000_000_i64,
        }),
        (_, "tb_meta") => json!({
            "fee_bps": fee_bps,
            "imbalance": 0.2,
            "latency_ns": latency.get(),
            "ofi_5s": 0.5,
            "rule": "net_of_fees",
        }),
        _ => json!({
            "floor_ticks": 0.25,
            "half_life_ns": 1_800_000_000_000_i64,
            "kappa": 0.5,
            "returns_min": 600,
            "rule": "volatility",
        }),
    }
}

#[cfg(test)]
mod tests {
    use fluxo_features::canonical_line;

    use super::*;

    #[test]
    fn the_hash_of_a_feature_text_is_the_published_one() {
        // The line's form is the feature crate's, the hash ours; the oracle is of TRAINING 1.3.
        let text = canonical_line(1, "ofi_1s", "qty", "window_ns=1000000000")
            + &canonical_line(2, "spread_ticks", "ticks", "");
        assert_eq!(text, "f1|ofi_1s|f32|qty|window_ns=1000000000\nf2|spread_ticks|f32|ticks|\n");
        assert_eq!(
            Digest::of(text.as_bytes()).to_string(),
            "8cfbb17fe248678d93fd2413f6361d21cd3b2c8643c83daa3f6c5a71efa3ff86"
        );
    }

    #[test]
    fn the_schema_is_the_canonical_text() {
        let config = FeatureConfig::default();
        let text = schema_text(&config, &fluxo_sim::synthetic::instrument(), None);
        let entries = feature_schema(&text);
        let line = |entry: &Value| {
            let field = |name: &str| entry[name].as_str().unwrap().to_owned();
            ["id", "name", "dtype", "unit", "params"].map(field).join("|") + "\n"
        };
        assert_eq!(entries.as_array().unwrap().iter().map(line).collect::<String>(), text);
        assert_eq!(entries[69]["name"], "ofi_1s");
        assert_eq!(entries[69]["lookback_ns"], 1_000_000_000);
    }

    #[test]
    fn targets_say_what_they_are() {
        let schema = target_schema(&TargetConfig::default(), 5.0);
        assert_eq!(schema.as_array().unwrap().len(), 12);
        assert_eq!(schema[6]["id"], "y7");
        assert_eq!(schema[6]["name"], "dir_10s");
        assert_eq!(schema[6]["kind"], "cls3");
        assert_eq!(schema[6]["threshold"]["kappa"], 0.5);
        assert_eq!((&schema[2]["kind"], &schema[9]["kind"]), (&json!("reg"), &json!("cls2")));
        assert_eq!((&schema[7]["rev"], &schema[8]["rev"]), (&json!(1), &json!(1)));
        assert_eq!(
            (&schema[8]["threshold"]["fee_bps"], &schema[8]["threshold"]["c_cost"]),
            (&json!(5.0), &json!(1.5))
        );
        assert_eq!(schema[9]["threshold"]["latency_ns"], 50_000_000);
        assert_eq!(
            (&schema[3]["embargo_ns"], &schema[8]["embargo_ns"]),
            (&json!(150_000_000_000_i64), &json!(900_000_000_000_i64))
        );
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "no digit is lost")]
    fn fees_lose_no_digit() {
        for (share, bps) in [("0.0005", 5.0), ("0.00036", 3.6), ("0.000025", 0.25), ("0.001", 10.0)]
        {
            assert_eq!(in_bps(share.parse().unwrap()), bps);
        }
    }
}
