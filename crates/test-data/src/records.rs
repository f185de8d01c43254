//! A market-by-order file of our own, packed and with checksums as Databento packs them.

use std::io::Write;
use std::path::{Path, PathBuf};

use dbn::encode::{DbnEncoder, EncodeRecord};
use dbn::{FlagSet, MboMsg, MetadataBuilder, RecordHeader, SType, Schema, rtype};

/// 00:00 of 2023-12-25, UTC.
const START_NS: u64 = 1_703_462_400_000_000_000;
const STEP_NS: u64 = 1_000_000;
/// A quarter of a point, in units of 1e-9.
const TICK: i64 = 250_000_000;
const START_TICKS: i64 = 19_200;
/// Globex, as Databento numbers publishers.
const PUBLISHER: u16 = 1;

/// The symbol of the instrument in [`mbo_file`]: its header names none for the number 1.
pub const MBO_SYMBOL: &str = "id1";

/// Writes as many records: the book of a future is empty, and then orders join it, a millisecond apart.
///
/// # Panics
/// When the file cannot be written.
#[must_use]
pub fn mbo_file(folder: &Path, records: u32) -> PathBuf {
    let metadata = MetadataBuilder::new()
        .dataset("GLBX.MDP3")
        .schema(Some(Schema::Mbo))
        .start(START_NS)
        .stype_in(Some(SType::RawSymbol))
        .stype_out(SType::InstrumentId)
        .build();
    let path = folder.join("orders.mbo.dbn.zst");
    let write = || -> Result<(), Box<dyn std::error::Error>> {
        let mut packed = zstd::Encoder::new(Vec::new(), 3)?;
        packed.include_checksum(true)?;
        let mut encoder = DbnEncoder::new(&mut packed, &metadata)?;
        encoder.encode_record(&clear())?;
        for number in 1..records {
            encoder.encode_record(&order(number))?;
        }
        packed.flush()?;
        std::fs::write(&path, packed.finish()?)?;
        Ok(())
    };
    write().expect("the file can be written");
    path
}

fn clear() -> MboMsg {
    let (order_id, price, size) = (0, dbn::UNDEF_PRICE, 0);
    MboMsg { order_id, price, size, action: code(b'R'), side: code(b'N'), ..order(0) }
}

fn order(number: u32) -> MboMsg {
    let is_bid = number.is_multiple_of(2);
    // Digits without a pattern, so that the file does not pack to nothing.
    let digits = number.wrapping_mul(2_654_435_761);
    let depth = i64::from(digits >> 24) % 40;
    let ticks = if is_bid { START_TICKS - depth } else { START_TICKS + 1 + depth };
    let (side, at) = (if is_bid { b'B' } else { b'A' }, START_NS + u64::from(number) * STEP_NS);
    MboMsg {
        hd: RecordHeader::new::<MboMsg>(rtype::MBO, PUBLISHER, 1, at),
        order_id: u64::from(digits) + 1,
        price: ticks * TICK,
        size: 1 + digits % 50,
        flags: FlagSet::empty().set_last(),
        channel_id: 0,
        action: code(b'A'),
        side: code(side),
        ts_recv: at + 1_000,
        ts_in_delta: 0,
        sequence: number + 1,
    }
}

const fn code(letter: u8) -> std::ffi::c_char {
    letter.cast_signed()
}
