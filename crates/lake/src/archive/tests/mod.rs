//! The archive as a whole, on small invented recordings.

mod crash;
mod damage;
mod import;
mod made;
mod read;

use std::path::{Path, PathBuf};

use fluxo_core::{Market, Nanos};

use super::{ImportConfig, ImportReport, Importer, Instrument};
use crate::Error;
use crate::segment::SegmentConfig;

/// Several parts and segments from a hundred lines, and everything kept as soon as it can be.
const SMALL: ImportConfig = ImportConfig {
    part_frames_max: 80,
    part_bytes_max: 1 << 20,
    sync_every: Nanos::ZERO,
    segment: SegmentConfig { segment_bytes_max: 3_000 },
};

fn import(lake: &Path, files: &[&PathBuf]) -> Result<ImportReport, Error> {
    let files: Vec<PathBuf> = files.iter().map(|path| (*path).clone()).collect();
    Importer::open(lake, SMALL)?.import(&files, &mut |_| ())
}

fn btcusdt() -> Instrument {
    Instrument { market: Market::BinanceSpot, symbol: "BTCUSDT".into() }
}
