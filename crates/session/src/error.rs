//! What can be wrong with a run before and while it runs.

use std::io;
use std::path::PathBuf;

use fluxo_core::UnixNanos;
use fluxo_report::Failure;
use jiff::Timestamp;
use jiff::tz::Offset;

/// What can be wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no TOML.
    #[error("{place} is not TOML")]
    Syntax {
        /// The file.
        place: String,
        /// Where it breaks off.
        source: toml::de::Error,
    },
    /// A key that nobody reads.
    #[error("{place}: unknown key `{key}`{}", hint(nearest.as_deref()))]
    UnknownKey {
        /// The file or the argument.
        place: String,
        /// The key, with its sections.
        key: String,
        /// The known key that was probably meant.
        nearest: Option<String>,
    },
    /// A value that its key cannot have, or a key that is missing.
    #[error("{place}: a value cannot be used")]
    Value {
        /// The file or the argument.
        place: String,
        /// Which, and why.
        source: Box<toml::de::Error>,
    },
    /// An argument of `--set` that is no assignment.
    #[error("`--set {text}` is not KEY=VALUE, as in `--set strategy.imbalance.enter=0.7`")]
    Assignment {
        /// The argument.
        text: String,
    },
    /// A number that is out of its range.
    #[error("`{key}` must {must}, got {got}")]
    Range {
        /// The key, with its sections.
        key: &'static str,
        /// What holds for it.
        must: &'static str,
        /// What was given.
        got: String,
    },
    /// Classes of parent trades that are in no order.
    #[error(
        "`size_classes` are {got:?}, and each must be above zero and larger than the one before"
    )]
    SizeClasses {
        /// What was given, in size units.
        got: [i64; 4],
    },
    /// A section of a list of instruments, with a value that it cannot have.
    #[error("{place}: {section}")]
    Section {
        /// The file.
        place: String,
        /// The instrument or the market.
        section: String,
        /// Which value.
        source: Box<ConfigError>,
    },
    /// Two specifications of one instrument.
    #[error("{place} lists {market} {symbol} twice")]
    Duplicate {
        /// The file.
        place: String,
        /// The market.
        market: fluxo_core::Market,
        /// The symbol.
        symbol: String,
    },
    /// A file that is no calibration.
    #[error("{place} is no calibration")]
    Calibration {
        /// The file.
        place: String,
        /// Where it is not.
        source: serde_json::Error,
    },
    /// A calibration with a value that it cannot have.
    #[error("the calibration {place} {why}")]
    CalibrationValue {
        /// The file.
        place: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A calibration of another instrument, or of another grid.
    #[error("the calibration {} was fitted on {of}, and this is {here}", short(sha256))]
    CalibrationInstrument {
        /// Its hash.
        sha256: String,
        /// Its instrument.
        of: String,
        /// The instrument of the run.
        here: String,
    },
    /// A calibration that knows something of the recording.
    #[error(
        "the calibration {} was fitted on data up to {}, and the recording begins at {}",
        short(sha256),
        moment(*until),
        moment(*begins)
    )]
    CalibrationLate {
        /// Its hash.
        sha256: String,
        /// The last moment that it knows.
        until: UnixNanos,
        /// The first moment of the recording.
        begins: UnixNanos,
        /// When the session closes that it begins in.
        closes: UnixNanos,
    },
    /// A calibration that is not the one that is named.
    #[error("{place} is the calibration {}, and {} is named", short(found), short(named))]
    CalibrationOther {
        /// The file.
        place: String,
        /// Its hash.
        found: String,
        /// The hash that is named.
        named: String,
    },
    /// A calibration that is named and not at hand.
    #[error("the calibration {} is named, and no file of it", short(sha256))]
    CalibrationMissing {
        /// Its hash.
        sha256: String,
    },
    /// A specification that has no arithmetic.
    #[error("{place}: {symbol}")]
    Specification {
        /// The file.
        place: String,
        /// The symbol.
        symbol: String,
        /// Why.
        source: fluxo_core::Error,
    },
}

impl ConfigError {
    /// With the exit code that belongs to it, and what to do where that is not said already.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let remedy = match &self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path".to_owned()
            }
            Self::Read { .. } => "check that it is a file, and its permissions".to_owned(),
            Self::Calibration { .. } | Self::CalibrationValue { .. } => {
                "make it with `trainer-bridge calibrate`".to_owned()
            }
            Self::Section { source, .. } if matches!(**source, Self::SizeClasses { .. }) => {
                "write where medium, large, block and whale begin, as in `size_classes = [5, 20, 50, 100]`"
                    .to_owned()
            }
            Self::CalibrationInstrument { here, .. } => {
                format!("give one that `trainer-bridge calibrate` fitted on {here}")
            }
            Self::CalibrationLate { closes, .. } => format!(
                "give a later recording, or fit on earlier ones with \
                 `trainer-bridge calibrate --before {}`",
                // Midnight belongs to the day that ends.
                civil(UnixNanos::new(closes.get().saturating_sub(1))).strftime("%Y%m%d")
            ),
            Self::CalibrationOther { .. } | Self::CalibrationMissing { .. } => {
                "give the file with that hash in rows.calibration".to_owned()
            }
            _ => return Failure::usage(self),
        };
        Failure::usage(self).remedy(remedy)
    }
}

fn civil(at: UnixNanos) -> jiff::civil::DateTime {
    Offset::UTC.to_datetime(Timestamp::from_nanosecond(at.get().into()).unwrap_or_default())
}

/// `2012-06-21 20:00:00 UTC`
pub(crate) fn moment(at: UnixNanos) -> impl std::fmt::Display {
    civil(at).strftime("%Y-%m-%d %H:%M:%S UTC")
}

/// Enough of a hash to find it by.
fn short(sha256: &str) -> &str {
    sha256.get(..16).unwrap_or(sha256)
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}
