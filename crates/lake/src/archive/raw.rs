//! The sealed frames of a part: every line as it stood, whatever it says.

use std::path::Path;

use bytes::Bytes;
use fluxo_core::UnixNanos;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};

use super::frame::Frame;
use super::layout::Instrument;
use super::table::{Column, TableReader, TableWriter};
use crate::{Damage, Error};

const SCHEMA: &str = "message raw {
    REQUIRED INT64 ts_recv (TIMESTAMP(NANOS, true));
    REQUIRED BYTE_ARRAY source (STRING);
    REQUIRED INT64 line (INTEGER(64, false));
    REQUIRED INT64 offset (INTEGER(64, false));
    REQUIRED BYTE_ARRAY frame;
}";
const DELTAS: [&str; 3] = ["ts_recv", "line", "offset"];
const SCHEMA_VERSION: &str = "1";

/// A row group ends at whichever comes first.
const GROUP_FRAMES_MAX: usize = 1 << 16;
const GROUP_BYTES_MAX: usize = 32 << 20;

const READ_FRAMES: usize = 1 << 10;

/// Builds the raw file of one part.
pub(super) struct RawWriter {
    table: TableWriter,
    source: ByteArray,
    ts_recv: Vec<i64>,
    line: Vec<i64>,
    offset: Vec<i64>,
    /// The frames of the row group, one behind the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl RawWriter {
    pub(super) fn new(path: &Path, of: &Instrument, source: &str) -> Result<Self, Error> {
        let facts = [
            ("fluxo.schema", "raw".to_owned()),
            ("fluxo.schema_version", SCHEMA_VERSION.to_owned()),
            ("fluxo.venue", of.market.to_string()),
            ("fluxo.symbol", of.symbol.clone()),
        ];
        Ok(Self {
            table: TableWriter::new(path, SCHEMA, &DELTAS, &facts)?,
            source: ByteArray::from(source.as_bytes().to_vec()),
            ts_recv: Vec::new(),
            line: Vec::new(),
            offset: Vec::new(),
            bytes: Vec::new(),
            ends: Vec::new(),
        })
    }

    pub(super) fn push(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        self.ts_recv.push(frame.ts_recv.get());
        self.line.push(frame.line.cast_signed());
        self.offset.push(frame.offset.cast_signed());
        self.bytes.extend_from_slice(frame.bytes);
        self.ends.push(self.bytes.len());
        if self.ends.len() >= GROUP_FRAMES_MAX || self.bytes.len() >= GROUP_BYTES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, Error> {
        self.flush()?;
        self.table.finish()
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let bytes = Bytes::from(std::mem::take(&mut self.bytes));
        let mut start = 0;
        let frames: Vec<ByteArray> = self
            .ends
            .iter()
            .map(|end| ByteArray::from(bytes.slice(std::mem::replace(&mut start, *end)..*end)))
            .collect();
        let sources = vec![self.source.clone(); frames.len()];
        self.table.group(|group| {
            group.column::<Int64Type>(&self.ts_recv, None)?;
            group.column::<ByteArrayType>(&sources, None)?;
            group.column::<Int64Type>(&self.line, None)?;
            group.column::<Int64Type>(&self.offset, None)?;
            group.column::<ByteArrayType>(&frames, None)
        })?;
        self.ts_recv.clear();
        self.line.clear();
        self.offset.clear();
        self.ends.clear();
        Ok(())
    }
}

/// Reads the raw file of one part, frame by frame.
pub(super) struct RawReader {
    table: TableReader,
    rows_left: u64,
    ts_recv: Column<Int64Type>,
    line: Column<Int64Type>,
    offset: Column<Int64Type>,
    frame: Column<ByteArrayType>,
    row: usize,
}

impl RawReader {
    pub(super) fn new(path: &Path, bytes: Bytes) -> Result<Self, Error> {
        let table = TableReader::new(path, bytes)?;
        if table.fact("fluxo.schema_version") != Some(SCHEMA_VERSION) {
            return Err(Error::damaged(path, 0, Damage::Undecodable));
        }
        Ok(Self {
            rows_left: table.rows(),
            ts_recv: table.column(0)?,
            line: table.column(2)?,
            offset: table.column(3)?,
            frame: table.column(4)?,
            row: 0,
            table,
        })
    }

    /// The receive time of the next frame; `None` behind the last.
    pub(super) fn peek(&mut self) -> Result<Option<UnixNanos>, Error> {
        if self.row == self.ts_recv.values().len() && !self.refill()? {
            return Ok(None);
        }
        Ok(Some(UnixNanos::new(self.ts_recv.values()[self.row])))
    }

    /// How many frames the part has.
    pub(super) fn rows(&self) -> u64 {
        self.table.rows()
    }

    /// Whether the next frame says when it was received; `false` behind the last one.
    pub(super) fn next_has_payload(&mut self) -> Result<bool, Error> {
        if self.peek()?.is_none() {
            return Ok(false);
        }
        Ok(self.frame_at(self.row).payload().is_some())
    }

    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Error> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let row = self.row;
        self.row += 1;
        Ok(Some(self.frame_at(row)))
    }

    /// A frame of those at hand.
    fn frame_at(&self, row: usize) -> Frame<'_> {
        Frame {
            ts_recv: UnixNanos::new(self.ts_recv.values()[row]),
            line: self.line.values()[row].cast_unsigned(),
            offset: self.offset.values()[row].cast_unsigned(),
            bytes: self.frame.values()[row].data(),
        }
    }

    fn refill(&mut self) -> Result<bool, Error> {
        let rows =
            usize::try_from(self.rows_left).map_or(READ_FRAMES, |left| left.min(READ_FRAMES));
        self.rows_left -= rows as u64;
        self.row = 0;
        self.ts_recv.read(&self.table, rows)?;
        self.line.read(&self.table, rows)?;
        self.offset.read(&self.table, rows)?;
        self.frame.read(&self.table, rows)?;
        Ok(rows > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxo_core::Market;

    #[test]
    fn frames_come_back_across_row_groups() {
        let of = Instrument { market: Market::BinanceSpot, symbol: "X".into() };
        let path = Path::new("part.parquet");
        let mut writer = RawWriter::new(path, &of, "x.gz").unwrap();
        fn frame(line: u64, bytes: &[u8]) -> Frame<'_> {
            let ts_recv = UnixNanos::new(5 - line.cast_signed());
            Frame { ts_recv, line, offset: u64::MAX - line, bytes }
        }
        let text = |line: u64| format!("{line} \u{0} not text: {}", line * 7919).into_bytes();
        let count = GROUP_FRAMES_MAX as u64 + 1_500;
        for line in 1..=count {
            writer.push(&frame(line, &text(line))).unwrap();
        }
        let mut reader = RawReader::new(path, writer.finish().unwrap().into()).unwrap();
        for line in 1..=count {
            assert_eq!(reader.next_frame().unwrap(), Some(frame(line, &text(line))));
        }
        assert_eq!(reader.next_frame().unwrap(), None);
        assert_eq!(reader.next_frame().unwrap(), None);
    }
}
