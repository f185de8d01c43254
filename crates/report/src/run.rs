//! The summary of a run of the engine over a recording.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Output, Rows, count, money, seconds};

/// What a run did. Money is in the settlement currency, sizes in units of the instrument.
#[derive(Clone, Debug, Serialize)]
pub struct RunSummary {
    /// `binance-usdm BTCUSDT`.
    pub instrument: String,
    /// Whether the instrument's grid was configured, refined by the data, or inferred from it.
    pub spec_source: String,
    /// The rule that decided.
    pub strategy: String,
    /// Hash of the configuration.
    pub config_sha256: String,
    /// Hash of what the instrument's integers meant at the start and how its feed behaves. Runs that
    /// agree in both hashes and in their input agree in every action.
    pub instrument_sha256: String,
    /// Currency of the money below.
    pub currency: String,
    /// Lines of the capture files, messages of the lake, or frames of the live feed that were read.
    pub frames: u64,
    /// Events that the engine was shown: market, orders and timers.
    pub events: u64,
    /// Feature rows.
    pub rows: u64,
    /// Intents that the coordinator formed.
    pub decisions: u64,
    /// Orders that the gate approved.
    pub orders: u64,
    /// Orders that the gate refused.
    pub refusals: u64,
    /// Refused orders by the limit that they would have broken.
    pub refusals_by_reason: BTreeMap<String, u64>,
    /// Approved orders that ended before they were filled whole, by how: the venue rejected them, they
    /// were canceled, or they expired because they may not rest.
    pub orders_ended: BTreeMap<String, u64>,
    /// Executions.
    pub fills: u64,
    /// Executions by reason.
    pub fills_by_reason: BTreeMap<String, u64>,
    /// Opinions by agent.
    pub opinions: BTreeMap<String, u64>,
    /// What is held at the end; long is positive.
    pub position: f64,
    /// The same in lots.
    pub position_lots: i64,
    /// Fees paid; a rebate is negative.
    pub fees: f64,
    /// Profit after fees, the position valued at the last touch that would close it.
    pub net_pnl: f64,
    /// Hash chain over every action.
    pub actions_sha256: String,
    /// Depth messages whose chain broke, and stretches of a live feed that were lost.
    pub gaps: u64,
    /// States of the book that were crossed.
    pub crossed: u64,
    /// Frames of capture files that could not be decoded. Of a lake, its import and `verify` count
    /// them: what it gives to a run was decoded.
    pub malformed: u64,
    /// Time from an event's arrival at the engine to its actions, over the events that decided.
    pub decision_latency_ns: Latency,
    /// Events per second of wall time, reading and simulation included.
    pub events_per_second: f64,
    /// Wall time of the run.
    pub seconds: f64,
    /// What the simulation took for granted.
    pub assumptions: String,
    /// What the simulation had to bend or to drop.
    pub simulation: SimulationCounts,
    /// What the models did, when there are models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<ModelsSummary>,
    /// What only a live session has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveSummary>,
    /// Where the journal is, and what it hashes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalPlace>,
    /// Things that a person should know.
    pub warnings: Vec<String>,
}

/// What a live session went through.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveSummary {
    /// How much faster than the wall the session's clock ran: 1, but for a double at speed.
    pub speed: f64,
    /// How long the session was on its own clock.
    pub market_seconds: f64,
    /// Connections that opened.
    pub connections: u64,
    /// How many of them replaced one that was lost.
    pub reconnects: u64,
    /// Stretches of the feed that were lost and declared as gaps.
    pub losses: u64,
    /// How often the book was put together again.
    pub resyncs: u64,
    /// Snapshots of the whole book that were taken up.
    pub snapshots: u64,
    /// Frames that were dropped because they came faster than they were worked off.
    pub dropped: u64,
    /// The most frames that waited for the engine.
    pub waiting_max: u64,
    /// Commands of a person, the one to stop included.
    pub commands: u64,
    /// Wall time from the reading of what led to a decision (a frame at its socket; the clock, where
    /// a grid time closed in silence) to the actions, over the events that decided.
    pub read_to_actions_ns: Latency,
}

/// What did not go between the engine and the simulated venue as it was stated or asked for.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SimulationCounts {
    /// Events whose receive time lay before their predecessor's: it was moved up to it.
    pub late: u64,
    /// Events whose venue time was too far from that of the others to be believed.
    pub doubted_stamps: u64,
    /// Events that the venue came to know later than they say, because the look-ahead was full.
    pub look_ahead_full: u64,
    /// Orders that never left, because too many messages were on their way.
    pub refused: u64,
    /// Orders and cancels that were still on their way when the recording ended.
    pub unarrived: u64,
}

/// What the models of a run did.
#[derive(Clone, Debug, Serialize)]
pub struct ModelsSummary {
    /// The bundle that spoke last: its hash.
    pub bundle: String,
    /// Rows of which at least one model had an answer.
    pub forecasts: u64,
    /// Rows of which none had.
    pub silent_rows: u64,
    /// What each model did, by name.
    pub by_model: BTreeMap<String, ModelSummary>,
}

/// What one model did.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ModelSummary {
    /// Answers that counted.
    pub scored: u64,
    /// Times that it had no usable answer.
    pub failed: u64,
    /// Whether it failed too often and is not asked any more.
    pub disabled: bool,
}

/// Percentiles in nanoseconds of wall time.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// Median.
    pub p50: u64,
    /// 99th percentile.
    pub p99: u64,
    /// Slowest.
    pub max: u64,
}

/// A journal on disk.
#[derive(Clone, Debug, Serialize)]
pub struct JournalPlace {
    /// Its folder.
    pub path: String,
    /// Hash over its records.
    pub sha256: String,
}

impl Output for RunSummary {
    fn rows(&self) -> Rows {
        let mut rows = Rows::new()
            .heading(format!("{} · {}", self.instrument, self.strategy))
            .row("frames", count(self.frames))
            .row("events", count(self.events))
            .row("rows", count(self.rows))
            .row("decisions", count(self.decisions))
            .row(
                "orders",
                format!(
                    "{}, {} refused{}",
                    count(self.orders),
                    count(self.refusals),
                    by_name(&self.refusals_by_reason)
                ),
            )
            .row("ended unfilled", total_by_name(&self.orders_ended))
            .row("fills", format!("{}{}", count(self.fills), by_name(&self.fills_by_reason)));
        for (agent, opinions) in &self.opinions {
            rows = rows.row("opinions", format!("{} {agent}", count(*opinions)));
        }
        if let Some(models) = &self.models {
            let (spoke, silent) = (count(models.forecasts), count(models.silent_rows));
            rows = rows
                .row("forecasts", format!("{spoke}, {silent} rows without"))
                .row("bundle sha256", &models.bundle);
        }
        let latency = &self.decision_latency_ns;
        rows = rows
            .row("position", self.position)
            .row("fees", money(self.fees, &self.currency))
            .row("net result", money(self.net_pnl, &self.currency))
            .row(
                "decision latency",
                format!("p50 {} ns, p99 {} ns, max {} ns", latency.p50, latency.p99, latency.max),
            )
            .row(
                "speed",
                format!("{:.0} events/s, {}", self.events_per_second, seconds(self.seconds)),
            )
            .row("specification", &self.spec_source)
            .row("config sha256", &self.config_sha256)
            .row("instrument sha256", &self.instrument_sha256)
            .row("actions sha256", &self.actions_sha256);
        if let Some(live) = &self.live {
            rows = live.append_to(rows);
        }
        if let Some(journal) = &self.journal {
            rows = rows.row("journal", &journal.path).row("journal sha256", &journal.sha256);
        }
        rows.note(format!("assumes: {}", self.assumptions))
    }
}

impl LiveSummary {
    fn append_to(&self, rows: Rows) -> Rows {
        let latency = &self.read_to_actions_ns;
        rows.row(
            "session",
            format!(
                "{} of market time at {} times the wall, {} commands",
                seconds(self.market_seconds),
                self.speed,
                count(self.commands)
            ),
        )
        .row(
            "connections",
            format!(
                "{}, {} reconnects, {} losses, {} snapshots, {} resyncs",
                count(self.connections),
                count(self.reconnects),
                count(self.losses),
                count(self.snapshots),
                count(self.resyncs)
            ),
        )
        .row(
            "queue",
            format!("at most {} frames, {} dropped", count(self.waiting_max), count(self.dropped)),
        )
        .row(
            "frame read to actions",
            format!("p50 {} ns, p99 {} ns, max {} ns", latency.p50, latency.p99, latency.max),
        )
    }
}

/// `11 (expired 11)`, or `0`.
fn total_by_name(counts: &BTreeMap<String, u64>) -> String {
    format!("{}{}", count(counts.values().sum()), by_name(counts))
}

fn by_name(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> =
        counts.iter().map(|(name, value)| format!("{} {name}", count(*value))).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// How far the scores of another kind of processor may lie from the recorded ones: as far as models
/// may lie from their golden rows.
pub const SCORES_AGREE_WITHIN: f64 = 1e-5;

/// What a replay proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every action with its reasons, and every score, to the last bit.
    Identical,
    /// Every order and cancel. Scores differ by no more than [`SCORES_AGREE_WITHIN`], and with them
    /// the recorded reasons: models were asked on another kind of processor.
    Agrees,
    /// Something else was done, or the scores are not those of the same models.
    Different,
}

impl Verdict {
    /// The verdict on a replay that did the same actions, or at least sent the same orders.
    #[must_use]
    pub fn of(same_actions: bool, same_orders: bool, score_difference_max: f64) -> Self {
        // NaN fails every comparison.
        if same_actions && score_difference_max <= 0.0 {
            Self::Identical
        } else if same_orders
            && score_difference_max > 0.0
            && score_difference_max <= SCORES_AGREE_WITHIN
        {
            Self::Agrees
        } else {
            Self::Different
        }
    }
}

/// What came of replaying a journal.
#[derive(Clone, Debug, Serialize)]
pub struct JournalReplay {
    /// Whether the engine did the same, event by event: [`Verdict::Identical`].
    pub identical: bool,
    /// What the replay proves.
    pub verdict: Verdict,
    /// Whether the run that wrote the journal came to its end.
    pub finished: bool,
    /// Events that were replayed.
    pub events: u64,
    /// The hash chain of this replay.
    pub actions_sha256: String,
    /// The hash over the journal's records.
    pub journal_sha256: String,
    /// The first event whose actions differ, in what was done or in the recorded reason for it.
    pub first_difference: Option<Difference>,
    /// The first event at which another order or cancel was sent, whatever the reasons.
    pub first_different_order: Option<Difference>,
    /// Where the models' scores came from: `recorded` in the journal, or `recomputed`. Absent where no
    /// model spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<String>,
    /// Rows whose scores were compared with the recorded ones.
    pub scores_compared: u64,
    /// The largest difference of a probability; 1 where an answer is on one side only.
    pub score_difference_max: f64,
    /// Things that a person should know.
    pub warnings: Vec<String>,
}

/// An event at which a replay did something else.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The event's place in the run.
    pub sequence: u64,
    /// When it was learned.
    pub ts_recv: i64,
    /// What it was.
    pub event: String,
    /// What the journal says was done.
    pub recorded: String,
    /// What the replay did.
    pub replayed: String,
}

impl Output for JournalReplay {
    fn rows(&self) -> Rows {
        let verdict = match self.verdict {
            Verdict::Identical => "identical",
            Verdict::Agrees => "agrees: the same orders, from scores that differ by at most 1e-5",
            Verdict::Different => "DIFFERENT",
        };
        let mut rows = Rows::new()
            .heading(format!("replay of the journal: {verdict}"))
            .row("events", count(self.events))
            .row("actions sha256", &self.actions_sha256)
            .row("journal sha256", &self.journal_sha256);
        if let Some(scores) = &self.scores {
            let (compared, most) = (count(self.scores_compared), self.score_difference_max);
            rows = rows
                .row("scores", format!("{scores}, {compared} rows, differ by {most:e} at most"));
        }
        if let Some(first) = &self.first_difference {
            rows = rows
                .row("first difference", format!("event {} ({})", first.sequence, first.event))
                .row("at", first.ts_recv)
                .row("recorded", &first.recorded)
                .row("replayed", &first.replayed);
        }
        match &self.first_different_order {
            Some(first) => rows.row(
                "first different order",
                format!("event {} ({})", first.sequence, first.event),
            ),
            None if !self.identical => rows.row("first different order", "none"),
            None => rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_may_differ_a_little_where_orders_do_not() {
        let of = Verdict::of;
        assert_eq!(of(true, true, 0.0), Verdict::Identical);
        for (same_actions, scores) in [(false, 1e-7), (true, 1e-7), (false, SCORES_AGREE_WITHIN)] {
            assert_eq!(of(same_actions, true, scores), Verdict::Agrees, "{scores}");
        }
        for (same_actions, same_orders, scores) in [
            (false, true, 0.0),
            (false, false, 0.0),
            (false, false, 1e-7),
            (true, true, 1.1e-5),
            (true, true, 1.0),
            (true, true, f64::NAN),
        ] {
            assert_eq!(of(same_actions, same_orders, scores), Verdict::Different, "{scores}");
        }
    }
}
