//! The file of what was fitted on earlier sessions, and whether it may be used here.

use std::path::Path;

use fluxo_core::{Calendar, Decimal, InstrumentSpec, Lots, Market, UnixNanos};
use fluxo_features::{Calibration, MicroPriceTable, TradingSession};
use fluxo_lake::Digest;
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::recording::label;

/// The version of the file's layout.
pub const CALIBRATION_FORMAT: u32 = 1;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationFacts {
    /// [`CALIBRATION_FORMAT`] of the writer.
    pub format_version: u32,
    /// Whose it is: lots and ticks mean nothing elsewhere.
    pub instrument: CalibratedInstrument,
    /// The micro-price table; none where there was no book.
    pub micro_price: Option<MicroPriceFit>,
    /// The sessions that it was fitted on.
    pub sessions: SessionsFitted,
    /// The size unit, when it was asked for.
    pub size_unit: Option<SizeUnitFit>,
    /// Over the hashes of the recordings that were read.
    pub source_sha256: Digest,
    /// The bucket of VPIN.
    pub volume_bucket: VolumeBucketFit,
}

/// An instrument and its grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibratedInstrument {
    /// One lot.
    pub lot_size: Decimal,
    /// The market.
    pub market: Market,
    /// The venue's symbol.
    pub symbol: String,
    /// The distance between neighbouring prices.
    pub tick_size: Decimal,
}

/// The sessions that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionsFitted {
    /// How many there are.
    pub count: u32,
    /// The first, as yyyymmdd.
    pub first: i32,
    /// The last, as yyyymmdd.
    pub last: i32,
    /// When the last event that counted was received, in nanoseconds since 1970: what is fitted here
    /// may be used after it.
    pub until_ns: i64,
}

/// `Vb` of FEATURES 7.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeBucketFit {
    /// Whether the recordings hold all of each of its sessions.
    pub are_whole: bool,
    /// The bucket, in lots.
    pub lots: i64,
    /// How many sessions, the last ones, it is taken from.
    pub sessions: u32,
    /// Their volume, in lots.
    pub volume_lots: i64,
}

/// `G*` of FEATURES 7.4.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MicroPriceFit {
    /// How many updates of the book were counted.
    pub updates: u64,
    /// The table.
    pub table: MicroPriceTable,
}

/// The size unit: the median parent trade, rounded to 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeUnitFit {
    /// The unit, in lots.
    pub lots: i64,
    /// How many parent trades it is the median of.
    pub parents: u64,
}

/// A file that was read, and the hash that names it.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationFile {
    facts: CalibrationFacts,
    text: String,
    sha256: Digest,
}

impl CalibrationFacts {
    /// The bytes of the file: keys sorted, one form.
    ///
    /// # Panics
    /// Never: it has a JSON form by its types.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Through a value, whose keys are sorted whatever the order of the fields is.
        let value = serde_json::to_value(self).expect("a calibration has a JSON form");
        format!("{value:#}\n")
    }
}

impl CalibrationFile {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, or that is no calibration.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(text, &path.display().to_string())
    }

    /// Takes the text of a file; `place` is where it came from.
    ///
    /// # Errors
    /// A text that is no calibration.
    pub fn parse(text: String, place: &str) -> Result<Self, ConfigError> {
        let place = || place.to_owned();
        let facts: CalibrationFacts = serde_json::from_str(&text)
            .map_err(|source| ConfigError::Calibration { place: place(), source })?;
        let unusable = |why| Err(ConfigError::CalibrationValue { place: place(), why });
        if facts.format_version != CALIBRATION_FORMAT {
            return unusable("is of a format that this version does not read");
        }
        if facts.volume_bucket.lots < 1 || facts.size_unit.is_some_and(|unit| unit.lots < 1) {
            return unusable("holds a bucket or a unit below one lot");
        }
        let table = facts.micro_price.iter().flat_map(|fit| &fit.table.rows).flatten();
        if !table.into_iter().all(|value| value.is_finite()) {
            return unusable("holds a micro-price that is not finite");
        }
        if facts.micro_price.as_ref().is_some_and(|fit| fit.table.rows.is_empty()) {
            return unusable("holds an empty micro-price table");
        }
        let sha256 = Digest::of(text.as_bytes());
        Ok(Self { facts, text, sha256 })
    }

    /// What it says.
    #[must_use]
    pub const fn facts(&self) -> &CalibrationFacts {
        &self.facts
    }

    /// Its bytes, for a journal that keeps all that its run knew.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The hash that names it.
    #[must_use]
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }

    /// What the feature engine takes of it for an instrument.
    ///
    /// # Errors
    /// It was fitted on another instrument, or on another grid.
    pub fn for_instrument(&self, spec: &InstrumentSpec) -> Result<Calibration, ConfigError> {
        let ours = &self.facts.instrument;
        let theirs = CalibratedInstrument {
            lot_size: spec.lot_size,
            market: spec.market,
            symbol: spec.symbol.clone(),
            tick_size: spec.tick_size,
        };
        let is_same_grid = ours.tick_size.multiple_of(theirs.tick_size) == Some(1)
            && ours.lot_size.multiple_of(theirs.lot_size) == Some(1);
        if (ours.market, &ours.symbol) != (theirs.market, &theirs.symbol) || !is_same_grid {
            return Err(ConfigError::CalibrationInstrument {
                sha256: self.sha256.to_string(),
                of: ours.to_string(),
                here: theirs.to_string(),
            });
        }
        Ok(Calibration {
            volume_bucket_lots: Some(self.facts.volume_bucket.lots),
            micro_price: self.facts.micro_price.as_ref().map(|fit| fit.table.clone()),
            sha256: Some(*self.sha256.as_bytes()),
        })
    }

    /// Whether everything that it was fitted on lies before a recording of an instrument with that calendar.
    ///
    /// # Errors
    /// It knows something of the recording.
    pub fn check_before(&self, begins: UnixNanos, calendar: Calendar) -> Result<(), ConfigError> {
        let until = UnixNanos::new(self.facts.sessions.until_ns);
        if until < begins {
            return Ok(());
        }
        let closes = TradingSession::of(calendar, begins).close;
        Err(ConfigError::CalibrationLate { sha256: self.sha256.to_string(), until, begins, closes })
    }

    /// The size unit of an instrument, when it is this one's and was fitted.
    pub(crate) fn size_unit(&self, market: Market, symbol: &str) -> Option<Lots> {
        let instrument = &self.facts.instrument;
        let is_its = (instrument.market, instrument.symbol.as_str()) == (market, symbol);
        self.facts.size_unit.filter(|_| is_its).map(|unit| Lots::new(unit.lots))
    }
}

impl std::fmt::Display for CalibratedInstrument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { market, symbol, tick_size, lot_size } = self;
        write!(f, "{} with ticks of {tick_size} and lots of {lot_size}", label(*market, symbol))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Of the synthetic instrument, until the second nanosecond.
    pub(crate) fn facts() -> CalibrationFacts {
        let spec = fluxo_sim::synthetic::instrument();
        CalibrationFacts {
            format_version: CALIBRATION_FORMAT,
            instrument: CalibratedInstrument {
                lot_size: spec.lot_size,
                market: spec.market,
                symbol: spec.symbol,
                tick_size: spec.tick_size,
            },
            micro_price: Some(MicroPriceFit {
                updates: 7,
                table: MicroPriceTable { rows: vec![[0.125; 10], [-0.1; 10]] },
            }),
            sessions: SessionsFitted { count: 1, first: 19_700_101, last: 19_700_101, until_ns: 2 },
            size_unit: Some(SizeUnitFit { lots: 20, parents: 3 }),
            source_sha256: Digest::of(b"source"),
            volume_bucket: VolumeBucketFit {
                are_whole: true,
                lots: 5,
                sessions: 1,
                volume_lots: 250,
            },
        }
    }

    fn file(facts: &CalibrationFacts) -> Result<CalibrationFile, ConfigError> {
        CalibrationFile::parse(facts.to_text(), "x.json")
    }

    #[test]
    fn a_file_says_what_was_written_and_is_named_by_its_bytes() {
        let read = file(&facts()).unwrap();
        assert_eq!((read.facts(), read.text()), (&facts(), facts().to_text().as_str()));
        assert_eq!(read.sha256(), Digest::of(facts().to_text().as_bytes()));
        let spec = fluxo_sim::synthetic::instrument();
        let calibration = read.for_instrument(&spec).unwrap();
        assert_eq!(calibration.volume_bucket_lots, Some(5));
        assert_eq!(calibration.sha256, Some(*read.sha256().as_bytes()));
        assert_eq!(read.size_unit(spec.market, &spec.symbol), Some(Lots::new(20)));
        assert_eq!(read.size_unit(spec.market, "OTHER"), None);
    }

    #[test]
    fn another_instrument_or_another_grid_is_refused() {
        let read = file(&facts()).unwrap();
        let spec = fluxo_sim::synthetic::instrument();
        let others = [
            InstrumentSpec { symbol: "OTHER".to_owned(), ..spec.clone() },
            InstrumentSpec { tick_size: "0.0001".parse().unwrap(), ..spec.clone() },
            InstrumentSpec { lot_size: "7".parse().unwrap(), ..spec },
        ];
        for other in others {
            let refused = read.for_instrument(&other).unwrap_err().to_string();
            assert!(refused.contains("was fitted on"), "{refused}");
        }
    }

    #[test]
    fn what_it_knows_must_lie_before_what_it_is_used_on() {
        let read = file(&facts()).unwrap();
        let around = Calendar::AroundTheClock;
        assert!(read.check_before(UnixNanos::new(3), around).is_ok());
        assert!(matches!(
            read.check_before(UnixNanos::new(2), around),
            Err(ConfigError::CalibrationLate { .. })
        ));
    }

    #[test]
    fn who_is_too_late_is_told_the_session_that_begins_with_the_recording() {
        let mut late = facts();
        late.sessions.until_ns = i64::MAX;
        let late = file(&late).unwrap();
        let told = |calendar, begins: &str| {
            let begins = begins.parse::<jiff::Timestamp>().unwrap().as_nanosecond();
            let begins = UnixNanos::new(i64::try_from(begins).unwrap());
            let refused = late.check_before(begins, calendar).unwrap_err();
            refused.into_failure().to_string()
        };
        for (calendar, begins, date) in [
            (Calendar::AroundTheClock, "2023-12-24T23:30:00Z", "20231224"),
            (Calendar::AroundTheClock, "2023-12-25T00:00:00Z", "20231224"),
            // On a Sunday evening: the session of the Friday, until Monday's opens.
            (Calendar::Cme, "2023-12-24T22:30:00Z", "20231222"),
            (Calendar::Cme, "2023-12-24T23:30:00Z", "20231225"),
        ] {
            let told = told(calendar, begins);
            assert!(told.contains(&format!("calibrate --before {date}`")), "{told}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let with = |change: fn(&mut CalibrationFacts)| {
            let mut facts = facts();
            change(&mut facts);
            file(&facts)
        };
        let value = |result| matches!(result, Err(ConfigError::CalibrationValue { .. }));
        assert!(value(with(|facts| facts.format_version = 2)));
        assert!(value(with(|facts| facts.volume_bucket.lots = 0)));
        assert!(value(with(|facts| facts.size_unit = Some(SizeUnitFit { lots: 0, parents: 1 }))));
        assert!(value(with(|facts| {
            facts.micro_price =
                Some(MicroPriceFit { updates: 0, table: MicroPriceTable { rows: Vec::new() } });
        })));
        let broken = CalibrationFile::parse("{}".to_owned(), "x.json").unwrap_err();
        assert!(matches!(broken, ConfigError::Calibration { .. }), "{broken}");
    }
}
