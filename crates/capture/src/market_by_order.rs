//! The records of a market-by-order file of Databento (DBN, all versions) as lines.

use std::io::{self, Read, Write};
use std::path::Path;

use dbn::decode::dbn::fsm::{DbnFsm, ProcessResult};
use dbn::{MboMsg, Metadata, Schema, TsSymbolMap};

use crate::Error;
use crate::error::NoRecording;
use crate::made::{MadeText, MakesLines};

/// Reads records one after the other.
pub(crate) struct RecordLines {
    bytes: Box<dyn Read + Send>,
    machine: DbnFsm,
    dataset: String,
    symbols: TsSymbolMap,
    /// The symbol of the instrument that came last.
    symbol: String,
    instrument: Option<u32>,
    last_ts_recv: u64,
}

/// Opens a file by its unpacked bytes; its header says what it holds.
pub(crate) fn open(
    path: &Path,
    bytes: Box<dyn Read + Send>,
) -> Result<MadeText<RecordLines>, Error> {
    let refused = |what| Error::NoRecording { path: path.to_owned(), what };
    let machine = DbnFsm::builder().build().map_err(|_| refused(NoRecording::Header))?;
    let mut lines = RecordLines {
        bytes,
        machine,
        dataset: String::new(),
        symbols: TsSymbolMap::new(),
        symbol: String::new(),
        instrument: None,
        last_ts_recv: 0,
    };
    let metadata = lines.metadata().ok().flatten();
    let metadata = metadata.ok_or_else(|| refused(NoRecording::Header))?;
    match metadata.schema {
        Some(Schema::Mbo) => {}
        other => {
            let schema = other.map_or_else(|| "none".to_owned(), |schema| schema.to_string());
            return Err(refused(NoRecording::Schema { schema }));
        }
    }
    lines.symbols = metadata.symbol_map().map_err(|_| refused(NoRecording::Header))?;
    lines.dataset = metadata.dataset;
    Ok(MadeText::new(lines))
}

impl RecordLines {
    /// The header; `None` when the file ends in it.
    fn metadata(&mut self) -> io::Result<Option<Metadata>> {
        loop {
            match self.machine.process() {
                ProcessResult::Metadata(metadata) => return Ok(Some(metadata)),
                ProcessResult::ReadMore(_) if self.fill()? => {}
                ProcessResult::ReadMore(_) | ProcessResult::Record(()) => return Ok(None),
                ProcessResult::Err(error) => return Err(invalid(error)),
            }
        }
    }

    /// Reads more bytes; `false` at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        let read = loop {
            match self.bytes.read(self.machine.space()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.machine.fill(read);
        Ok(read > 0)
    }

    /// The next market-by-order record; others are passed over.
    fn next_record(&mut self) -> io::Result<Option<MboMsg>> {
        loop {
            match self.machine.process() {
                ProcessResult::Record(()) => {
                    let record = self.machine.last_record();
                    if let Some(message) = record.and_then(|record| record.get::<MboMsg>()) {
                        return Ok(Some(message.clone()));
                    }
                }
                ProcessResult::Metadata(_) => {}
                ProcessResult::ReadMore(_) => {
                    if !self.fill()? {
                        let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
                        return if self.machine.data().is_empty() { Ok(None) } else { Err(cut()) };
                    }
                }
                ProcessResult::Err(error) => return Err(invalid(error)),
            }
        }
    }

    /// The symbol of an instrument at a time, as it can stand in a line.
    fn find_symbol(&mut self, instrument: u32, ts_recv: u64) {
        if self.instrument == Some(instrument) {
            return;
        }
        let found = self.symbols.get_for_ts(ts_recv, instrument);
        let name = found.cloned().unwrap_or_else(|| format!("id{instrument}"));
        let allowed = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
        self.symbol = name.chars().map(allowed).collect();
        self.instrument = Some(instrument);
    }
}

impl MakesLines for RecordLines {
    fn make_line(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        let Some(record) = self.next_record()? else { return Ok(()) };
        // A record without a receive time counts at the one before it.
        let is_time = i64::try_from(record.ts_recv).is_ok();
        self.last_ts_recv = if is_time { record.ts_recv } else { self.last_ts_recv };
        self.find_symbol(record.hd.instrument_id, self.last_ts_recv);
        let MboMsg { hd, order_id, price, size, flags, channel_id, sequence, .. } = &record;
        let code = |byte: std::ffi::c_char| char::from(byte.cast_unsigned());
        let (action, side) = (code(record.action), code(record.side));
        writeln!(
            line,
            "{:019} mbo {} {};{},{order_id},{price},{size},{},{channel_id},{action},{side},{},{sequence},{},{}",
            self.last_ts_recv,
            self.symbol,
            self.dataset,
            hd.ts_event,
            flags.raw(),
            record.ts_in_delta,
            hd.publisher_id,
            hd.instrument_id,
        )
    }
}

fn invalid(error: dbn::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
