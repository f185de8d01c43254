//! Where a replay takes the models' scores from: the journal, or the models themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use fluxo_core::{
    BundleId, Event, Forecast, InstrumentSpec, ModelAnswer, OperatorCommand, Stamped, StrategyKind,
};
use fluxo_engine::Engine;
use fluxo_ensemble::{Forecaster, RecordedForecasts};
use fluxo_lake::journal::{Header, JournalReader, Record};
use fluxo_report::{Failure, Outcome, Unfit};

use crate::EngineFile;
use crate::models::{Models, bundle_id};
use crate::run::{BUNDLE_FACT, INSTRUMENT, lake_failure};

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
    /// Where scores come from; where nothing is said they are computed again if every bundle can be
    /// loaded, and taken from the journal otherwise, with a warning that says why.
    pub scores: Option<Scores>,
    /// Folders of bundles, besides the one that the journal names.
    pub bundles: Vec<PathBuf>,
    /// The runtime's library; looked for where none is named.
    pub library: Option<PathBuf>,
}

/// The source of a replay's scores, and how they compare.
pub(super) struct Source<'a> {
    pub(super) scores: Scores,
    models: &'a ReplayModels,
    file: EngineFile,
    spec: InstrumentSpec,
    first: Option<BundleId>,
    places: Vec<PathBuf>,
    /// Loaded while choosing, and not called for yet.
    loaded: BTreeMap<BundleId, Models>,
    pub(super) compared: Compared,
    /// What a person should know about the choice.
    pub(super) warnings: Vec<String>,
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
        let follows = file.strategy.name == StrategyKind::Ensemble;
        // Where nothing depends on them, the journal is not read for them.
        let swapped = if !places.is_empty() || (follows && first.is_none()) {
            swaps(folder)?
        } else {
            Vec::new()
        };
        let needed: Vec<BundleId> = first.into_iter().chain(swapped).collect();
        if follows && needed.is_empty() {
            return Err(Failure::usage(anyhow!(
                "the strategy ensemble follows models, and the journal is of a session without any"
            ))
            .remedy("replay it with another strategy, or a session that had a --bundle"));
        }
        let spec = header
            .specs
            .first()
            .cloned()
            .ok_or_else(|| Failure::damaged(anyhow!("the journal names no instrument")))?;
        let mut source = Self {
            scores: models.scores.unwrap_or(Scores::Recorded),
            models,
            file,
            spec,
            first,
            places,
            loaded: BTreeMap::new(),
            compared: Compared::default(),
            warnings: Vec::new(),
        };
        if models.scores.is_none() {
            source.recompute_if_possible(&needed);
        }
        if source.scores == Scores::Recorded && !needed.is_empty() {
            source.check_rows(header, follows)?;
        }
        Ok(source)
    }

    /// Loads all that the session used. What cannot be loaded is no reason to prove nothing: the
    /// journal has the scores.
    fn recompute_if_possible(&mut self, needed: &[BundleId]) {
        for id in needed {
            if self.loaded.contains_key(id) {
                continue;
            }
            match self.load(*id) {
                Ok(models) => drop(self.loaded.insert(*id, models)),
                Err(failure) => {
                    self.loaded.clear();
                    let why = "scores are the journal's, and cannot be computed again";
                    self.warnings.push(format!("{why}: {failure}"));
                    return;
                }
            }
        }
        if !needed.is_empty() {
            self.scores = Scores::Recompute;
        }
    }

    /// Recorded scores are of the rows that the session had. Rows of another meaning, or of other
    /// times, have none.
    fn check_rows(&mut self, header: &Header, follows: bool) -> Outcome<()> {
        let recorded = EngineFile::of_journal(header).or_damaged()?;
        let theirs = recorded.feature_schema_text(&self.spec).or_damaged()?;
        if self.file.feature_schema_text(&self.spec).or_usage()? == theirs {
            return Ok(());
        }
        let what = "the changed configuration makes other rows than those that the journal's scores \
                    are of (another feature schema)";
        if follows {
            let remedy =
                "leave the rows as they were recorded, or run a bundle for the changed ones";
            return Err(Failure::usage(anyhow!(what)).remedy(remedy));
        }
        self.warnings.push(format!("{what}: what models said is missing in the reasons"));
        Ok(())
    }

    /// Gives the engine the models that it began with, or a place for what they said.
    pub(super) fn begin(&mut self, engine: &mut Engine) -> Outcome<()> {
        match (self.scores, self.first) {
            (Scores::Recompute, Some(id)) => {
                let models = self.take(id)?;
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
        &mut self,
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
                    engine.stage(INSTRUMENT, self.take(id)?.into_ensemble());
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

    fn take(&mut self, id: BundleId) -> Outcome<Models> {
        match self.loaded.remove(&id) {
            Some(models) => Ok(models),
            None => self.load(id),
        }
    }

    /// Loads a bundle from the first place of it that is not refused; where all are, the first
    /// refusal is told.
    fn load(&self, id: BundleId) -> Outcome<Models> {
        let mut refused = None;
        for place in self.places.iter().filter(|place| bundle_id(place) == Some(id)) {
            let library = self.models.library.as_deref();
            match Models::load(place, &self.file, &self.spec, library) {
                Ok(models) => return Ok(models),
                Err(failure) => refused = refused.or(Some(failure)),
            }
        }
        Err(refused.unwrap_or_else(|| {
            Failure::usage(anyhow!("the bundle {id} is in none of the folders that were named"))
                .remedy("name its folder with --bundle, or take the scores of the journal: --scores recorded")
        }))
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
