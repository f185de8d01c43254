//! Where a replay takes the models' scores from: the journal, or the models themselves.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use fluxo_core::{BundleId, Event, Forecast, InstrumentId, ModelAnswer, OperatorCommand, Stamped};
use fluxo_engine::Engine;
use fluxo_ensemble::{Forecaster, RecordedForecasts};
use fluxo_lake::journal::{Header, JournalReader, Record};
use fluxo_report::{Failure, Outcome, Unfit};

use crate::EngineFile;
use crate::models::{Models, bundle_id};
use crate::run::{BUNDLE_FACT, lake_failure};

/// The only instrument of a run.
const INSTRUMENT: InstrumentId = InstrumentId::new(0);

/// Where scores come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scores {
    /// Out of the journal: no bundle and no runtime are needed, and any machine gives the same.
    Recorded,
    /// The models are asked again: the bundles must be at hand.
    Recompute,
}

/// What a replay has of models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayModels {
    /// Where scores come from; where nothing is said they are computed again if every bundle is at
    /// hand, and taken from the journal otherwise.
    pub scores: Option<Scores>,
    /// Folders of bundles, besides the one that the journal names.
    pub bundles: Vec<PathBuf>,
    /// The runtime's library; looked for where none is named.
    pub library: Option<PathBuf>,
}

/// The source of a replay's scores, and how they compare.
pub(super) struct Source<'a> {
    scores: Scores,
    models: &'a ReplayModels,
    file: EngineFile,
    symbol: String,
    first: Option<BundleId>,
    places: Vec<PathBuf>,
    pub(super) compared: Compared,
}

impl<'a> Source<'a> {
    /// Chooses, once for the whole replay.
    pub(super) fn choose(
        folder: &Path,
        header: &Header,
        file: EngineFile,
        models: &'a ReplayModels,
    ) -> Outcome<Self> {
        let named = header.facts.get(BUNDLE_FACT).map(PathBuf::from);
        let places: Vec<PathBuf> = models.bundles.iter().cloned().chain(named).collect();
        let first = header.bundle_sha256.map(|sha256| BundleId::new(*sha256.as_bytes()));
        let scores = match models.scores {
            Some(scores) => scores,
            None if places.is_empty() => Scores::Recorded,
            None => {
                let at_hand: Vec<_> = places.iter().filter_map(|place| bundle_id(place)).collect();
                let is_at_hand = |id: &BundleId| at_hand.contains(id);
                let needed = first.into_iter().chain(swaps(folder)?);
                let all = needed.collect::<Vec<_>>().iter().all(is_at_hand);
                if all { Scores::Recompute } else { Scores::Recorded }
            }
        };
        let symbol = header.specs.first().map(|spec| spec.symbol.clone()).unwrap_or_default();
        Ok(Self { scores, models, file, symbol, first, places, compared: Compared::default() })
    }

    /// Gives the engine the models that it began with, or a place for what they said.
    pub(super) fn begin(&self, engine: &mut Engine) -> Outcome<()> {
        match (self.scores, self.first) {
            (Scores::Recompute, Some(id)) => {
                let models = self.load(id)?;
                engine.begin_with(INSTRUMENT, Forecaster::Models(models.into_ensemble()));
            }
            (Scores::Recompute, None) => {}
            (Scores::Recorded, _) => {
                let recorded = RecordedForecasts::default();
                engine.begin_with(INSTRUMENT, Forecaster::Recorded(recorded));
            }
        }
        Ok(())
    }

    /// Before an event: what the models said at it, or the models that it calls for.
    pub(super) fn prepare(
        &self,
        engine: &mut Engine,
        stamped: &Stamped,
        recorded: &[Forecast],
    ) -> Outcome<()> {
        match self.scores {
            Scores::Recorded => {
                recorded.iter().try_for_each(|forecast| engine.recall(*forecast)).or_internal()
            }
            Scores::Recompute => match stamped.event {
                Event::Operator(OperatorCommand::UseBundle(id)) => {
                    engine.stage(INSTRUMENT, self.load(id)?.into_ensemble());
                    Ok(())
                }
                _ => Ok(()),
            },
        }
    }

    /// The word of the verdict; `None` where no model ever spoke.
    pub(super) fn word(&self) -> Option<String> {
        let word = match self.scores {
            Scores::Recorded => "recorded",
            Scores::Recompute => "recomputed",
        };
        (self.compared.rows > 0).then(|| word.to_owned())
    }

    fn load(&self, id: BundleId) -> Outcome<Models> {
        let place = self.places.iter().find(|place| bundle_id(place) == Some(id));
        let place = place.ok_or_else(|| {
            Failure::usage(anyhow!("the bundle {id} is in none of the folders that were named"))
                .remedy("name its folder with --bundle, or take the scores of the journal: --scores recorded")
        })?;
        Models::load(place, &self.file, &self.symbol, self.models.library.as_deref())
    }
}

/// The bundles that a journal's run changed to.
fn swaps(folder: &Path) -> Outcome<Vec<BundleId>> {
    let mut journal = JournalReader::open(folder).map_err(lake_failure)?;
    let mut swaps = Vec::new();
    while let Some(entry) = journal.next_entry().map_err(lake_failure)? {
        if let Record::Event(stamped) = entry.record
            && let Event::Operator(OperatorCommand::UseBundle(id)) = stamped.event
        {
            swaps.push(id);
        }
    }
    Ok(swaps)
}

/// How replayed scores compare with recorded ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Compared {
    /// Rows.
    pub(super) rows: u64,
    /// The largest difference of a probability. A model, or a row, that has an answer on one side
    /// only counts as one: more two probabilities cannot differ.
    pub(super) difference_max: f64,
}

impl Compared {
    pub(super) fn observe(&mut self, recorded: &[Forecast], replayed: &[Forecast]) {
        let rows = recorded.len().max(replayed.len());
        self.rows += rows as u64;
        for at in 0..rows {
            let difference = match (recorded.get(at), replayed.get(at)) {
                (Some(one), Some(other)) => difference(one, other),
                _ => 1.0,
            };
            self.difference_max = self.difference_max.max(difference);
        }
    }
}

fn difference(one: &Forecast, other: &Forecast) -> f64 {
    let same = (one.row, one.bundle) == (other.row, other.bundle)
        && one.models().count() == other.models().count();
    if !same {
        return 1.0;
    }
    let differences =
        one.models().zip(other.models()).map(|(one, other)| match (one.answer, other.answer) {
            (ModelAnswer::Scored(one), ModelAnswer::Scored(other)) => {
                let gaps =
                    one.iter().zip(other).map(|(one, other)| f64::from(*one) - f64::from(other));
                gaps.fold(0.0, |most: f64, gap| most.max(gap.abs()))
            }
            (one, other) => f64::from(u8::from(one != other)),
        });
    differences.fold(0.0, f64::max)
}
