//! What the commands say at their end.

use fluxo_lake::archive::{Counts, ImportReport, VerifyReport};
use fluxo_report::{Output, Rows, count, seconds};
use serde::Serialize;

/// An import at its end.
#[derive(Serialize)]
pub(crate) struct Imported {
    #[serde(flatten)]
    pub(crate) report: ImportReport,
    pub(crate) seconds: f64,
}

/// A verification at its end.
#[derive(Serialize)]
pub(crate) struct Verified {
    #[serde(flatten)]
    pub(crate) report: VerifyReport,
    pub(crate) seconds: f64,
}

impl Output for Imported {
    fn rows(&self) -> Rows {
        let report = &self.report;
        let mut rows = Rows::new();
        for instrument in &report.instruments {
            rows = rows
                .heading(format!("imported · {}", instrument.instrument))
                .append(counts(&instrument.counts));
        }
        rows.heading("all")
            .row(
                "frames",
                format!("{} ({} new)", count(report.counts.frames), count(report.frames_new)),
            )
            .row("files", report.sources.len())
            .row("time", seconds(self.seconds))
    }
}

impl Output for Verified {
    fn rows(&self) -> Rows {
        let report = &self.report;
        let mut rows = Rows::new();
        for instrument in &report.instruments {
            rows = rows
                .heading(format!("verified · {}", instrument.instrument))
                .append(counts(&instrument.counts));
        }
        rows = rows
            .heading("lake")
            .row("sealed files", format!("{}, every hash right", count(report.sealed_files)))
            .row("recovered bytes", count(report.recovered_bytes));
        if report.torn_bytes > 0 {
            rows = rows.row("torn bytes", count(report.torn_bytes));
        }
        if report.incomplete_sources > 0 {
            rows = rows.row("incomplete recordings", count(report.incomplete_sources));
        }
        rows.row("time", seconds(self.seconds))
    }
}

fn counts(counts: &Counts) -> Rows {
    Rows::new()
        .row("frames", count(counts.frames))
        .row("depth updates", count(counts.depth_updates))
        .row("levels", count(counts.levels))
        .row("trades", count(counts.trades))
        .row("malformed", count(counts.malformed))
        .row("gaps", count(counts.gaps))
        .row("resyncs", count(counts.resyncs))
        .row("crossed", count(counts.crossed))
        .row(
            "book tickers",
            format!(
                "{} compared, {} equal",
                count(counts.book_ticker_compared),
                count(counts.book_ticker_equal)
            ),
        )
}
