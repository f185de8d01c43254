//! Where things lie in a lake.
//!
//! ```text
//! manifest.json
//! lock
//! raw/venue=…/symbol=…/date=YYYY-MM-DD/part-<first receive time>.parquet
//! events/venue=…/symbol=…/date=YYYY-MM-DD/part-<first receive time>.parquet
//! gaps/venue=…/symbol=…/part-<first receive time>.parquet
//! wal/source-<number>/00000001.seg …
//! retracted/…
//! ```

use std::path::{Path, PathBuf};

use fluxo_core::{Market, UnixNanos};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const WAL: &str = "wal";
/// Where parts go that a repaired file replaced: nothing that was acknowledged is ever deleted.
pub(super) const RETRACTED: &str = "retracted";

/// One instrument of a lake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instrument {
    /// The market it trades on.
    #[serde(rename = "venue")]
    pub market: Market,
    /// The venue's own symbol.
    pub symbol: String,
}

impl core::fmt::Display for Instrument {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {}", self.market, self.symbol)
    }
}

/// The kinds of sealed files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Raw,
    Events,
    Gaps,
}

impl Table {
    pub(super) const ALL: [Self; 3] = [Self::Raw, Self::Events, Self::Gaps];

    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Events => "events",
            Self::Gaps => "gaps",
        }
    }
}

/// The UTC day of a moment, as folders spell it.
pub(super) fn date_of(moment: UnixNanos) -> String {
    let timestamp = Timestamp::from_nanosecond(i128::from(moment.get()));
    let timestamp = timestamp.expect("64 bits of nanoseconds are years 1677 to 2262");
    Offset::UTC.to_datetime(timestamp).date().to_string()
}

/// The path of a sealed file below the lake. `copy` tells parts apart that begin at the same moment.
pub(super) fn part_path(table: Table, of: &Instrument, first: UnixNanos, copy: u32) -> String {
    let (folder, market, symbol) = (table.folder(), of.market, &of.symbol);
    let date = match table {
        Table::Raw | Table::Events => format!("/date={}", date_of(first)),
        Table::Gaps => String::new(),
    };
    let copy = if copy == 0 { String::new() } else { format!("-{copy}") };
    format!("{folder}/venue={market}/symbol={symbol}{date}/part-{first}{copy}.parquet")
}

/// The receive time in the name of a part, `None` for a file that is none.
pub(super) fn part_start(path: &Path) -> Option<UnixNanos> {
    let name = path.file_name()?.to_str()?.strip_prefix("part-")?.strip_suffix(".parquet")?;
    let digits = name.split_once('-').map_or(name, |(digits, _)| digits);
    digits.parse().ok().map(UnixNanos::new)
}

/// The folder of frames that are not sealed yet.
pub(super) fn wal_folder(lake: &Path, source: usize) -> PathBuf {
    lake.join(WAL).join(format!("source-{source:05}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_lies_where_every_tool_looks() {
        let of = Instrument { market: Market::BinanceUsdm, symbol: "BTCUSDT".into() };
        let first = UnixNanos::new(1_723_161_599_999_999_999);
        assert_eq!(
            part_path(Table::Raw, &of, first, 0),
            "raw/venue=binance-usdm/symbol=BTCUSDT/date=2024-08-08/part-1723161599999999999.parquet"
        );
        let next = UnixNanos::new(1_723_161_600_000_000_000);
        let gaps = part_path(Table::Gaps, &of, next, 2);
        assert_eq!(
            gaps,
            "gaps/venue=binance-usdm/symbol=BTCUSDT/part-1723161600000000000-2.parquet"
        );
        assert_eq!(part_start(Path::new(&gaps)), Some(next));
        assert_eq!(part_start(Path::new("part-x.parquet")), None);
        assert_eq!(date_of(next), "2024-08-09");
        assert_eq!(date_of(UnixNanos::new(-1)), "1969-12-31");
    }
}
