//! From a recording to a published dataset.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fluxo_core::{InstrumentSpec, MarketData, UnixNanos};
use fluxo_features::nsmi::InputSet;
use fluxo_features::{
    Calibration, FeatureConfig, FeatureEngine, RowLabeller, SamplingClock, TargetConfig,
};
use fluxo_lake::Digest;
use fluxo_session::{EngineFile, Inputs, Instruments, Recording, grid_warning};
use fluxo_sim::{MarketSource, Recorded};

use crate::Error;
use crate::balance::Balance;
use crate::class_balance::{self, CLASS_BALANCE};
use crate::code_version::SourceState;
use crate::error::GridOf;
use crate::facts::{self, Facts, Mode};
use crate::folder::{Unfinished, published};
use crate::manifest::{FileFacts, MANIFEST, Manifest};
use crate::moment::{Given, Moment};
use crate::part::{PartWriter, Tally};
use crate::pipeline::Pipeline;
use crate::row::{Row, Touch};
use crate::session_day::timestamp;

/// Facts about the run that no hash covers.
const PROVENANCE: &str = "provenance.json";
/// Events between two words about progress.
const EVENTS_PER_WORD: u64 = 1 << 14;

/// A dataset that lies at its place, whole.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its folder: `<out>/<mode>/<venue>/<symbol>`.
    pub path: PathBuf,
    /// The content of `dataset.json`.
    pub manifest: Manifest,
    /// Whether it lay there before, and nothing was written.
    pub existed: bool,
    /// Events that were read.
    pub events: u64,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// How far the writing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events that were read.
    pub events: u64,
    /// Rows that the events made.
    pub rows: u64,
}

/// Writes the dataset of a recording below `out`, or finds it there.
///
/// # Errors
/// A recording, a configuration or a folder that cannot be used. Nothing is published then.
pub fn write_dataset(
    inputs: &Inputs,
    instruments: &Instruments,
    engine: &EngineFile,
    out: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Dataset, Error> {
    let mode = mode_of(Recording::open(inputs, instruments)?)?;
    let mut recording = Recording::open(inputs, instruments)?;
    let (spec, sources) = (recording.spec().clone(), source_sha256(&recording));
    recording.begins().map_or(Ok(()), |begins| engine.check_calibrated_before(begins, &spec))?;
    let written =
        write_dataset_of(&mut recording, (mode, &spec, sources), engine, out, on_progress);
    let mut dataset = written.map_err(|error| error.while_reading(recording.path()))?;
    if !dataset.existed {
        dataset.warnings.extend(recording.warnings());
    }
    Ok(dataset)
}

/// Writes the dataset of any source of events of one instrument below `out`, or finds it there:
/// `sources` is the hash of what the events come from. Memory does not grow with their number.
///
/// # Errors
/// Events, a configuration or a folder that cannot be used. Nothing is published then.
pub fn write_dataset_of<S: MarketSource>(
    source: &mut S,
    (mode, spec, sources): (Mode, &InstrumentSpec, Digest),
    engine: &EngineFile,
    out: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Dataset, Error>
where
    Error: From<S::Error>,
{
    let mut config = engine.feature_config()?;
    if mode == Mode::TickOnly {
        if config.clock == SamplingClock::BookChange {
            return Err(Error::NoBookChanges { instrument: spec.symbol.clone() });
        }
        config.regime_inputs = InputSet::Trades;
    }
    let calibration = engine.calibration(spec)?;
    let (file, targets) = (engine.calibration_file(), TargetConfig::default());
    let common = facts::common(mode, spec, &config, &targets, file, sources);
    let place = place_of(out, mode, spec)?;
    let folder = match vacant(&place, &common)? {
        Vacancy::Free(folder) => folder,
        Vacancy::Published(manifest) => {
            return Ok(Dataset {
                path: place,
                manifest,
                existed: true,
                events: 0,
                warnings: Vec::new(),
            });
        }
    };
    let writing = Writing::new(&folder, common, spec, (config, targets, &calibration));
    match writing.and_then(|writing| writing.run(source, on_progress)) {
        Ok(written) => {
            folder.write(PROVENANCE, &provenance())?;
            folder.write(CLASS_BALANCE, &written.class_balance)?;
            folder.write(MANIFEST, &written.manifest.to_bytes())?;
            folder.publish(written.manifest.files.keys())?;
            Ok(Dataset {
                path: place,
                manifest: written.manifest,
                existed: false,
                events: written.events,
                warnings: written.grid_warning.into_iter().collect(),
            })
        }
        Err(error) => {
            folder.abandon();
            Err(error)
        }
    }
}

/// What is found at the place of a dataset.
enum Vacancy {
    /// Nothing, and the room beside it is ours.
    Free(Unfinished),
    /// The dataset that is meant, whole.
    Published(Manifest),
}

/// Takes the room beside a place, unless the dataset that is meant lies there already.
fn vacant(place: &Path, meant: &Facts) -> Result<Vacancy, Error> {
    match published(place, meant)? {
        Some(manifest) => Ok(Vacancy::Published(manifest)),
        None => take(place, meant),
    }
}

/// Takes the room and then looks: another run may have published while we went for it.
fn take(place: &Path, meant: &Facts) -> Result<Vacancy, Error> {
    let folder = Unfinished::open(place)?;
    match published(place, meant) {
        Ok(None) => Ok(Vacancy::Free(folder)),
        Ok(Some(manifest)) => {
            folder.abandon();
            Ok(Vacancy::Published(manifest))
        }
        Err(error) => {
            folder.abandon();
            Err(error)
        }
    }
}

/// What the recording has. Its beginning tells, unless it has no book at all.
fn mode_of(mut recording: Recording<'_>) -> Result<Mode, Error> {
    while let Some(Recorded { event, .. }) = recording.next()? {
        if matches!(event.data, MarketData::Book(_)) {
            return Ok(Mode::BookEnhanced);
        }
        recording.recycle(event);
    }
    if recording.depth_updates() > 0 {
        // A book was recorded and cannot be used: that is a defect of the recording, not its mode.
        recording.check_book()?;
    }
    Ok(Mode::TickOnly)
}

/// Over the hashes of the files, or that of the lake's manifest, which holds those of its files.
pub(crate) fn source_sha256(recording: &Recording<'_>) -> Digest {
    let lines: String =
        recording.sources().iter().map(|source| format!("{}\n", source.sha256)).collect();
    Digest::of(lines.as_bytes())
}

fn place_of(out: &Path, mode: Mode, spec: &InstrumentSpec) -> Result<PathBuf, Error> {
    let symbol = spec.symbol.as_str();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if symbol.is_empty() || !symbol.chars().all(is_plain) {
        return Err(Error::Symbol { symbol: symbol.to_owned() });
    }
    Ok(out.join(mode.name()).join(spec.market.name()).join(symbol))
}

fn provenance() -> Vec<u8> {
    let facts = serde_json::json!({
        "code": SourceState::of_this_build(),
        "program": concat!("fluxo ", env!("CARGO_PKG_VERSION")),
    });
    format!("{facts:#}\n").into_bytes()
}

/// A dataset whose files are written and whose folder is not published.
struct Written {
    manifest: Manifest,
    class_balance: Vec<u8>,
    events: u64,
    grid_warning: Option<String>,
}

/// Everything between the events and the files.
struct Writing<'f> {
    folder: &'f Unfinished,
    common: Facts,
    /// The specification at the start, and the one that the last event left.
    listed: InstrumentSpec,
    spec: InstrumentSpec,
    clock: SamplingClock,
    features: FeatureEngine,
    targets: RowLabeller,
    /// The row that an event of this moment completed.
    moment: Moment,
    pipeline: Pipeline,
    balance: Balance,
    /// The file that is being written, and its name.
    part: Option<(String, PartWriter)>,
    session: i32,
    files: BTreeMap<String, FileFacts>,
    tally: Option<Tally>,
    seq: i64,
    progress: Progress,
}

impl<'f> Writing<'f> {
    fn new(
        folder: &'f Unfinished,
        common: Facts,
        spec: &InstrumentSpec,
        (config, targets, calibration): (FeatureConfig, TargetConfig, &Calibration),
    ) -> Result<Self, Error> {
        Ok(Self {
            folder,
            common,
            listed: spec.clone(),
            spec: spec.clone(),
            clock: config.clock,
            features: FeatureEngine::calibrated(config, spec, calibration)?,
            targets: RowLabeller::new(config, targets, spec)?,
            moment: Moment::new(spec),
            pipeline: Pipeline::default(),
            balance: Balance::default(),
            part: None,
            session: 0,
            files: BTreeMap::new(),
            tally: None,
            seq: 0,
            progress: Progress::default(),
        })
    }

    fn run<S: MarketSource>(
        mut self,
        source: &mut S,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Written, Error>
    where
        Error: From<S::Error>,
    {
        while let Some(recorded) = source.next()? {
            self.on_event(&recorded)?;
            source.recycle(recorded.event);
            if self.progress.events.is_multiple_of(EVENTS_PER_WORD) {
                on_progress(self.progress);
            }
        }
        let last = self.moment.end();
        self.label(last);
        self.targets.finish();
        self.take_labels();
        self.pipeline.finish();
        self.write_rows()?;
        self.close_part()?;
        let Some(tally) = self.tally else {
            return Err(Error::NoRows { instrument: self.spec.symbol });
        };
        let mut facts = self.common;
        facts.extend(facts::of_rows(&tally, self.clock));
        let class_balance = class_balance::to_bytes(&self.balance);
        let manifest = Manifest {
            facts,
            files: self.files,
            labels: class_balance::counts(&self.balance.all),
            reports: BTreeMap::from([(CLASS_BALANCE.to_owned(), Digest::of(&class_balance))]),
        };
        let grid_warning = grid_warning(&self.spec);
        Ok(Written { manifest, class_balance, events: self.progress.events, grid_warning })
    }

    /// Rows first, because they describe the time before the event; then the event, in the order in
    /// which the trading engine takes it.
    fn on_event(&mut self, recorded: &Recorded) -> Result<(), Error> {
        let Recorded { ts_recv, event } = recorded;
        let watermark = FeatureEngine::watermark_before(*ts_recv, event);
        self.take_rows(watermark);
        let given = self.moment.end_before(*ts_recv, &event.data);
        self.label(given);
        if let MarketData::Spec(spec) = &event.data {
            self.respecify(*ts_recv, spec)?;
        }
        self.features.apply(*ts_recv, event);
        self.targets.apply(*ts_recv, event);
        self.take_rows(watermark);
        self.progress.events += 1;
        self.take_labels();
        self.write_rows()
    }

    /// What rows say is in one unit: the data may make the grid finer before the first row alone.
    fn respecify(&mut self, at: UnixNanos, spec: &InstrumentSpec) -> Result<(), Error> {
        let (before, after) = (GridOf::from(&self.spec), GridOf::from(spec));
        self.spec = spec.clone();
        if before.is(&after) {
            return Ok(());
        }
        if self.progress.rows > 0 {
            return Err(Error::Regridded { path: None, at: timestamp(at), before, after });
        }
        self.common.insert(facts::INSTRUMENT.to_owned(), facts::refined(&self.listed, spec));
        Ok(())
    }

    fn take_rows(&mut self, watermark: UnixNanos) {
        while let Some(given) = self.features.next_row(watermark) {
            let mut row = Row::new(given);
            // Where events make rows, more of the same moment may follow.
            let held = (given.known_at == given.ts).then(|| given.clone());
            if held.is_none() {
                self.targets.on_row(given);
            }
            row.touch = Touch::at(&row, &self.features, self.spec.tick_size);
            match held {
                Some(features) => self.moment.hold(Given { features, row }),
                None => self.pipeline.on_row(row),
            }
            self.progress.rows += 1;
        }
    }

    /// A row that is written: it waits for its labels from here on.
    fn label(&mut self, given: Option<Given>) {
        let Some(Given { features, row }) = given else { return };
        self.targets.on_row(&features);
        self.pipeline.on_row(row);
    }

    fn take_labels(&mut self) {
        while let Some(labels) = self.targets.next_labels() {
            self.pipeline.on_labels(&labels);
        }
    }

    fn write_rows(&mut self) -> Result<(), Error> {
        while let Some(row) = self.pipeline.take() {
            if row.session != self.session {
                self.close_part()?;
                self.session = row.session;
            }
            let part = match &mut self.part {
                Some((_, part)) => part,
                None => {
                    let name = format!("part-{:08}.parquet", self.session);
                    let part = PartWriter::create(&self.folder.file(&name), &self.spec.symbol)?;
                    &mut self.part.insert((name, part)).1
                }
            };
            part.push(&row, self.seq)?;
            self.balance.on_row(&row);
            self.seq += 1;
        }
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Error> {
        let Some((name, part)) = self.part.take() else { return Ok(()) };
        let tally = part.tally().expect("a file is made for its first row");
        let mut facts = self.common.clone();
        facts.extend(facts::of_rows(&tally, self.clock));
        let facts = facts.into_iter().map(|(key, value)| (key, value.to_string())).collect();
        let sha256 = part.close(facts)?;
        let (t_start, t_end) = (tally.first.get(), tally.last.get());
        self.files.insert(name, FileFacts { rows: tally.rows, sha256, t_end, t_start });
        let all = self.tally.get_or_insert(Tally { rows: 0, cold: 0, superseded: 0, ..tally });
        all.rows += tally.rows;
        all.is_partial |= tally.is_partial;
        all.cold += tally.cold;
        all.superseded += tally.superseded;
        all.last = tally.last;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_run_publishes_meanwhile_is_found_and_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("BTCUSDT");
        let facts = Facts::from([("ds.mode".to_owned(), "book_enhanced".into())]);
        assert!(matches!(take(&place, &facts).unwrap(), Vacancy::Free(_)));
        let other = Unfinished::open(&place).unwrap();
        let empty = r#"{"ds.mode":"book_enhanced","files":{},"labels":{}}"#;
        let manifest: Manifest = serde_json::from_str(empty).unwrap();
        other.write(MANIFEST, &manifest.to_bytes()).unwrap();
        other.publish(manifest.files.keys()).unwrap();
        assert!(matches!(take(&place, &facts).unwrap(), Vacancy::Published(_)));
        let elsewhere = Facts::from([("ds.mode".to_owned(), "tick_only".into())]);
        assert!(matches!(take(&place, &elsewhere), Err(Error::Taken { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
