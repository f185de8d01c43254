//! `collector serve`: a recording, played as the venue would.

use std::ops::ControlFlow;
use std::time::Duration;

use fluxo_core::{InstrumentSpec, UnixNanos};
use fluxo_lake::archive::{Instrument, Lake, RawItem};
use fluxo_report::{
    Exit, Failure, Outcome, Output, OutputMode, ProgressLine, Rows, Unfit, announce, count, seconds,
};
use fluxo_session::{Inputs, Instruments, Recording, RecordingError, lake_failure};
use fluxo_venues::double::{
    Captures, Config, Double, Ended, Error, FrameSource, SourceError, SourceItem, Summary,
};
use serde::Serialize;

use crate::arguments::Serve;
use crate::clock::Stopwatch;

/// How often the line of progress moves.
const WORD_EVERY: Duration = Duration::from_millis(200);

pub(crate) fn serve(command: &Serve) -> Outcome {
    let spec = instrument(command)?;
    let config = Config {
        listen: command.listen,
        allow_remote: command.allow_remote,
        speed: command.speed,
        start: command.from.unwrap_or_default(),
        troubles: command.troubles(),
        retired_endpoints: command.retired_endpoints,
        ..Config::new(spec.clone())
    };
    let double = match &command.inputs[..] {
        [lake] if lake.is_dir() => {
            let lake = Lake::open(lake).map_err(lake_failure)?;
            let instrument = Instrument { market: spec.market, symbol: spec.symbol.clone() };
            Double::start(config, LakeFrames { lake, instrument })
        }
        files => Double::start(config, Captures::new(files.iter().cloned())),
    };
    let double = double.map_err(failure)?;
    double.stop_on_signals().map_err(failure)?;
    let instrument = format!("{} {}", spec.market, spec.symbol);
    announce(format_args!(
        "listening on {} and {}: {instrument} from {} at {} times its pace; the clock waits for a subscription",
        double.ws_url(),
        double.rest_url(),
        time_of(double.market_time()),
        command.speed
    ));
    let stopwatch = Stopwatch::start();
    let ended = watch(double);
    let played = (ended.summary.to.get() - ended.summary.from.get()).max(0);
    let served = Served {
        instrument,
        from: time_of(ended.summary.from),
        to: time_of(ended.summary.to),
        #[expect(clippy::cast_precision_loss, reason = "a view for a report")]
        recording_seconds: played as f64 / 1e9,
        summary: ended.summary,
        seconds: stopwatch.seconds(),
    };
    warn_about(&served.summary);
    served.print(OutputMode::from_flag(command.json))?;
    match ended.fault {
        Some(fault) => Err(failure(fault)),
        None => Ok(Exit::Success),
    }
}

/// The instrument of the recording, listed or inferred, once the recording can be used at all.
fn instrument(command: &Serve) -> Outcome<InstrumentSpec> {
    let instruments = Instruments::load(command.instruments.as_deref()).or_usage()?;
    let inputs = Inputs::find(&command.inputs, &command.selection());
    let inputs = inputs.map_err(RecordingError::into_failure)?;
    let recording = Recording::open(&inputs, &instruments).map_err(RecordingError::into_failure)?;
    for warning in recording.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(recording.spec().clone())
}

fn watch(double: Double) -> Ended {
    let line = ProgressLine::counting("frames");
    while !double.is_over_within(WORD_EVERY) {
        line.on(time_of(double.market_time()));
        line.at(double.summary().frames);
    }
    line.clear();
    double.wait()
}

fn warn_about(summary: &Summary) {
    let losses = [
        (summary.malformed, "malformed frames were left out"),
        (summary.snapshots_refused, "requests for a snapshot came before there was a whole book"),
        (summary.slow, "sockets were cut because their client does not read"),
        (summary.expelled, "sockets were closed because their client broke a rule of the venue"),
    ];
    for (count, what) in losses.into_iter().filter(|(count, _)| *count > 0) {
        tracing::warn!("{count} {what}");
    }
}

/// Sorts what the double reports by who can do something about it.
fn failure(error: Error) -> Failure {
    match error {
        Error::NotLoopback { .. } => {
            Failure::usage(error).remedy("listen on 127.0.0.1, or add --allow-remote")
        }
        Error::Listen { .. } => Failure::usage(error).remedy("choose another port, or 0 for any"),
        Error::Speed { .. } => Failure::usage(error).remedy("choose another --speed"),
        Error::StartBehindEnd { .. } => Failure::usage(error).remedy("choose an earlier --from"),
        Error::Empty => Failure::damaged(error),
        Error::Wire(_) | Error::MarketData(_) => {
            Failure::damaged(error).remedy("list the instrument in instruments.toml")
        }
        Error::Source(source) => source_failure(source),
        Error::Server { .. } | Error::Thread { .. } => Failure::internal(error),
    }
}

fn source_failure(source: SourceError) -> Failure {
    let source = match source.downcast::<fluxo_capture::Error>() {
        Ok(capture) => return RecordingError::from(*capture).into_failure(),
        Err(source) => source,
    };
    match source.downcast::<fluxo_lake::Error>() {
        Ok(lake) => lake_failure(*lake),
        Err(other) => Failure::internal(Error::Source(other)),
    }
}

/// The frames of one instrument of a lake.
struct LakeFrames {
    lake: Lake,
    instrument: Instrument,
}

impl FrameSource for LakeFrames {
    fn read(
        &mut self,
        take: &mut dyn FnMut(SourceItem<'_>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let mut frames = self.lake.frames(&self.instrument)?;
        while let Some(item) = frames.next_item()? {
            let item = match item {
                RawItem::Recording { .. } => SourceItem::Recording,
                RawItem::Frame { ts_recv, payload } => SourceItem::Frame { ts_recv, payload },
            };
            if take(item).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// What was served, at its end.
#[derive(Serialize)]
struct Served {
    instrument: String,
    #[serde(rename = "from_time")]
    from: String,
    #[serde(rename = "to_time")]
    to: String,
    recording_seconds: f64,
    #[serde(flatten)]
    summary: Summary,
    seconds: f64,
}

impl Output for Served {
    fn rows(&self) -> Rows {
        let summary = &self.summary;
        let mut rows = Rows::new()
            .heading(format!("served · {}", self.instrument))
            .row("recording", format!("{} to {}", self.from, self.to))
            .row("frames", count(summary.frames))
            .row("messages", count(summary.messages))
            .row("sockets", count(summary.connections))
            .row("requests", count(summary.requests))
            .row("snapshots", count(summary.snapshots));
        for (name, value) in [
            ("snapshots refused", summary.snapshots_refused),
            ("malformed", summary.malformed),
            ("cut on purpose", summary.cut),
            ("withheld on purpose", summary.lost),
            ("cut as slow", summary.slow),
            ("expelled", summary.expelled),
        ] {
            if value > 0 {
                rows = rows.row(name, count(value));
            }
        }
        rows.row("latest frame", format!("{:.3} ms late", summary.behind_seconds_max * 1e3))
            .row("time", seconds(self.seconds))
    }
}

fn time_of(moment: UnixNanos) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(moment.get()))
        .map_or_else(|_| moment.to_string(), |time| time.to_string())
}
