//! `engine.toml`: the serde twin of everything a run is told. What a key means stands in the file.

use std::collections::BTreeMap;
use std::path::Path;

use fluxo_core::{AgentKind, Decimal, Size, StrategyKind};
use fluxo_features::nsmi::InputSet;
use fluxo_lake::Digest;
use fluxo_lake::journal::Header;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Unknown};
use crate::{CalibrationFile, ConfigError};

/// The configuration that ships with the project, used where no other is named.
pub const DEFAULT_ENGINE_TOML: &str = include_str!("../../../configs/engine.toml");

/// The file, key by key. Turning it into the crates' own configurations is where it is validated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EngineFile {
    /// Feature rows.
    pub(crate) rows: RowsSection,
    /// Flow agents.
    pub(crate) agents: AgentsSection,
    /// The rule that decides.
    pub(crate) strategy: StrategySection,
    /// Sizes and limits in money.
    pub(crate) sizing: SizingSection,
    /// The gate.
    pub(crate) risk: RiskSection,
    /// How orders are made.
    pub(crate) execution: ExecutionSection,
    /// The simulated venue.
    pub(crate) simulation: SimulationSection,
    /// The file that `rows.calibration` names.
    #[serde(skip)]
    pub(crate) calibration: Option<CalibrationFile>,
}

/// `[rows]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowsSection {
    pub(crate) clock: String,
    pub(crate) parent_gap_ms: i64,
    pub(crate) parent_close_ms: i64,
    pub(crate) stale_ms: i64,
    pub(crate) warm_after_s: i64,
    pub(crate) regime: RegimeInputs,
    /// Where the calibration lies. Its hash stands in the canonical text instead: the place changes no
    /// number.
    #[serde(default, skip_serializing)]
    calibration: Option<String>,
    /// Which file it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration_sha256: Option<Digest>,
}

/// What the regime vector is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RegimeInputs {
    /// Features of the book and of trades.
    Book,
    /// Features of trades alone.
    Trades,
}

impl From<RegimeInputs> for InputSet {
    fn from(inputs: RegimeInputs) -> Self {
        match inputs {
            RegimeInputs::Book => Self::Book,
            RegimeInputs::Trades => Self::Trades,
        }
    }
}

/// `[agents]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AgentsSection {
    pub(crate) enabled: Vec<AgentKind>,
    pub(crate) order_flow_specialist: OrderFlowSection,
}

/// `[agents.order-flow-specialist]`
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderFlowSection {
    pub(crate) ofi_scale: f64,
    pub(crate) delta_scale_units: f64,
    pub(crate) dead_band: f64,
    pub(crate) horizon_ms: i64,
}

/// `[strategy]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StrategySection {
    pub(crate) name: StrategyKind,
    pub(crate) imbalance: HysteresisSection,
    pub(crate) maker: MakerSection,
    pub(crate) agents: FollowSection,
    pub(crate) ensemble: EnsembleSection,
}

/// Thresholds of a rule that takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HysteresisSection {
    pub(crate) enter: f64,
    pub(crate) leave: f64,
    pub(crate) hold_ms: i64,
}

/// `[strategy.maker]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MakerSection {
    pub(crate) renew: bool,
}

/// `[strategy.agents]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FollowSection {
    pub(crate) enter: f64,
    pub(crate) leave: f64,
    pub(crate) hold_ms: i64,
    pub(crate) weights: BTreeMap<AgentKind, f64>,
}

/// `[strategy.ensemble]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EnsembleSection {
    pub(crate) hold_ms: i64,
    pub(crate) flat_after_ms: i64,
}

/// `[sizing]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SizingSection {
    pub(crate) order: Size,
    pub(crate) position_max: Size,
    pub(crate) order_value_max: Decimal,
    pub(crate) daily_loss_max: Decimal,
    pub(crate) quote: BTreeMap<String, QuoteSizing>,
}

/// `[sizing.quote.BTC]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuoteSizing {
    pub(crate) order: Size,
    pub(crate) position_max: Size,
    pub(crate) order_value_max: Decimal,
    pub(crate) daily_loss_max: Decimal,
}

/// `[risk]`
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RiskSection {
    pub(crate) orders_max: u32,
    pub(crate) rate_window_ms: i64,
    pub(crate) stale_book_ms: i64,
    pub(crate) spread_max_bps: f64,
}

/// `[execution]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExecutionSection {
    pub(crate) open_orders_max: usize,
    pub(crate) take_through_ticks: i64,
}

/// `[simulation]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SimulationSection {
    pub(crate) order_latency_ms: i64,
    pub(crate) response_latency_ms: i64,
}

impl EngineFile {
    /// The shipped configuration, then the keys of `path` over it, then each `KEY=VALUE` of
    /// `overrides` over both.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, names an unknown key (the nearest known one is
    /// named) or gives a key a value that it cannot have.
    pub fn load(path: Option<&Path>, overrides: &[String]) -> Result<Self, ConfigError> {
        let mut table = shipped()?;
        if let Some(path) = path {
            lay_over(&mut table, &read(path)?, &path.display().to_string())?;
        }
        let mut file = Self::with_overrides(table, overrides)?;
        file.take_calibration(None)?;
        Ok(file)
    }

    /// The configuration that a journal was recorded with, and the calibration that it keeps.
    ///
    /// # Errors
    /// As [`Self::load`]; a calibration that is missing or another one.
    pub fn of_journal(header: &Header) -> Result<Self, ConfigError> {
        let mut file = Self::from_text(&header.config)?;
        let kept = header.facts.get(CALIBRATION_FACT);
        let kept =
            kept.map(|text| CalibrationFile::parse(text.clone(), "the journal's calibration"));
        file.take_calibration(kept.transpose()?)?;
        Ok(file)
    }

    /// This configuration with the calibration of a file.
    ///
    /// # Errors
    /// A file that cannot be read, or that is no calibration.
    pub fn calibrated(mut self, path: &Path) -> Result<Self, ConfigError> {
        let read = CalibrationFile::read(path)?;
        self.rows.calibration_sha256 = Some(read.sha256());
        self.calibration = Some(read);
        Ok(self)
    }

    /// The configuration that a journal holds: every key, no defaults; a calibration is still to be taken.
    fn from_text(text: &str) -> Result<Self, ConfigError> {
        const PLACE: &str = "the recorded configuration";
        let (file, unknown) = keys::deserialize(keys::parse(text, PLACE)?, PLACE)?;
        match unknown.into_iter().next() {
            Some(Unknown { path: key }) => {
                Err(ConfigError::UnknownKey { place: PLACE.to_owned(), key, nearest: None })
            }
            None => Ok(file),
        }
    }

    /// This configuration with the keys of `path` over it, then the overrides. The rule stays the
    /// recorded one unless an override names another: a file that was written for all rules names
    /// one of them without meaning it.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn changed(&self, path: Option<&Path>, overrides: &[String]) -> Result<Self, ConfigError> {
        let mut table = keys::parse(&self.canonical(), "the recorded configuration")?;
        if let Some(path) = path {
            lay_over(&mut table, &read(path)?, &path.display().to_string())?;
        }
        let recorded = format!("strategy.name={}", self.strategy.name.name());
        let overrides: Vec<String> =
            [recorded].into_iter().chain(overrides.iter().cloned()).collect();
        let mut file = Self::with_overrides(table, &overrides)?;
        if file.rows.calibration.is_some() {
            // What was recorded is not what is meant now.
            file.rows.calibration_sha256 = None;
        }
        file.take_calibration(self.calibration.clone())?;
        Ok(file)
    }

    /// Every key with its value, in one fixed order: the text that is hashed and journaled.
    ///
    /// # Panics
    /// Never: the structure has a TOML form by its types.
    #[must_use]
    pub fn canonical(&self) -> String {
        toml::to_string(self).expect("an EngineFile has a TOML form")
    }

    fn with_overrides(mut table: toml::Table, overrides: &[String]) -> Result<Self, ConfigError> {
        for assignment in overrides {
            lay_over(&mut table, &keys::assignment(assignment)?, &format!("--set {assignment}"))?;
        }
        Ok(keys::deserialize(table, "the configuration")?.0)
    }

    /// Reads the calibration that is named, or keeps the one at hand where none is.
    fn take_calibration(&mut self, at_hand: Option<CalibrationFile>) -> Result<(), ConfigError> {
        let (taken, place) = match self.rows.calibration.take() {
            None => (at_hand, "the journal's calibration".to_owned()),
            Some(path) if path.is_empty() => (None, path),
            Some(path) => (Some(CalibrationFile::read(Path::new(&path))?), path),
        };
        match (self.rows.calibration_sha256, taken.as_ref().map(CalibrationFile::sha256)) {
            (Some(named), Some(found)) if named != found => {
                let (found, named) = (found.to_string(), named.to_string());
                return Err(ConfigError::CalibrationOther { place, found, named });
            }
            (Some(named), None) => {
                return Err(ConfigError::CalibrationMissing { sha256: named.to_string() });
            }
            (_, found) => self.rows.calibration_sha256 = found,
        }
        self.calibration = taken;
        Ok(())
    }
}

/// The text of the calibration, in the facts of a journal's header.
pub(crate) const CALIBRATION_FACT: &str = "calibration";

fn shipped() -> Result<toml::Table, ConfigError> {
    keys::parse(DEFAULT_ENGINE_TOML, "the shipped engine.toml")
}

fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    keys::parse(&text, &path.display().to_string())
}

/// Puts the keys of `own` over `table`, after making sure that each of them is known and usable.
fn lay_over(table: &mut toml::Table, own: &toml::Table, place: &str) -> Result<(), ConfigError> {
    let known = shipped()?;
    let merged = keys::merged(table, own);
    keys::refuse_unknown::<EngineFile>(&merged, &known, place)?;
    *table = merged;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(overrides: &[&str]) -> Result<EngineFile, ConfigError> {
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        EngineFile::load(None, &overrides)
    }

    fn with_file(text: &str) -> Result<EngineFile, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        EngineFile::load(Some(file.path()), &[])
    }

    #[test]
    fn the_shipped_file_is_whole_and_survives_its_canonical_form() {
        let shipped = with(&[]).unwrap();
        assert_eq!(EngineFile::from_text(&shipped.canonical()).unwrap(), shipped);
    }

    /// A calibration file, and a configuration that names it.
    fn calibrated(folder: &Path) -> (String, EngineFile) {
        let path = folder.join("calibration.json");
        std::fs::write(&path, crate::calibration::tests::facts().to_text()).unwrap();
        let named = format!("rows.calibration={}", path.display());
        let file = with(&[&named]).unwrap();
        (named, file)
    }

    fn header_of(file: &EngineFile) -> Header {
        let mut header = Header::new("x".to_owned(), file.canonical(), file.strategy.name);
        if let Some(calibration) = file.calibration_file() {
            header.facts.insert(CALIBRATION_FACT.to_owned(), calibration.text().to_owned());
        }
        header
    }

    #[test]
    fn a_journal_keeps_the_calibration_and_needs_no_file_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (_, file) = calibrated(folder.path());
        let sha256 = file.calibration_file().unwrap().sha256();
        assert!(file.canonical().contains(&format!("calibration_sha256 = \"{sha256}\"")));
        assert!(!file.canonical().contains("calibration.json"), "the place changes no number");
        let header = header_of(&file);
        drop(folder);
        let again = EngineFile::of_journal(&header).unwrap();
        assert_eq!(again, file);
        // A change of something else keeps it, and an empty name leaves it out.
        let changed = |text: &str| again.changed(None, &[text.to_owned()]).unwrap();
        assert_eq!(changed("rows.clock=time:200").calibration_file(), file.calibration_file());
        let without = changed("rows.calibration=");
        assert_eq!((without.calibration_file(), &without), (None, &with(&[]).unwrap()));
    }

    #[test]
    fn a_journal_without_its_calibration_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (_, file) = calibrated(folder.path());
        let mut header = header_of(&file);
        let other = crate::CalibrationFacts {
            source_sha256: Digest::of(b"another"),
            ..crate::calibration::tests::facts()
        };
        header.facts.insert(CALIBRATION_FACT.to_owned(), other.to_text());
        let refused = EngineFile::of_journal(&header).unwrap_err();
        assert!(matches!(refused, ConfigError::CalibrationOther { .. }), "{refused}");
        header.facts.remove(CALIBRATION_FACT);
        let refused = EngineFile::of_journal(&header).unwrap_err();
        assert!(matches!(refused, ConfigError::CalibrationMissing { .. }), "{refused}");
    }

    #[test]
    fn the_calibration_that_is_named_must_be_there_and_of_the_instrument() {
        let missing = with(&["rows.calibration=nowhere.json"]).unwrap_err();
        assert!(matches!(missing, ConfigError::Read { .. }), "{missing}");
        let folder = tempfile::tempdir().unwrap();
        let (named, file) = calibrated(folder.path());
        let wrong = format!("rows.calibration_sha256={}", Digest::of(b"another"));
        let refused = with(&[&named, &wrong]).unwrap_err();
        assert!(matches!(refused, ConfigError::CalibrationOther { .. }), "{refused}");
        let spec = fluxo_sim::synthetic::instrument();
        let config = file.engine_config(&spec).unwrap();
        assert_eq!(config.calibration.volume_bucket_lots, Some(5));
        let other = fluxo_core::InstrumentSpec { symbol: "OTHER".to_owned(), ..spec.clone() };
        let refused = file.engine_config(&other).unwrap_err();
        assert!(matches!(refused, ConfigError::CalibrationInstrument { .. }), "{refused}");
        // Models of rows without it are not models of these rows.
        let plain = with(&[]).unwrap();
        assert_ne!(
            file.feature_schema_text(&spec).unwrap(),
            plain.feature_schema_text(&spec).unwrap()
        );
        let instruments = crate::Instruments::load(None).unwrap();
        let unit = |list: &crate::Instruments| {
            list.get(spec.market, &spec.symbol).unwrap().size_unit_lots.get()
        };
        assert_ne!(unit(&instruments), 20);
        assert_eq!(unit(&instruments.calibrated_by(&file)), 20);
    }

    #[test]
    fn a_file_needs_to_name_only_what_it_changes() {
        let file = with_file("[strategy.imbalance]\nenter = 0.7\n").unwrap();
        assert_eq!(
            file.strategy.imbalance,
            HysteresisSection { enter: 0.7, ..with(&[]).unwrap().strategy.imbalance }
        );
        let file = with_file("[sizing]\norder = { quantity = \"0.001\" }\n").unwrap();
        assert_eq!(file.sizing.order, Size::Quantity("0.001".parse().unwrap()));
    }

    #[test]
    fn one_value_can_be_set() {
        assert!(with(&["agents.enabled=[]"]).unwrap().agents.enabled.is_empty());
        assert_eq!(with(&["strategy.name=maker"]).unwrap().strategy.name, StrategyKind::Maker);
        assert!(matches!(with(&["strategy"]), Err(ConfigError::Assignment { .. })));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let nearest = |error| match error {
            Err(ConfigError::UnknownKey { key, nearest, .. }) => (key, nearest),
            other => panic!("{other:?}"),
        };
        let expected =
            ("strategy.imbalance.entr".to_owned(), Some("strategy.imbalance.enter".to_owned()));
        assert_eq!(nearest(with_file("[strategy.imbalance]\nentr = 0.7\n")), expected);
        let expected = ("risc".to_owned(), Some("risk".to_owned()));
        assert_eq!(nearest(with_file("[risc]\norders_max = 3\n")), expected);
        let expected = ("rows.clok".to_owned(), Some("rows.clock".to_owned()));
        assert_eq!(nearest(with(&["rows.clok=3"])), expected);
    }

    #[test]
    fn a_value_that_cannot_be_is_refused() {
        for text in [
            "[rows]\nclock = 100\n",
            "[strategy]\nname = \"makers\"\n",
            "[sizing]\norder = { notional = 100 }\n",
            "[sizing]\norder = { notional = \"a lot\" }\n",
            "not toml",
        ] {
            assert!(with_file(text).is_err(), "{text}");
        }
    }
}
