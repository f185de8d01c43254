//! The slow reference of what is made of single prints: their volume by price, by side and by bucket.

use std::collections::BTreeMap;

use fluxo_features::catalogue::index;

use crate::events::SECOND;
use crate::history::Print;
use crate::reference::{Past, balance};

const DAY: i64 = 86_400 * SECOND;

/// The number of the bucket of that width that a moment lies in: left-open, right-closed.
fn bucket(ts: i64, width: i64) -> i64 {
    ts.div_euclid(width) + i64::from(ts.rem_euclid(width) > 0)
}

impl Past<'_> {
    pub(crate) fn of_prints(&self, slot: usize) -> Option<f64> {
        match slot {
            index::CUM_DELTA => {
                let session = self.session(self.at);
                session.first()?;
                Some(balance(volume(session, 1), volume(session, -1)))
            }
            index::VPIN => self.vpin(),
            index::ABSORPTION => self.absorption(),
            index::STACKED_IMBALANCE => self.stacked_imbalance(),
            index::POC_DIST => {
                let price = self.session(self.at).last()?.price as f64;
                let (control, _) = self.profile(self.at)?;
                Some(1e4 * libm::log(price / self.centre(control)))
            }
            index::VA_POSITION => self.va_position(),
            _ => unreachable!("slot {slot} is not made of prints"),
        }
    }

    /// The prints up to `until` of the UTC day that T lies in.
    fn session(&self, until: i64) -> &[Print] {
        let (prints, opened) = (self.prints(), (bucket(self.at, DAY) - 1) * DAY);
        let from = prints.partition_point(|print| print.ts <= opened);
        let to = prints.partition_point(|print| print.ts <= until);
        &prints[from.min(to)..to]
    }

    /// Of every era up to T: its windows are of volume, and no break is in the list of what it ends.
    fn vpin(&self) -> Option<f64> {
        let eras = self.eras.iter().flat_map(|(_, era)| &era.prints);
        let prints: Vec<&Print> = eras.take_while(|print| print.ts <= self.at).collect();
        let hour_ends = prints.first()?.ts + 3_600 * SECOND;
        let (bucket, from) = match self.units.bucket_lots {
            Some(lots) => (i128::from(lots), 0),
            None => {
                let hour = prints.partition_point(|print| print.ts <= hour_ends);
                let lots: i128 = prints[..hour].iter().map(|print| i128::from(print.lots)).sum();
                #[expect(clippy::cast_possible_truncation, reason = "exact below 2^53")]
                let rounded = (lots as f64 / 50.0).round() as i128;
                (rounded.max(1), hour)
            }
        };
        // Volume as a line: a print is a piece of it, and bucket i the piece (i*Vb, (i+1)*Vb].
        let mut end = 0_i128;
        let mut pieces = Vec::new();
        for print in prints[from..].iter().filter(|print| print.sign != 0) {
            let start = end;
            end += i128::from(print.lots);
            pieces.push((start, end, i128::from(print.sign)));
        }
        let full = end / bucket;
        if full < 50 {
            return None;
        }
        let imbalance = |number: i128| {
            let (low, high) = (number * bucket, (number + 1) * bucket);
            let first = pieces.partition_point(|(_, end, _)| *end <= low);
            let inside = pieces[first..].iter().take_while(|(start, ..)| *start < high);
            let signed =
                inside.map(|(start, end, sign)| sign * (*end.min(&high) - *start.max(&low)));
            signed.sum::<i128>().abs()
        };
        Some((full - 50..full).map(imbalance).sum::<i128>() as f64 / (50.0 * bucket as f64))
    }

    /// Signed lots of the ten seconds that end at `at`.
    fn pressure(&self, at: i64) -> i128 {
        let past = Past { at, ..*self };
        let (prints, start) = (past.prints(), past.window_start(10));
        let inside = &prints[prints.partition_point(|print| print.ts <= start)..];
        volume(inside, 1) - volume(inside, -1)
    }

    fn absorption(&self) -> Option<f64> {
        let first = self.prints().first().filter(|_| self.has_trades_for(60))?.ts;
        let warm = bucket(first + 10 * SECOND, SECOND);
        let (mut sum, mut total) = (0.0, 0.0);
        for k in warm..bucket(self.at, SECOND) {
            let weight = libm::exp2(-((bucket(self.at, SECOND) - k) as f64) / 300.0);
            sum += weight * self.pressure(k * SECOND).abs() as f64;
            total += weight;
        }
        let (usual, delta) = (sum / total, self.pressure(self.at));
        if usual == 0.0 {
            return Some(0.0);
        }
        let then = (self.at - 10 * SECOND).div_euclid(SECOND / 10) * (SECOND / 10);
        let price = |at: i64| {
            let prints = self.prints();
            prints[..prints.partition_point(|print| print.ts <= at)].last().map(|print| print.price)
        };
        let sign = delta.signum() as f64;
        let followed = (sign * (price(self.at)? - price(then)?) as f64).max(0.0);
        let excess = (delta.abs() as f64 / usual - 1.0).max(0.0);
        Some((-sign * excess / (1.0 + followed)).clamp(-10.0, 10.0))
    }

    fn stacked_imbalance(&self) -> Option<f64> {
        let minute = 60 * SECOND;
        let bar = self.at.div_euclid(minute);
        self.era.first_event.filter(|first| *first <= (bar - 1) * minute)?;
        let inside = self.prints().iter().filter(|print| bucket(print.ts, minute) == bar);
        let row = |print: &Print| print.price.div_euclid(self.units.footprint_row);
        let mut rows: BTreeMap<i64, [i128; 2]> = BTreeMap::new();
        let mut centre = None;
        for print in inside.filter(|print| print.sign != 0) {
            let middle = *centre.get_or_insert(row(print));
            let volumes = rows.entry(row(print).clamp(middle - 63, middle + 63)).or_default();
            volumes[usize::from(print.sign < 0)] += i128::from(print.lots);
        }
        let at = |row: i64| rows.get(&row).copied().unwrap_or_default();
        let least = 10 * self.units.size_unit;
        let buys = |row: i64| at(row)[0] >= least && at(row)[0] >= 3 * at(row - 1)[1];
        let sells = |row: i64| at(row)[1] >= least && at(row)[1] >= 3 * at(row + 1)[0];
        let longest = |is_imbalanced: &dyn Fn(i64) -> bool| {
            let run = |first: &i64| (*first..).take_while(|row| is_imbalanced(*row)).count();
            rows.keys().map(run).max().unwrap_or(0) as f64
        };
        Some(longest(&buys) - longest(&sells))
    }

    fn centre(&self, row: i64) -> f64 {
        let height = self.units.profile_row as f64;
        row as f64 * height + (height - 1.0) / 2.0
    }

    /// The point of control of the session up to `until`, and the lots of every row that is kept: those
    /// within 2047 of the centre, which moves to a price more than 1023 rows away.
    fn profile(&self, until: i64) -> Option<(i64, BTreeMap<i64, i128>)> {
        // Lots, and which print brought the row to them.
        let mut rows: BTreeMap<i64, (i128, usize)> = BTreeMap::new();
        let mut centre = None;
        for (number, print) in self.session(until).iter().enumerate() {
            let row = print.price.div_euclid(self.units.profile_row);
            if (row - *centre.get_or_insert(row)).abs() > 1_023 {
                centre = Some(row);
                rows.retain(|other, _| (other - row).abs() <= 2_047);
            }
            let before = rows.get(&row).map_or(0, |(lots, _)| *lots);
            rows.insert(row, (before + i128::from(print.lots), number));
        }
        // The most lots, and of rows with as many the one that had them first.
        let (control, _) =
            rows.iter().max_by_key(|(_, (lots, number))| (*lots, usize::MAX - number))?;
        Some((*control, rows.iter().map(|(row, (lots, _))| (*row, *lots)).collect()))
    }

    fn va_position(&self) -> Option<f64> {
        let (control, rows) = self.profile(self.at.div_euclid(SECOND) * SECOND)?;
        let (lowest, highest) = (*rows.keys().next()?, *rows.keys().next_back()?);
        let total: i128 = rows.values().sum();
        let lots = |row: i64| {
            let is_one = row >= lowest && row <= highest;
            if is_one { rows.get(&row).copied().unwrap_or(0) } else { -1 }
        };
        let (mut low, mut high) = (control, control);
        let inside = |low: i64, high: i64| (low..=high).map(lots).sum::<i128>();
        while inside(low, high) * 10 < total * 7 {
            let (above, below) = (lots(high + 1), lots(low - 1));
            high += i64::from(above >= below);
            low -= i64::from(below >= above);
        }
        let (high, low) = (self.centre(high), self.centre(low));
        let half = (high - low + self.units.profile_row as f64) / 2.0;
        let price = self.session(self.at).last()?.price as f64;
        Some(((price - f64::midpoint(high, low)) / half).clamp(-3.0, 3.0))
    }
}

fn volume(prints: &[Print], sign: i64) -> i128 {
    prints.iter().filter(|print| print.sign == sign).map(|print| i128::from(print.lots)).sum()
}
