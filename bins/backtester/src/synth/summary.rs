//! What `synth` says at its end.

use std::ops::Range;

use fluxo_lake::archive::ImportReport;
use fluxo_report::{Output, Rows, count, seconds};
use fluxo_sim::synthetic::{FIRST_STEP, Oracle, STEP};
use serde::Serialize;

use super::Synth;

/// The market, its lake if it was written, and what could be earned in it.
#[derive(Serialize)]
pub(super) struct Summary {
    kind: &'static str,
    seed: u64,
    hours: u64,
    steps: u64,
    /// Step `k` happens at `first_step_ns + k * step_ns`, on the venue's clock.
    first_step_ns: i64,
    step_ns: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lake: Option<LakeSummary>,
    oracle: OracleSummary,
    seconds: f64,
}

#[derive(Serialize)]
pub(super) struct LakeSummary {
    path: String,
    recording: String,
    frames: u64,
    frames_new: u64,
    depth_updates: u64,
    levels: u64,
    trades: u64,
    book_tickers: u64,
    gaps: u64,
    crossed: u64,
}

/// Basis points of one unit, after `cost_bps` per unit traded.
#[derive(Serialize)]
struct OracleSummary {
    from_step: u64,
    to_step: u64,
    /// Returns between those steps.
    returns: u64,
    cost_bps: f64,
    /// How far the posterior of the signal must be on the other side of zero until the oracle
    /// changes its side; null where it stays out.
    band: Option<f64>,
    net_bps: f64,
    gross_bps: f64,
    net_bps_per_step: f64,
    net_bps_per_step_standard_error: f64,
    units_traded: u64,
    hit_ratio: f64,
}

impl Summary {
    pub(super) fn new(
        command: &Synth,
        oracle: &Oracle,
        window: Range<u64>,
        lake: Option<LakeSummary>,
        seconds: f64,
    ) -> Self {
        let score = oracle.score(window.clone());
        Self {
            kind: oracle.config.kind.name(),
            seed: command.seed,
            hours: command.hours,
            steps: command.steps(),
            first_step_ns: FIRST_STEP.get(),
            step_ns: STEP.get(),
            lake,
            oracle: OracleSummary {
                from_step: window.start,
                to_step: window.end,
                returns: score.steps,
                cost_bps: oracle.cost_bps,
                band: oracle.threshold,
                net_bps: score.net_bps(),
                gross_bps: score.gross_bps,
                net_bps_per_step: score.net_bps_per_step(),
                net_bps_per_step_standard_error: score.standard_error_bps(),
                units_traded: score.traded,
                hit_ratio: score.hit_ratio(),
            },
            seconds,
        }
    }
}

impl LakeSummary {
    pub(super) fn new(path: String, recording: String, report: &ImportReport) -> Self {
        let counts = &report.counts;
        Self {
            path,
            recording,
            frames: counts.frames,
            frames_new: report.frames_new,
            depth_updates: counts.depth_updates,
            levels: counts.levels,
            trades: counts.trades,
            book_tickers: counts.book_ticker_compared,
            gaps: counts.gaps,
            crossed: counts.crossed,
        }
    }
}

impl Output for Summary {
    fn rows(&self) -> Rows {
        let hours = if self.hours == 1 { "hour" } else { "hours" };
        let mut rows = Rows::new()
            .heading(format!(
                "synthetic market · {} · seed {} · {} {hours}",
                self.kind, self.seed, self.hours
            ))
            .row("steps", count(self.steps));
        if let Some(lake) = &self.lake {
            rows = rows
                .row("frames", format!("{} ({} new)", count(lake.frames), count(lake.frames_new)))
                .row("depth updates", count(lake.depth_updates))
                .row("levels", count(lake.levels))
                .row("trades", count(lake.trades))
                .row("book tickers", format!("{}, all equal", count(lake.book_tickers)))
                .row("lake", &lake.path);
        }
        let oracle = &self.oracle;
        let band = match oracle.band {
            Some(band) => format!("changes its side beyond a posterior of {band:.1}"),
            None => "stays out: no band earns its cost".to_owned(),
        };
        rows.heading(format!(
            "oracle · steps {} to {} · {} bps per unit traded",
            oracle.from_step, oracle.to_step, oracle.cost_bps
        ))
        .row("policy", band)
        .row("net", format!("{:+.2} bps of the order's value", oracle.net_bps))
        .row(
            "per step",
            format!(
                "{:+.4} ± {:.4} bps",
                oracle.net_bps_per_step, oracle.net_bps_per_step_standard_error
            ),
        )
        .row("gross", format!("{:+.2} bps", oracle.gross_bps))
        .row("units traded", count(oracle.units_traded))
        .row("hit ratio", format!("{:.4}", oracle.hit_ratio))
        .row("time", seconds(self.seconds))
    }
}
