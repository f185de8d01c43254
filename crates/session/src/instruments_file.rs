//! `instruments.toml`: what the integers of each listed instrument mean.

use std::collections::BTreeMap;
use std::path::Path;

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, InstrumentKind, InstrumentSpec, Lots, Market, Nanos,
    SizeClasses, SpecSource, UnixNanos,
};
use fluxo_venues::client::ListedFilters;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::keys;
use crate::{CalibrationFile, ConfigError, EngineFile};

/// The list that ships with the project, used where no other is named.
pub const DEFAULT_INSTRUMENTS_TOML: &str = include_str!("../../../configs/instruments.toml");

#[derive(Clone, Debug, Serialize, Deserialize)]
struct File {
    markets: BTreeMap<Market, MarketSection>,
    instrument: Vec<Table>,
}

/// What holds for a market where an instrument says nothing else.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct MarketSection {
    maker_fee: Decimal,
    taker_fee: Decimal,
    multiplier: Decimal,
    calendar: Calendar,
    match_ttl_ms: i64,
    depth_band_bps: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    funding_interval_h: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct InstrumentSection {
    market: Market,
    symbol: String,
    base: String,
    quote: String,
    settle: String,
    tick_size: Decimal,
    lot_size: Decimal,
    size_unit_lots: i64,
    profile_row_ticks: i64,
    footprint_row_ticks: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_classes: Option<SizeClasses>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multiplier: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maker_fee: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    taker_fee: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    match_ttl_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth_band_bps: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    funding_interval_h: Option<i64>,
}

/// The listed instruments.
#[derive(Clone, Debug)]
pub struct Instruments {
    listed: BTreeMap<(Market, String), InstrumentSpec>,
    match_ttl: BTreeMap<Market, Nanos>,
    markets: BTreeMap<Market, MarketSection>,
    /// Whose size unit was fitted.
    calibration: Option<CalibrationFile>,
}

/// How long a print and its depth change may lie apart on a feed that nobody described.
const MATCH_TTL_UNKNOWN: Nanos = Nanos::from_millis(250);
const DAY: Nanos = Nanos::from_millis(86_400_000);
/// Longer than any feed dawdles.
const MATCH_TTL_MS_MAX: i64 = 60_000;

impl Instruments {
    /// Reads `path`, or the shipped list.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, names an unknown key, lists an instrument twice or
    /// gives it a grid without arithmetic.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else {
            return Self::parse(DEFAULT_INSTRUMENTS_TOML, "the shipped instruments.toml");
        };
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// A listed instrument.
    #[must_use]
    pub fn get(&self, market: Market, symbol: &str) -> Option<&InstrumentSpec> {
        self.listed.get(&(market, symbol.to_owned()))
    }

    /// These instruments with the size unit that a configuration's calibration has, if it has one.
    #[must_use]
    pub fn calibrated_by(mut self, engine: &EngineFile) -> Self {
        self.calibration = engine.calibration_file().cloned();
        let units = self.calibration.iter();
        for ((market, symbol), spec) in &mut self.listed {
            if let Some(unit) = units.clone().find_map(|file| file.size_unit(*market, symbol)) {
                spec.size_unit_lots = unit;
            }
        }
        self
    }

    /// The size unit that was fitted on an instrument.
    pub(crate) fn size_unit(&self, market: Market, symbol: &str) -> Option<Lots> {
        self.calibration.as_ref()?.size_unit(market, symbol)
    }

    /// How long a print and its depth change may lie apart on a market.
    #[must_use]
    pub fn match_ttl(&self, market: Market) -> Nanos {
        self.match_ttl.get(&market).copied().unwrap_or(MATCH_TTL_UNKNOWN)
    }

    /// An instrument that only the venue lists: its grid is the venue's, its fees are those of its
    /// market. `None` for a market that the list does not describe.
    pub(crate) fn unlisted(
        &self,
        market: Market,
        symbol: &str,
        venue: &ListedFilters,
    ) -> Option<InstrumentSpec> {
        let defaults = self.markets.get(&market)?;
        let inverse = market.kind() == InstrumentKind::Inverse;
        let settle = if inverse { &venue.base } else { &venue.quote };
        let section = InstrumentSection {
            market,
            symbol: symbol.to_owned(),
            base: venue.base.clone(),
            quote: venue.quote.clone(),
            settle: venue.margin.as_ref().unwrap_or(settle).clone(),
            tick_size: venue.tick_size,
            lot_size: venue.lot_size,
            size_unit_lots: self
                .size_unit(market, symbol)
                .map_or(if inverse { 1 } else { 100 }, Lots::get),
            profile_row_ticks: FeatureUnits::UNKNOWN.profile_row_ticks,
            footprint_row_ticks: FeatureUnits::UNKNOWN.footprint_row_ticks,
            size_classes: None,
            multiplier: venue.contract_size,
            maker_fee: None,
            taker_fee: None,
            match_ttl_ms: None,
            depth_band_bps: None,
            funding_interval_h: None,
        };
        Some(section.with(defaults))
    }

    fn parse(text: &str, place: &str) -> Result<Self, ConfigError> {
        let table = keys::parse(text, place)?;
        refuse_unknown(&table, place)?;
        let (file, _) = keys::deserialize::<File>(table, place)?;
        let mut instruments = Self {
            listed: BTreeMap::new(),
            match_ttl: BTreeMap::new(),
            markets: file.markets.clone(),
            calibration: None,
        };
        for (market, section) in &file.markets {
            let ttl = match_ttl(section.match_ttl_ms).map_err(|source| ConfigError::Section {
                place: place.to_owned(),
                section: format!("markets.{market}"),
                source: Box::new(source),
            })?;
            instruments.match_ttl.insert(*market, ttl);
        }
        for section in file.instrument {
            let named = |key: &str| section.get(key).and_then(Value::as_str).unwrap_or("?");
            let place_of = format!("{place}: {} on {}", named("symbol"), named("market"));
            let (section, _) = keys::deserialize(section, &place_of)?;
            instruments.add(section, &file.markets, place)?;
        }
        Ok(instruments)
    }

    fn add(
        &mut self,
        section: InstrumentSection,
        markets: &BTreeMap<Market, MarketSection>,
        place: &str,
    ) -> Result<(), ConfigError> {
        let (market, symbol) = (section.market, section.symbol.clone());
        let defaults = markets.get(&market).ok_or(ConfigError::Range {
            key: "markets",
            must: "describe every market of an instrument",
            got: format!("none for {market}"),
        })?;
        let checked = || {
            section.match_ttl_ms.map(match_ttl).transpose()?;
            let spec = section.with(defaults);
            check_spec(&spec).map(|()| spec)
        };
        let spec = checked().map_err(|source| ConfigError::Section {
            place: place.to_owned(),
            section: format!("{symbol} on {market}"),
            source: Box::new(source),
        })?;
        spec.valuation().map_err(|source| ConfigError::Specification {
            place: place.to_owned(),
            symbol: symbol.clone(),
            source,
        })?;
        match self.listed.insert((market, symbol.clone()), spec) {
            Some(_) => Err(ConfigError::Duplicate { place: place.to_owned(), market, symbol }),
            None => Ok(()),
        }
    }
}

/// Keys of `[markets.*]`.
const MARKET_KEYS: [&str; 7] = [
    "maker_fee",
    "taker_fee",
    "multiplier",
    "calendar",
    "match_ttl_ms",
    "depth_band_bps",
    "funding_interval_h",
];
/// Keys of `[[instrument]]`.
const INSTRUMENT_KEYS: [&str; 17] = [
    "market",
    "symbol",
    "base",
    "quote",
    "settle",
    "tick_size",
    "lot_size",
    "size_unit_lots",
    "profile_row_ticks",
    "footprint_row_ticks",
    "size_classes",
    "multiplier",
    "maker_fee",
    "taker_fee",
    "match_ttl_ms",
    "depth_band_bps",
    "funding_interval_h",
];

/// Refuses the first key that nobody reads, before a key that is missing because of it is.
fn refuse_unknown(table: &Table, place: &str) -> Result<(), ConfigError> {
    check_keys(table, &["markets", "instrument"], "", place)?;
    if let Some(Value::Table(markets)) = table.get("markets") {
        for (name, section) in markets {
            check_section(section, &MARKET_KEYS, &format!("markets.{name}."), place)?;
        }
    }
    if let Some(Value::Array(instruments)) = table.get("instrument") {
        for section in instruments {
            check_section(section, &INSTRUMENT_KEYS, "instrument.", place)?;
        }
    }
    Ok(())
}

fn check_section(
    section: &Value,
    known: &[&str],
    prefix: &str,
    place: &str,
) -> Result<(), ConfigError> {
    section.as_table().map_or(Ok(()), |table| check_keys(table, known, prefix, place))
}

fn check_keys(table: &Table, known: &[&str], prefix: &str, place: &str) -> Result<(), ConfigError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ConfigError::UnknownKey {
            place: place.to_owned(),
            key: format!("{prefix}{key}"),
            nearest: keys::nearest_of(key, known.iter().copied()),
        }),
        None => Ok(()),
    }
}

impl InstrumentSection {
    fn with(self, defaults: &MarketSection) -> InstrumentSpec {
        InstrumentSpec {
            kind: self.market.kind(),
            market: self.market,
            symbol: self.symbol,
            base: self.base,
            quote: self.quote,
            settle: self.settle,
            tick_size: self.tick_size,
            lot_size: self.lot_size,
            multiplier: self.multiplier.unwrap_or(defaults.multiplier),
            maker_fee: self.maker_fee.unwrap_or(defaults.maker_fee),
            taker_fee: self.taker_fee.unwrap_or(defaults.taker_fee),
            size_unit_lots: Lots::new(self.size_unit_lots),
            units: FeatureUnits {
                profile_row_ticks: self.profile_row_ticks,
                footprint_row_ticks: self.footprint_row_ticks,
                depth_band_bps: self.depth_band_bps.unwrap_or(defaults.depth_band_bps),
                match_ttl: Nanos::from_millis(self.match_ttl_ms.unwrap_or(defaults.match_ttl_ms)),
                funding_interval: self
                    .funding_interval_h
                    .or(defaults.funding_interval_h)
                    .map(|hours| Nanos::from_millis(hours.saturating_mul(3_600_000))),
                size_classes: self.size_classes.unwrap_or(SizeClasses::DEFAULT),
            },
            calendar: defaults.calendar,
            valid_from: UnixNanos::new(0),
            source: SpecSource::Configured,
        }
    }
}

/// What arithmetic alone would accept, and no venue has.
fn check_spec(spec: &InstrumentSpec) -> Result<(), ConfigError> {
    if spec.size_unit_lots < Lots::new(1) {
        let got = spec.size_unit_lots.get().to_string();
        return Err(ConfigError::Range { key: "size_unit_lots", must: "be above zero", got });
    }
    let FeatureUnits { profile_row_ticks, footprint_row_ticks, depth_band_bps, .. } = spec.units;
    for (key, value, max) in [
        ("profile_row_ticks", profile_row_ticks, i64::from(i32::MAX)),
        ("footprint_row_ticks", footprint_row_ticks, i64::from(i32::MAX)),
        ("depth_band_bps", depth_band_bps, 1_000),
    ] {
        if !(1..=max).contains(&value) {
            let got = value.to_string();
            return Err(ConfigError::Range { key, must: "be above zero and no absurdity", got });
        }
    }
    if let Some(interval) = spec.units.funding_interval
        && (interval <= Nanos::ZERO || DAY.get() % interval.get() != 0)
    {
        let got = format!("{} h", interval.get() / 3_600_000_000_000);
        return Err(ConfigError::Range { key: "funding_interval_h", must: "divide a day", got });
    }
    for (key, fee) in [("maker_fee", spec.maker_fee), ("taker_fee", spec.taker_fee)] {
        let units = fee.mantissa_at(FEE_DIGITS_MAX);
        if units.is_none_or(|units| units.abs() > FEE_UNITS_MAX) {
            let must = "lie between -0.05 and 0.05, with at most 12 digits after the point";
            return Err(ConfigError::Range { key, must, got: fee.to_string() });
        }
    }
    let classes = spec.units.size_classes;
    if !classes.are_ordered() {
        return Err(ConfigError::SizeClasses { got: classes.0 });
    }
    Ok(())
}

/// A fee of one part in `10^12` is the smallest there can be.
const FEE_DIGITS_MAX: u8 = 12;
/// A twentieth of the value: whoever writes more meant per cent.
const FEE_UNITS_MAX: i64 = 50_000_000_000;

fn match_ttl(millis: i64) -> Result<Nanos, ConfigError> {
    if (0..=MATCH_TTL_MS_MAX).contains(&millis) {
        Ok(Nanos::from_millis(millis))
    } else {
        let (key, must) = ("match_ttl_ms", "lie between 0 and 60000");
        Err(ConfigError::Range { key, must, got: millis.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifteen_pairs_are_listed_on_three_markets_and_what_else_there_is_data_of() {
        let shipped = Instruments::load(None).unwrap();
        assert_eq!(shipped.listed.len(), 3 * 15 + 2 + 1 + 4);
        let spec = &shipped.get(Market::BinanceCoinm, "BTCUSD_PERP").unwrap();
        assert_eq!((spec.settle.as_str(), spec.multiplier), ("BTC", Decimal::new(100, 0)));
        assert_eq!(
            shipped.get(Market::BinanceUsdm, "BTCUSDT").unwrap().size_unit_lots,
            Lots::new(100)
        );
        assert_eq!(shipped.get(Market::B3Futures, "WDO").unwrap().units.match_ttl, Nanos::ZERO);
    }

    #[test]
    fn the_synthetic_instrument_is_the_one_that_its_market_is_made_for() {
        let made_for = fluxo_sim::synthetic::instrument();
        let shipped = Instruments::load(None).unwrap();
        assert_eq!(shipped.get(made_for.market, &made_for.symbol).unwrap().clone(), made_for);
    }

    #[test]
    fn an_instrument_may_have_fees_and_times_of_its_own() {
        let listed = |more: &str| {
            let text = format!("{DEFAULT_INSTRUMENTS_TOML}{more}");
            let list = Instruments::parse(&text, "x.toml").unwrap();
            list.get(Market::B3Futures, "WIN").unwrap().clone()
        };
        let (before, after) = (listed(""), listed("maker_fee = \"-0.00001\"\nmatch_ttl_ms = 7\n"));
        assert_eq!(after.maker_fee, "-0.00001".parse().unwrap());
        assert_eq!(after.units.match_ttl, Nanos::from_millis(7));
        // What it does not say is the market's.
        assert_eq!(after.taker_fee, before.taker_fee);
    }

    #[test]
    fn an_instrument_may_have_classes_of_its_own() {
        let parsed =
            |more: &str| Instruments::parse(&format!("{DEFAULT_INSTRUMENTS_TOML}{more}"), "x.toml");
        let classes = |more: &str| {
            let list = parsed(more).unwrap();
            list.get(Market::B3Futures, "WIN").unwrap().units.size_classes
        };
        assert_eq!(classes(""), SizeClasses::DEFAULT);
        assert_eq!(classes("size_classes = [5, 20, 50, 100]\n"), SizeClasses::DEFAULT);
        assert_eq!(classes("size_classes = [1, 2, 3, 4]\n"), SizeClasses([1, 2, 3, 4]));
        for wrong in ["[0, 20, 50, 100]", "[5, 20, 20, 100]", "[5, 20, 50, -100]"] {
            let error = parsed(&format!("size_classes = {wrong}\n")).unwrap_err();
            assert_eq!(
                error.into_failure().to_string(),
                format!(
                    "x.toml: WIN on b3-futures: `size_classes` are {wrong}, and each must be above \
                     zero and larger than the one before; write where medium, large, block and whale \
                     begin, as in `size_classes = [5, 20, 50, 100]`"
                )
            );
        }
        for wrong in ["[5, 20, 50]", "[5, 20, 50, 100, 200]", "[5, 20, 50, 1.5]", "5"] {
            let error = parsed(&format!("size_classes = {wrong}\n")).unwrap_err();
            let said = error.into_failure().to_string();
            assert!(
                said.starts_with("x.toml: WIN on b3-futures: a value cannot"),
                "{wrong}: {said}"
            );
        }
    }

    #[test]
    fn a_list_that_cannot_be_is_refused() {
        let refused = |from: &str, to: &str| {
            let text = DEFAULT_INSTRUMENTS_TOML.replacen(from, to, 1);
            assert_ne!(text, DEFAULT_INSTRUMENTS_TOML);
            Instruments::parse(&text, "x.toml").unwrap_err()
        };
        assert!(matches!(
            refused("symbol = \"ETHUSDT\"", "symbol = \"BTCUSDT\""),
            ConfigError::Duplicate { .. }
        ));
        assert!(matches!(
            refused("tick_size = \"0.01\"", "tick_size = \"0\""),
            ConfigError::Specification { .. }
        ));
        assert!(matches!(
            refused("match_ttl_ms = 250", "match_ttl_ms = -1"),
            ConfigError::Section { .. }
        ));
        for (from, to) in [
            ("\nsize_unit_lots = ", "\nsize_unit_lots = -"),
            ("maker_fee = \"", "maker_fee = \"-1"),
            ("taker_fee = \"", "taker_fee = \"9"),
        ] {
            let said = refused(from, to).into_failure().to_string();
            assert!(said.contains(" must ") && said.starts_with("x.toml: "), "{to}: {said}");
        }
        let ConfigError::UnknownKey { nearest, .. } = refused("maker_fee", "make_fee") else {
            panic!("an unknown key passed")
        };
        assert_eq!(nearest.as_deref(), Some("maker_fee"));
    }
}
