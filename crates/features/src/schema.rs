//! The feature schema: what a value of each slot means, as one canonical text. Its sha256 ties a
//! model to the engine whose rows it was trained on (TRAINING 1.3).

use fluxo_core::{Decimal, InstrumentSpec};

use crate::catalogue::{FEATURES, REGIME_NAMES, index};
use crate::{FEATURE_COUNT, FeatureConfig, FeatureInfo};

/// The revision of a slot's implementation: 0 is not built, so the slot is undefined in every row;
/// it grows by one whenever the numbers change.
#[must_use]
pub const fn revision(slot: usize) -> u32 {
    match slot {
        index::TRADE_INTENSITY_10S..=index::VPIN
        | index::ROLL_SPREAD..=index::HAWKES_SELL
        | index::SPREAD_ABS..=index::QUEUE_DEPLETION_ASYM => 1,
        _ => 0,
    }
}

/// One line per feature, then one per value of the regime vector:
/// `id|name|dtype|unit|params` and an end of line, ids from `f1`. The parameters are the feature's
/// own and every configuration value that changes its numbers; of what reads a calibration, the
/// SHA-256 of that too, where there is one.
#[must_use]
pub fn schema_text(config: &FeatureConfig, calibration: Option<[u8; 32]>) -> String {
    let calibration = calibration.map(calibration_param).unwrap_or_default();
    let features = FEATURES.iter().map(|feature| {
        let params = match feature.index {
            index::VPIN | index::MICROPRICE_DEV => params(feature, config) + &calibration,
            _ => params(feature, config),
        };
        canonical_line(feature.index + 1, feature.name, feature.unit, &params)
    });
    let regime = REGIME_NAMES.iter().enumerate().map(|(at, name)| {
        let slot = FEATURE_COUNT + at;
        // Without a book, VPIN is one of its inputs.
        let params = format!("rev={}{calibration}", revision(slot));
        canonical_line(slot + 1, name, "1", &params)
    });
    features.chain(regime).collect()
}

fn calibration_param(sha256: [u8; 32]) -> String {
    let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(";calibration={hex}")
}

/// The line of one value: the same on every machine and in every language.
#[must_use]
pub fn canonical_line(id: usize, name: &str, unit: &str, params: &str) -> String {
    format!("f{id}|{name}|f32|{unit}|{params}\n")
}

/// What a feature is counted in besides ticks and lots, as amounts of the world: a finer grid of the
/// same instrument has the same ones. An amount beyond 64 bits counts as the largest.
#[must_use]
pub fn unit_params(slot: usize, spec: &InstrumentSpec) -> Vec<(&'static str, Decimal)> {
    let amount =
        |of: Decimal, count: i64| Decimal::new(of.mantissa().saturating_mul(count), of.exponent());
    let size_unit = ("size_unit", amount(spec.lot_size, spec.size_unit_lots.get()));
    let row = |name, ticks: i64| (name, amount(spec.tick_size, ticks));
    match slot {
        index::LARGE_TRADE_RATIO | index::WHALE_IMBALANCE => vec![size_unit],
        index::STACKED_IMBALANCE => {
            vec![size_unit, row("footprint_row", spec.units.footprint_row_ticks)]
        }
        index::POC_DIST | index::VA_POSITION => {
            vec![row("profile_row", spec.units.profile_row_ticks)]
        }
        index::DEPTH_BPS_LOG | index::DEPTH_BPS_IMB => {
            vec![("band_bps", Decimal::new(spec.units.depth_band_bps, 0))]
        }
        index::CANCEL_RATE | index::CANCEL_IMBALANCE | index::ICEBERG_DETECTED => {
            vec![("match_ttl_ns", Decimal::new(spec.units.match_ttl.get(), 0))]
        }
        _ => Vec::new(),
    }
}

fn params(feature: &FeatureInfo, config: &FeatureConfig) -> String {
    let nanos = |millis: u32| i64::from(millis) * 1_000_000;
    let own = [
        ("window_ns", nanos(feature.window_ms)),
        ("n", i64::from(feature.count)),
        ("half_life_ns", nanos(feature.half_life_ms)),
    ];
    let own = own.into_iter().filter(|(_, value)| *value != 0);
    let parents = [
        ("parent_gap_ns", config.parent_gap.get()),
        ("parent_close_ns", config.parent_close.get()),
    ];
    let stale = ("stale_ns", config.stale_book_after.get());
    let configured = match feature.index {
        index::TRADE_INTENSITY_10S..=index::TRADE_SIZE_EW
        | index::LARGE_TRADE_RATIO
        | index::ROLL_SPREAD..=index::HAWKES_SELL
        | index::SWEEP_DETECTED
        | index::WHALE_IMBALANCE => parents.to_vec(),
        index::HASBROUCK_IMPACT..=index::REALIZED_SPREAD => [&parents[..], &[stale]].concat(),
        index::ICEBERG_DETECTED => vec![parents[1], stale],
        index::VOLUME_IMBALANCE
        | index::DELTA_60S..=index::VPIN
        | index::ABSORPTION..=index::VA_POSITION => Vec::new(),
        slot if revision(slot) > 0 => vec![stale],
        _ => Vec::new(),
    };
    let last = [("step_ns", config.step.get()), ("rev", i64::from(revision(feature.index)))];
    let all = own.chain(configured).chain(last);
    all.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_features_are_those_of_the_specification() {
        let built: Vec<usize> = (0..FEATURE_COUNT).filter(|slot| revision(*slot) > 0).collect();
        let expected = (27..=36).chain(38..=41).chain(45..=104);
        assert_eq!(built, expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_line_holds_every_parameter() {
        let text = schema_text(&FeatureConfig::default(), None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 114);
        assert_eq!(
            lines[27],
            "f28|trade_intensity_10s|f32|1/s|window_ns=10000000000;parent_gap_ns=1000000;\
             parent_close_ns=10000000;step_ns=100000000;rev=1"
        );
        assert_eq!(
            lines[69],
            "f70|ofi_1s|f32|1|window_ns=1000000000;stale_ns=10000000000;step_ns=100000000;rev=1"
        );
        assert_eq!(
            lines[59],
            "f60|microprice_dev|f32|ticks|stale_ns=10000000000;step_ns=100000000;rev=1"
        );
        assert_eq!(lines[113], "f114|regime_stability|f32|1|rev=0");
    }

    #[test]
    fn a_calibration_is_named_where_it_is_read() {
        let config = FeatureConfig::default();
        let text = schema_text(&config, Some([0xab; 32]));
        let end = format!(";calibration={}", "ab".repeat(32));
        let named = (0..).zip(text.lines()).filter(|(_, line)| line.ends_with(&end));
        let named: Vec<usize> = named.map(|(slot, _)| slot).collect();
        let expected = [index::VPIN, index::MICROPRICE_DEV].into_iter().chain(108..114);
        assert_eq!(named, expected.collect::<Vec<_>>());
        assert_eq!(text.replace(&end, ""), schema_text(&config, None));
    }
}
