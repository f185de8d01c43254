//! Builds the events file of one part.

use std::path::Path;

use fluxo_core::UnixNanos;
use fluxo_market_data::{Digits, Message};
use parquet::data_type::{Int32Type, Int64Type};

use super::rows::Rows;
use super::{DELTAS, FLAGS, KINDS, SCHEMA, SCHEMA_VERSION, SIDES};
use crate::Error;
use crate::archive::layout::Instrument;
use crate::archive::table::TableWriter;

/// A row group ends with the message that reaches this.
const GROUP_ROWS: usize = 1 << 18;

/// Takes the messages of a part, in order.
pub(in crate::archive) struct EventsWriter {
    table: TableWriter,
    digits: Digits,
    rows: Rows,
    written: u64,
}

impl EventsWriter {
    /// A table whose numbers have `digits`, which must be enough for every message to come.
    pub(in crate::archive) fn new(
        path: &Path,
        of: &Instrument,
        source: &str,
        digits: Digits,
    ) -> Result<Self, Error> {
        let facts = [
            ("fluxo.schema", "events".to_owned()),
            ("fluxo.schema_version", SCHEMA_VERSION.to_owned()),
            ("fluxo.venue", of.market.to_string()),
            ("fluxo.symbol", of.symbol.clone()),
            ("fluxo.source", source.to_owned()),
            ("fluxo.price_digits", digits.price.to_string()),
            ("fluxo.size_digits", digits.size.to_string()),
            ("fluxo.kinds", KINDS.to_owned()),
            ("fluxo.sides", SIDES.to_owned()),
            ("fluxo.flags", FLAGS.to_owned()),
        ];
        let table = TableWriter::new(path, SCHEMA, &DELTAS, &facts)?;
        Ok(Self { table, digits, rows: Rows::default(), written: 0 })
    }

    pub(in crate::archive) fn push(
        &mut self,
        ts_recv: UnixNanos,
        line: u64,
        message: &Message<'_>,
    ) -> Result<(), Error> {
        self.rows.push(ts_recv, line, message, self.digits);
        if self.rows.len() >= GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    /// How many rows were taken.
    pub(in crate::archive) fn rows(&self) -> u64 {
        self.written + self.rows.len() as u64
    }

    pub(in crate::archive) fn finish(mut self) -> Result<Vec<u8>, Error> {
        self.flush()?;
        self.table.finish()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let rows = &self.rows;
        if rows.len() == 0 {
            return Ok(());
        }
        self.table.group(|group| {
            group.column::<Int64Type>(&rows.ts_recv, None)?;
            group.column::<Int64Type>(&rows.line, None)?;
            group.column::<Int32Type>(&rows.kind, None)?;
            group.column::<Int32Type>(&rows.side, None)?;
            group.column::<Int32Type>(&rows.flags, None)?;
            group.column::<Int64Type>(&rows.price, None)?;
            group.column::<Int64Type>(&rows.size, None)?;
            let nullable = [
                &rows.ts_event,
                &rows.ts_sent,
                &rows.trade_id,
                &rows.first_id,
                &rows.last_id,
                &rows.previous_id,
                &rows.next_funding,
            ];
            nullable.into_iter().try_for_each(|column| {
                group.column::<Int64Type>(&column.values, Some(&column.present))
            })
        })?;
        self.written += self.rows.len() as u64;
        self.rows.clear();
        Ok(())
    }
}
