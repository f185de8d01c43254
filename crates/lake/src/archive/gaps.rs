//! The gap ledger of a part: every stretch of time whose data cannot be trusted, as data.

use std::path::Path;

use fluxo_core::{Gap, GapReason};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};

use super::layout::Instrument;
use super::table::TableWriter;
use crate::Error;

const SCHEMA: &str = "message gaps {
    REQUIRED INT64 line (INTEGER(64, false));
    REQUIRED INT64 from (TIMESTAMP(NANOS, true));
    REQUIRED INT64 to (TIMESTAMP(NANOS, true));
    REQUIRED BYTE_ARRAY reason (STRING);
    OPTIONAL INT64 expected (INTEGER(64, false));
    OPTIONAL INT64 got (INTEGER(64, false));
}";
const SCHEMA_VERSION: &str = "1";

/// A gap, and the line of the frame that revealed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoticedGap {
    pub(super) line: u64,
    pub(super) gap: Gap,
}

/// The bytes of a gap file.
pub(super) fn encode(
    path: &Path,
    of: &Instrument,
    source: &str,
    gaps: &[NoticedGap],
) -> Result<Vec<u8>, Error> {
    let facts = [
        ("fluxo.schema", "gaps".to_owned()),
        ("fluxo.schema_version", SCHEMA_VERSION.to_owned()),
        ("fluxo.venue", of.market.to_string()),
        ("fluxo.symbol", of.symbol.clone()),
        ("fluxo.source", source.to_owned()),
    ];
    let mut table = TableWriter::new(path, SCHEMA, &[], &facts)?;
    let column = |value: fn(&NoticedGap) -> i64| gaps.iter().map(value).collect::<Vec<_>>();
    let reasons: Vec<ByteArray> =
        gaps.iter().map(|noticed| ByteArray::from(reason(noticed.gap.reason))).collect();
    let ids: Vec<Option<[u64; 2]>> = gaps.iter().map(|noticed| ids(noticed.gap.reason)).collect();
    let present: Vec<i16> = ids.iter().map(|ids| i16::from(ids.is_some())).collect();
    let id = |at: usize| ids.iter().flatten().map(|ids| ids[at].cast_signed()).collect::<Vec<_>>();
    table.group(|group| {
        group.column::<Int64Type>(&column(|noticed| noticed.line.cast_signed()), None)?;
        group.column::<Int64Type>(&column(|noticed| noticed.gap.from.get()), None)?;
        group.column::<Int64Type>(&column(|noticed| noticed.gap.to.get()), None)?;
        group.column::<ByteArrayType>(&reasons, None)?;
        group.column::<Int64Type>(&id(0), Some(&present))?;
        group.column::<Int64Type>(&id(1), Some(&present))
    })?;
    table.finish()
}

const fn reason(reason: GapReason) -> &'static str {
    match reason {
        GapReason::Sequence { .. } => "sequence",
        GapReason::RecordingBoundary => "recording_boundary",
        GapReason::Disconnected => "disconnected",
        GapReason::Overrun => "overrun",
    }
}

const fn ids(reason: GapReason) -> Option<[u64; 2]> {
    match reason {
        GapReason::Sequence { expected, got } => Some([expected, got]),
        GapReason::RecordingBoundary | GapReason::Disconnected | GapReason::Overrun => None,
    }
}
