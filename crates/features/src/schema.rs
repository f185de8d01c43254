//! The feature schema: what a value of each slot means, as one canonical text. Its sha256 ties a
//! model to the engine whose rows it was trained on (TRAINING 1.3).

use fluxo_core::{Decimal, InstrumentSpec, Nanos, SizeClasses};

use crate::catalogue::{FEATURES, REGIME_NAMES, index};
use crate::nsmi::InputSet;
use crate::{FEATURE_COUNT, FeatureConfig, FeatureInfo, ROW_SLOTS, SamplingClock};

/// The revision of a slot's implementation: it grows by one whenever the numbers change. What is no
/// slot of a row has none, which is 0.
#[must_use]
pub const fn revision(slot: usize) -> u32 {
    match slot {
        // 2: it outlives closed phases and breaks.
        index::VPIN => 2,
        ..ROW_SLOTS => 1,
        _ => 0,
    }
}

/// One line per feature, then one per value of the regime vector:
/// `id|name|dtype|unit|params` and an end of line, ids from `f1`. The parameters are the feature's
/// own and everything of the configuration and of the instrument that changes its numbers; of what reads
/// a calibration, the SHA-256 of that too, where there is one. A finer grid of the same instrument has
/// the same text.
#[must_use]
pub fn schema_text(
    config: &FeatureConfig,
    spec: &InstrumentSpec,
    calibration: Option<[u8; 32]>,
) -> String {
    let clock = clock_param(config.clock, spec);
    let calibration = calibration.map(calibration_param);
    let features = FEATURES.iter().map(|feature| {
        let units = unit_params(feature.index, spec);
        let is_fitted = matches!(feature.index, index::VPIN | index::MICROPRICE_DEV);
        let fitted = calibration.clone().filter(|_| is_fitted);
        let own = params(feature, config).into_iter().chain(units).chain(fitted);
        let rev = format!("rev={}", revision(feature.index));
        let params = own.chain([clock.clone(), rev]).collect::<Vec<_>>().join(";");
        canonical_line(feature.index + 1, feature.name, feature.unit, &params)
    });
    let inputs = match config.regime_inputs {
        InputSet::Book => "book",
        InputSet::Trades => "trades",
    };
    let regime = REGIME_NAMES.iter().enumerate().map(|(at, name)| {
        let slot = FEATURE_COUNT + at;
        // Without a book, VPIN is one of its inputs.
        let fitted = calibration.clone().filter(|_| config.regime_inputs == InputSet::Trades);
        let rev = format!("rev={}", revision(slot));
        let own = [format!("inputs={inputs}")].into_iter().chain(fitted).chain([rev]);
        let params = own.collect::<Vec<_>>().join(";");
        canonical_line(slot + 1, name, "1", &params)
    });
    features.chain(regime).collect()
}

fn clock_param(clock: SamplingClock, spec: &InstrumentSpec) -> String {
    match clock {
        SamplingClock::Time { step } => format!("step_ns={}", step.get()),
        SamplingClock::BookChange => "clock=book_change".to_owned(),
        SamplingClock::Volume { lots } => {
            format!("bucket={}", amount(spec.lot_size, lots.get()))
        }
    }
}

fn calibration_param(sha256: [u8; 32]) -> String {
    let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("calibration={hex}")
}

/// So many times an amount; one beyond 64 bits counts as the largest.
fn amount(of: Decimal, count: i64) -> Decimal {
    Decimal::new(of.mantissa().saturating_mul(count), of.exponent())
}

/// The line of one value: the same on every machine and in every language.
#[must_use]
pub fn canonical_line(id: usize, name: &str, unit: &str, params: &str) -> String {
    format!("f{id}|{name}|f32|{unit}|{params}\n")
}

/// What of its instrument changes the numbers of a slot: keys of `instruments.toml`, whose values are
/// in [`schema_text`]. Tick and lot, which nearly every slot is counted in, are not among them.
#[must_use]
pub const fn instrument_settings(slot: usize) -> &'static [&'static str] {
    match slot {
        index::VWAP_DIST_SESSION | index::CUM_DELTA | index::TOD_SIN | index::TOD_COS => {
            &["calendar"]
        }
        index::SESSION_REMAINING => &["calendar", "funding_interval_h"],
        index::LARGE_TRADE_RATIO | index::WHALE_IMBALANCE => &["size_unit_lots", "size_classes"],
        index::STACKED_IMBALANCE => &["size_unit_lots", "footprint_row_ticks"],
        index::POC_DIST | index::VA_POSITION => &["calendar", "profile_row_ticks"],
        index::DEPTH_BPS_LOG | index::DEPTH_BPS_IMB => &["depth_band_bps"],
        index::CANCEL_RATE | index::CANCEL_IMBALANCE | index::ICEBERG_DETECTED => &["match_ttl_ms"],
        _ => &[],
    }
}

/// What a feature is counted in besides ticks and lots, as amounts of the world.
fn unit_params(slot: usize, spec: &InstrumentSpec) -> Vec<String> {
    let size_unit = || format!("size_unit={}", amount(spec.lot_size, spec.size_unit_lots.get()));
    let row = |name, ticks: i64| format!("{name}={}", amount(spec.tick_size, ticks));
    let calendar = || format!("calendar={}", spec.calendar.name());
    let units = &spec.units;
    // A threshold is named where it is not the usual one: without a name it is that of the catalogue.
    let class = |name, threshold: fn(SizeClasses) -> i64| {
        let units = threshold(units.size_classes);
        let is_usual = units == threshold(SizeClasses::DEFAULT);
        (!is_usual).then(|| format!("{name}_size_units={units}"))
    };
    match slot {
        index::VWAP_DIST_SESSION | index::CUM_DELTA | index::TOD_SIN | index::TOD_COS => {
            vec![calendar()]
        }
        index::SESSION_REMAINING => {
            let interval = units.funding_interval.map_or(0, Nanos::get);
            vec![calendar(), format!("funding_interval_ns={interval}")]
        }
        index::LARGE_TRADE_RATIO => {
            [size_unit()].into_iter().chain(class("large", SizeClasses::large)).collect()
        }
        index::WHALE_IMBALANCE => {
            [size_unit()].into_iter().chain(class("whale", SizeClasses::whale)).collect()
        }
        index::STACKED_IMBALANCE => {
            vec![size_unit(), row("footprint_row", units.footprint_row_ticks)]
        }
        index::POC_DIST | index::VA_POSITION => {
            vec![calendar(), row("profile_row", units.profile_row_ticks)]
        }
        index::DEPTH_BPS_LOG | index::DEPTH_BPS_IMB => {
            vec![format!("band_bps={}", units.depth_band_bps)]
        }
        index::CANCEL_RATE | index::CANCEL_IMBALANCE | index::ICEBERG_DETECTED => {
            vec![format!("match_ttl_ns={}", units.match_ttl.get())]
        }
        _ => Vec::new(),
    }
}

fn params(feature: &FeatureInfo, config: &FeatureConfig) -> Vec<String> {
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
        // They know no book.
        ..index::SPREAD_ABS | index::ABSORPTION..=index::VA_POSITION => Vec::new(),
        slot if revision(slot) > 0 => vec![stale],
        _ => Vec::new(),
    };
    own.chain(configured).map(|(key, value)| format!("{key}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Calendar, FeatureUnits, InstrumentKind, Lots, Market, SpecSource, UnixNanos};

    use super::*;

    fn spec() -> InstrumentSpec {
        InstrumentSpec {
            market: Market::BinanceUsdm,
            symbol: "BTCUSDT".into(),
            kind: InstrumentKind::Linear,
            base: "BTC".into(),
            quote: "USDT".into(),
            settle: "USDT".into(),
            tick_size: Decimal::new(1, 1),
            lot_size: Decimal::new(1, 3),
            multiplier: Decimal::ONE,
            maker_fee: Decimal::ZERO,
            taker_fee: Decimal::ZERO,
            size_unit_lots: Lots::new(100),
            units: FeatureUnits {
                profile_row_ticks: 100,
                footprint_row_ticks: 10,
                funding_interval: Some(Nanos::from_millis(28_800_000)),
                ..FeatureUnits::UNKNOWN
            },
            calendar: Calendar::AroundTheClock,
            valid_from: UnixNanos::new(0),
            source: SpecSource::Configured,
        }
    }

    fn text(config: &FeatureConfig, spec: &InstrumentSpec) -> String {
        schema_text(config, spec, None)
    }

    #[test]
    fn every_slot_is_built() {
        let built: Vec<usize> = (0..ROW_SLOTS).filter(|slot| revision(*slot) > 0).collect();
        let expected = 0..117;
        assert_eq!(built, expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_line_holds_every_parameter() {
        let text = text(&FeatureConfig::default(), &spec());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 114);
        for (at, line) in [
            (
                27,
                "f28|trade_intensity_10s|f32|1/s|window_ns=10000000000;parent_gap_ns=1000000;\
                 parent_close_ns=10000000;step_ns=100000000;rev=1",
            ),
            (
                44,
                "f45|session_remaining|f32|1|calendar=24x7;funding_interval_ns=28800000000000;\
                 step_ns=100000000;rev=1",
            ),
            (
                69,
                "f70|ofi_1s|f32|1|window_ns=1000000000;stale_ns=10000000000;step_ns=100000000;rev=1",
            ),
            (101, "f102|poc_dist|f32|bps|calendar=24x7;profile_row=10;step_ns=100000000;rev=1"),
            (113, "f114|regime_stability|f32|1|inputs=book;rev=1"),
        ] {
            assert_eq!(lines[at], line);
        }
    }

    #[test]
    fn a_class_of_size_is_named_where_it_is_another_than_the_usual() {
        let config = FeatureConfig::default();
        let usual = text(&config, &spec());
        let of = |classes| {
            let units = FeatureUnits { size_classes: SizeClasses(classes), ..spec().units };
            text(&config, &InstrumentSpec { units, ..spec() })
        };
        assert_eq!(of([5, 20, 50, 100]), usual);
        // Nothing counts small and medium parents or blocks apart.
        assert_eq!(of([7, 20, 60, 100]), usual);
        let other = of([5, 21, 50, 99]);
        let named = usual.lines().zip(other.lines()).zip(0..).filter(|((a, b), _)| a != b);
        let named: Vec<(usize, &str)> = named.map(|((_, line), slot)| (slot, line)).collect();
        assert_eq!(named.len(), 2);
        let wanted = [
            (index::LARGE_TRADE_RATIO, ";size_unit=0.1;large_size_units=21;"),
            (index::WHALE_IMBALANCE, ";size_unit=0.1;whale_size_units=99;"),
        ];
        for ((slot, line), (wanted_slot, param)) in named.into_iter().zip(wanted) {
            assert!(slot == wanted_slot && line.contains(param), "{line}");
        }
    }

    #[test]
    fn each_setting_of_an_instrument_has_its_parameter() {
        let units = FeatureUnits { size_classes: SizeClasses([1, 2, 3, 4]), ..spec().units };
        let spec = InstrumentSpec { units, ..spec() };
        for slot in 0..ROW_SLOTS {
            let params = unit_params(slot, &spec);
            assert_eq!(params.len(), instrument_settings(slot).len(), "{slot}: {params:?}");
            for (param, setting) in params.iter().zip(instrument_settings(slot)) {
                // `size_unit=0.1` of `size_unit_lots`, `whale_size_units=4` of `size_classes`.
                let name = param.split('=').next().unwrap();
                let common = name.split('_').filter(|word| setting.contains(word)).count();
                assert!(common > 0, "{param} of {setting}");
            }
        }
    }

    #[test]
    fn a_finer_grid_of_the_same_instrument_has_the_same_text() {
        let finer = InstrumentSpec {
            tick_size: Decimal::new(1, 2),
            lot_size: Decimal::new(1, 6),
            size_unit_lots: Lots::new(100_000),
            units: spec().units.rescaled(10).unwrap(),
            ..spec()
        };
        let config = FeatureConfig::default();
        assert_eq!(text(&config, &finer), text(&config, &spec()));
        let clocks = [
            SamplingClock::BookChange,
            SamplingClock::Volume { lots: Lots::new(5) },
            SamplingClock::Time { step: Nanos::from_millis(7) },
        ];
        let texts = clocks.map(|clock| text(&FeatureConfig { clock, ..config }, &spec()));
        assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
    }

    #[test]
    fn a_calibration_is_named_where_it_is_read() {
        let named = |regime_inputs| {
            let config = FeatureConfig { regime_inputs, ..FeatureConfig::default() };
            let text = schema_text(&config, &spec(), Some([0xab; 32]));
            let name = format!(";calibration={}", "ab".repeat(32));
            let named = (0..).zip(text.lines()).filter(|(_, line)| line.contains(&name));
            let named: Vec<usize> = named.map(|(slot, _)| slot).collect();
            assert_eq!(text.replace(&name, ""), schema_text(&config, &spec(), None));
            named
        };
        assert_eq!(named(InputSet::Book), [index::VPIN, index::MICROPRICE_DEV]);
        let of_trades = [index::VPIN, index::MICROPRICE_DEV].into_iter().chain(108..114);
        assert_eq!(named(InputSet::Trades), of_trades.collect::<Vec<_>>());
    }
}
