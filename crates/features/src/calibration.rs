//! What was fitted on earlier sessions, before the first row.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::book_state::Top;

/// How many buckets the imbalance of the best queues has in the micro-price table.
pub const IMBALANCE_BUCKETS: usize = 10;

/// The constants of a session that come from sessions before it (FEATURES 15). Absent ones have a rule
/// of their own: the volume bucket is taken from the first hour, and without a table the micro-price
/// is undefined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// `Vb`, the size of a bucket of VPIN in lots; above zero.
    pub volume_bucket_lots: Option<i64>,
    /// How far the micro-price lies from the mid.
    pub micro_price: Option<MicroPriceTable>,
    /// The SHA-256 of the file that they came from; part of the feature schema.
    pub sha256: Option<[u8; 32]>,
}

/// `G*` of FEATURES 7.4: the expected move of the mid, in ticks, for each spread class and imbalance
/// bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MicroPriceTable {
    /// One row per spread class. Class `c` holds spreads of `c + 1` ticks, the last one all wider ones.
    pub rows: Vec<[f64; IMBALANCE_BUCKETS]>,
}

impl MicroPriceTable {
    /// The entry of a valid book's best levels.
    pub(crate) fn at(&self, top: &Top) -> f64 {
        let widest = self.rows.len() - 1;
        let class =
            usize::try_from(top.ask - top.bid - 1).map_or(widest, |class| class.min(widest));
        self.rows[class][imbalance_bucket(top)]
    }
}

/// `min(9, floor(10 I))` with `I = qb1/(qb1+qa1)`.
pub(crate) fn imbalance_bucket(top: &Top) -> usize {
    let (bid, ask) = (i128::from(top.bid_lots), i128::from(top.ask_lots));
    let buckets = IMBALANCE_BUCKETS as i128;
    let bucket = (buckets * bid / (bid + ask)).min(buckets - 1);
    usize::try_from(bucket).expect("queues are not negative")
}

impl Calibration {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let bucket_is_fit = self.volume_bucket_lots.is_none_or(|lots| lots > 0);
        let table_is_fit = self.micro_price.as_ref().is_none_or(|table| {
            !table.rows.is_empty() && table.rows.iter().flatten().all(|value| value.is_finite())
        });
        if bucket_is_fit && table_is_fit { Ok(()) } else { Err(Error::Calibration) }
    }
}
