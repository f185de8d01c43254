//! `fills.csv`: every execution with its reason.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use fluxo_core::{Decimal, Fill, InstrumentSpec, Lots, OrderEvent, Side, UnixNanos};
use fluxo_execution::Ledger;
use fluxo_report::Outcome;

use crate::out_folder::{OutFolder, write_failure};

pub(crate) const NAME: &str = "fills.csv";
const HEADER: &str =
    "ts_recv_ns,ts_event_ns,order,side,price,quantity,liquidity,reason,cash,fee,position\n";

/// The list, while it grows. Numbers are exact decimals.
#[derive(Debug)]
pub(crate) struct FillsFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl FillsFile {
    pub(crate) fn create(folder: &OutFolder) -> Outcome<Self> {
        let path = folder.unfinished(NAME);
        let mut file =
            File::create(&path).map(BufWriter::new).map_err(|error| write_failure(error, &path))?;
        file.write_all(HEADER.as_bytes()).map_err(|error| write_failure(error, &path))?;
        Ok(Self { path, file })
    }

    /// Adds a fill; `ledger` is after it.
    pub(crate) fn add(
        &mut self,
        ts_recv: UnixNanos,
        event: &OrderEvent,
        fill: &Fill,
        spec: &InstrumentSpec,
        ledger: &Ledger,
    ) -> Outcome<()> {
        let side = match fill.side {
            Side::Bid => "buy",
            Side::Ask => "sell",
        };
        writeln!(
            self.file,
            "{ts_recv},{},{},{side},{},{},{},{},{},{},{}",
            event.ts_event,
            event.id,
            times(spec.tick_size, fill.price.ticks()),
            quantity(spec, fill.lots),
            name(&fill.liquidity),
            name(&fill.reason),
            fill.cash,
            fill.fee,
            quantity(spec, ledger.position),
        )
        .map_err(|error| write_failure(error, &self.path))
    }

    pub(crate) fn finish(mut self, folder: &OutFolder) -> Outcome<()> {
        self.file.flush().map_err(|error| write_failure(error, &self.path))?;
        folder.publish(NAME)
    }
}

/// A size in units of the instrument.
fn quantity(spec: &InstrumentSpec, lots: Lots) -> Decimal {
    times(spec.lot_size, lots.get())
}

/// A whole number of units as a decimal.
///
/// # Panics
/// When the product needs more than 64 bits, which no price or size of a venue does.
fn times(unit: Decimal, count: i64) -> Decimal {
    let mantissa = unit.mantissa().checked_mul(count).expect("a price or size of 64 bits");
    Decimal::new(mantissa, unit.exponent())
}

/// The name of a variant, as it stands in data.
fn name<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
