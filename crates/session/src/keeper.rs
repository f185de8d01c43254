//! What stays of a run: a journal of every event and action, or a report with its fills.

use std::path::PathBuf;

use fluxo_core::{Actions, Event, Fill, OrderEvent, OrderUpdate, Stamped};
use fluxo_engine::Engine;
use fluxo_lake::Digest;
use fluxo_lake::journal::{End, Header, JournalConfig, JournalWriter};
use fluxo_report::{Outcome, RunSummary, Unfit};

use crate::config_file::CALIBRATION_FACT;
use crate::fills::FillsFile;
use crate::models::Models;
use crate::out_folder::OutFolder;
use crate::run::{BUNDLE_FACT, INSTRUMENT, lake_failure};
use crate::source::SessionSource;
use crate::{Destination, EngineFile};

/// Keeps what the destination asks for.
pub(crate) enum Keeper {
    Journal { writer: Box<JournalWriter>, path: PathBuf, actions: u64 },
    Report { folder: OutFolder, fills: FillsFile },
}

impl Keeper {
    pub(crate) fn open(
        destination: &Destination,
        file: &EngineFile,
        source: &impl SessionSource,
        models: Option<&Models>,
    ) -> Outcome<Self> {
        match destination {
            Destination::Journal(path) => {
                let header = header(file, source, models);
                let writer = JournalWriter::open(path, &header, JournalConfig::default())
                    .map_err(lake_failure)?;
                Ok(Self::Journal { writer: Box::new(writer), path: path.clone(), actions: 0 })
            }
            Destination::Report(path) => {
                let folder = OutFolder::open(path)?;
                let fills = FillsFile::create(&folder)?;
                Ok(Self::Report { folder, fills })
            }
        }
    }

    /// Raw first: what the engine is about to learn is kept before it learns it.
    pub(crate) fn before(&mut self, stamped: &Stamped) -> Outcome<()> {
        match self {
            Self::Journal { writer, .. } => writer.append_event(stamped).map_err(lake_failure),
            Self::Report { .. } => Ok(()),
        }
    }

    pub(crate) fn after(
        &mut self,
        stamped: &Stamped,
        actions: &Actions,
        engine: &Engine,
    ) -> Outcome<()> {
        match self {
            Self::Journal { writer, actions: count, .. } => {
                *count += actions.as_slice().len() as u64;
                writer
                    .append_forecasts(stamped.sequence, actions.forecasts())
                    .and_then(|()| writer.append_actions(stamped.sequence, actions.as_slice()))
                    .map_err(lake_failure)
            }
            Self::Report { fills, .. } => match fill_of(stamped) {
                Some((event, fill)) => fills.add(
                    stamped.ts_recv,
                    event,
                    fill,
                    engine.spec(INSTRUMENT),
                    engine.ledger(INSTRUMENT),
                ),
                None => Ok(()),
            },
        }
    }

    /// Nothing else is to be done: what was journaled goes to the medium, if it is time.
    pub(crate) fn idle(&mut self) -> Outcome<()> {
        match self {
            Self::Journal { writer, .. } => writer.sync_when_due().map_err(lake_failure),
            Self::Report { .. } => Ok(()),
        }
    }

    pub(crate) fn finish(self, engine: &Engine, summary: &mut RunSummary) -> Outcome<()> {
        match self {
            Self::Journal { writer, path, actions } => {
                let place = path.display().to_string();
                let end = End {
                    events: engine.stats().events,
                    actions,
                    actions_sha256: summary.actions_sha256.parse().or_internal()?,
                    ..End::default()
                };
                let kept = writer.finish(&end).map_err(lake_failure)?;
                let sha256 = kept.journal_sha256.to_string();
                summary.journal = Some(fluxo_report::JournalPlace { path: place, sha256 });
                Ok(())
            }
            Self::Report { folder, fills } => {
                fills.finish(&folder)?;
                folder.finish(summary)
            }
        }
    }
}

fn header(file: &EngineFile, source: &impl SessionSource, models: Option<&Models>) -> Header {
    let program = concat!("fluxo ", env!("CARGO_PKG_VERSION")).to_owned();
    let mut header = Header::new(program, file.canonical(), file.strategy.name);
    header.specs = vec![source.spec().clone()];
    header.sources = source.sources().to_vec();
    // The simulated venue's part of the instrument: the specification above does not hold it.
    let match_ttl = source.match_ttl().get().to_string();
    let facts = source.facts().into_iter().chain([("match_ttl_ns", match_ttl)]);
    header.facts.extend(facts.map(|(name, fact)| (name.to_owned(), fact)));
    if let Some(calibration) = file.calibration_file() {
        header.facts.insert(CALIBRATION_FACT.to_owned(), calibration.text().to_owned());
    }
    if let Some(models) = models {
        header.bundle_sha256 = Some(Digest::new(*models.id().as_bytes()));
        header.facts.insert(BUNDLE_FACT.to_owned(), models.place().display().to_string());
    }
    header
}

pub(crate) fn fill_of(stamped: &Stamped) -> Option<(&OrderEvent, &Fill)> {
    match &stamped.event {
        Event::Order(event) => match &event.update {
            OrderUpdate::Filled(fill) => Some((event, fill)),
            _ => None,
        },
        _ => None,
    }
}
