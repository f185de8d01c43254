//! What a run was told to read: capture files of one run, or one instrument of a lake.

use std::path::{Path, PathBuf};

use fluxo_lake::archive::{Instrument, Lake};

use crate::recording::label;
use crate::{RecordingError, Selection};

/// Inputs that were found and can be opened. A lake stays locked against imports while they live.
#[derive(Debug)]
pub struct Inputs {
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Captures { paths: Vec<PathBuf>, selection: Selection },
    Lake { lake: Box<Lake>, path: PathBuf, instrument: Instrument, warnings: Vec<String> },
}

impl Inputs {
    /// Capture files of one run, in the given order, or the one folder of a lake.
    ///
    /// # Errors
    /// A folder among files, a folder that is no lake, or a lake that does not hold exactly one
    /// instrument that was meant.
    pub fn find(paths: &[PathBuf], selection: &Selection) -> Result<Self, RecordingError> {
        if let [path] = paths
            && path.is_dir()
        {
            return Self::find_in_lake(path, selection);
        }
        if let Some(folder) = paths.iter().find(|path| path.is_dir()) {
            return Err(RecordingError::Mixed { path: folder.clone() });
        }
        let (paths, selection) = (paths.to_vec(), selection.clone());
        Ok(Self { kind: Kind::Captures { paths, selection } })
    }

    fn find_in_lake(path: &Path, selection: &Selection) -> Result<Self, RecordingError> {
        let lake = Lake::open(path)?;
        let holdings = lake.holdings();
        let meant: Vec<_> = holdings
            .iter()
            .filter(|held| selection.matches(held.instrument.market, &held.instrument.symbol))
            .collect();
        let [held] = meant[..] else {
            let listed = if meant.is_empty() { holdings.iter().collect() } else { meant };
            let found = listed
                .iter()
                .map(|held| label(held.instrument.market, &held.instrument.symbol))
                .collect();
            return Err(RecordingError::Choice { path: path.to_owned(), found });
        };
        let mut warnings = Vec::new();
        if let Some(frames @ 1..) = held.unsealed_frames {
            warnings.push(format!(
                "{frames} frames of a killed import are in no stream yet: import their recording again"
            ));
        }
        if held.incomplete_sources > 0 {
            warnings.push(format!(
                "{} recordings in it are cut, damaged or not finished: what is missing of them is not known",
                held.incomplete_sources
            ));
        }
        let instrument = held.instrument.clone();
        let kind = Kind::Lake { instrument, path: path.to_owned(), warnings, lake: Box::new(lake) };
        Ok(Self { kind })
    }
}
