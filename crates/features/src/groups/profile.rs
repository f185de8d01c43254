//! 101 and 102: where the price stands in the volume profile of the session (FEATURES 7.11).

use core::cmp::Reverse;

use fluxo_core::Trade;
use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::grid::{SECOND_NS, bucket, point};
use crate::primitives::return_bps;

use super::Slots;

/// Rows on either side of the centre: with it 4095, an odd number, so that the mirror of the rows is
/// rows again.
const REACH: i64 = 2047;
const ROWS: usize = 4095;
/// The middle half: a price further from the centre becomes the centre.
const MIDDLE: i64 = 1023;
const CLIP: f64 = 3.0;

/// Lots per row of prices since the session opened. Rows further than [`REACH`] from a new centre are
/// forgotten: the profile is then that of the rows that are left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    row_ticks: i64,
    /// The row in the middle of the arrays.
    centre: i64,
    lots: Box<[i128]>,
    /// Which print was the last one in each row: until then it had not reached its lots.
    reached: Box<[u64]>,
    prints: u64,
    total: i128,
    traded: Option<Traded>,
    /// The last trade price of the session, in ticks.
    price: Option<i64>,
    /// The value area as of the last grid point.
    area: Option<Area>,
    /// The last grid point at which the area was looked at, and whether rows changed since.
    settled: i64,
    changed: bool,
}

/// Which rows have traded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Traded {
    low: i64,
    high: i64,
    /// The row with most lots, the first one to reach them: the point of control.
    control: i64,
}

/// The rows from `low` to `high` hold 70 % of the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Area {
    low: i64,
    high: i64,
}

impl Profile {
    pub(crate) fn new(row_ticks: i64) -> Self {
        Self {
            row_ticks,
            centre: 0,
            lots: vec![0; ROWS].into_boxed_slice(),
            reached: vec![0; ROWS].into_boxed_slice(),
            prints: 0,
            total: 0,
            traded: None,
            price: None,
            area: None,
            settled: i64::MIN,
            changed: false,
        }
    }

    /// The session's profile starts anew: also a break.
    pub(crate) fn open_session(&mut self) {
        if self.traded.take().is_some() {
            self.lots.fill(0);
            self.reached.fill(0);
        }
        (self.prints, self.total, self.price) = (0, 0, None);
        (self.area, self.changed) = (None, false);
    }

    /// How high a row is from now on; open a session first.
    pub(crate) fn set_row(&mut self, ticks: i64) {
        self.row_ticks = ticks;
    }

    /// Takes every grid point of a second before `ts`.
    pub(crate) fn advance(&mut self, ts: i64) {
        self.settle(bucket(ts, SECOND_NS) - 1);
    }

    fn settle(&mut self, point: i64) {
        if point <= self.settled {
            return;
        }
        self.settled = point;
        if core::mem::take(&mut self.changed) {
            self.area = self.traded.map(|traded| self.value_area(&traded));
        }
    }

    /// Prints of every side count.
    pub(crate) fn on_print(&mut self, trade: &Trade) {
        let (price, lots) = (trade.price.ticks(), i128::from(trade.lots.get()));
        let row = price.div_euclid(self.row_ticks);
        if self.traded.is_none() {
            self.centre = row;
        } else if (row - self.centre).abs() > MIDDLE {
            self.move_to(row);
        }
        let at = self.at(row);
        self.prints += 1;
        self.reached[at] = self.prints;
        self.lots[at] += lots;
        self.total += lots;
        let traded = self.traded.unwrap_or(Traded { low: row, high: row, control: row });
        let is_larger = self.lots[at] > self.lots[self.at(traded.control)];
        self.traded = Some(Traded {
            low: traded.low.min(row),
            high: traded.high.max(row),
            control: if is_larger { row } else { traded.control },
        });
        (self.price, self.changed) = (Some(price), true);
    }

    /// Where a row lies in the arrays.
    fn at(&self, row: i64) -> usize {
        usize::try_from(row - self.centre + REACH).expect("the row lies in reach of the centre")
    }

    /// Makes `row` the centre.
    fn move_to(&mut self, row: i64) {
        let by = row - self.centre;
        shift(&mut self.lots, by);
        shift(&mut self.reached, by);
        self.centre = row;
        self.total = self.lots.iter().sum();
        self.traded = None;
        for (row, at) in (row - REACH..).zip(0..ROWS) {
            if self.reached[at] > 0 {
                let traded = self.traded.unwrap_or(Traded { low: row, high: row, control: row });
                let is_first = self.rank(row) > self.rank(traded.control);
                let control = if is_first { row } else { traded.control };
                self.traded = Some(Traded { high: row, control, ..traded });
            }
        }
    }

    /// The row with the highest rank is the point of control.
    fn rank(&self, row: i64) -> (i128, Reverse<u64>) {
        (self.lots[self.at(row)], Reverse(self.reached[self.at(row)]))
    }

    /// From the point of control on, row by row towards the larger volume; an exhausted side is one
    /// beyond the rows that have traded (FEATURES 17.13).
    fn value_area(&self, traded: &Traded) -> Area {
        let lots = |row: i64| {
            let has_traded = (traded.low..=traded.high).contains(&row);
            if has_traded { self.lots[self.at(row)] } else { -1 }
        };
        let mut area = Area { low: traded.control, high: traded.control };
        let mut inside = lots(traded.control);
        while inside * 10 < self.total * 7 {
            let (above, below) = (lots(area.high + 1), lots(area.low - 1));
            if above >= below {
                area.high += 1;
                inside += above;
            }
            if below >= above {
                area.low -= 1;
                inside += below;
            }
        }
        area
    }

    pub(crate) fn write(&mut self, at: i64, slots: &mut Slots<'_>) {
        self.settle(point(at, SECOND_NS));
        let price = self.price;
        let control = self.traded.map(|traded| traded.control);
        let distance = price.zip(control).and_then(|(price, row)| self.distance(price, row));
        slots.put(index::POC_DIST, distance);
        let position = price.zip(self.area).map(|(price, area)| self.position(price, &area));
        slots.put(index::VA_POSITION, position);
    }

    /// In half-ticks, in which the centre of a row is a whole number. A price that is not above zero
    /// has no logarithm.
    fn distance(&self, price: i64, row: i64) -> Option<f64> {
        let (price, centre) = (2 * price, 2 * row * self.row_ticks + self.row_ticks - 1);
        (price > 0 && centre > 0).then(|| return_bps(centre, price))
    }

    /// `(P - c)/h` with `c = (VAH + VAL)/2` and `h = (VAH - VAL + row)/2`.
    fn position(&self, price: i64, area: &Area) -> f64 {
        let from_centre = 2 * price - ((area.low + area.high + 1) * self.row_ticks - 1);
        let height = (area.high - area.low + 1) * self.row_ticks;
        (from_centre as f64 / height as f64).clamp(-CLIP, CLIP)
    }
}

/// Moves what lies in the rows down by so many; what leaves them is forgotten.
fn shift<T: Copy + Default>(rows: &mut [T], by: i64) {
    let gone = usize::try_from(by.unsigned_abs()).map_or(ROWS, |by| by.min(ROWS));
    if by > 0 {
        rows.copy_within(gone.., 0);
        rows[ROWS - gone..].fill(T::default());
    } else {
        rows.copy_within(..ROWS - gone, gone);
        rows[..gone].fill(T::default());
    }
}

#[cfg(test)]
mod tests {
    use fluxo_core::{Aggressor, Lots, Price, TradeCondition};

    use super::*;

    fn trade(price: i64, lots: i64) -> Trade {
        Trade {
            price: Price::from_ticks(price),
            lots: Lots::new(lots),
            aggressor: Aggressor::Unknown,
            condition: TradeCondition::Market,
            trade_id: 0,
            match_id: None,
        }
    }

    fn profile(row_ticks: i64, prints: &[(i64, i64)]) -> Profile {
        let mut profile = Profile::new(row_ticks);
        prints.iter().for_each(|(price, lots)| profile.on_print(&trade(*price, *lots)));
        profile
    }

    #[test]
    fn the_first_row_to_reach_the_maximum_is_the_point_of_control() {
        let control = |prints: &[(i64, i64)]| profile(1, prints).traded.unwrap().control;
        assert_eq!(control(&[(100, 5), (101, 3), (101, 2)]), 100);
        assert_eq!(control(&[(100, 3), (101, 5), (100, 2)]), 101);
        assert_eq!(control(&[(100, 3), (101, 5), (100, 3)]), 100);
    }

    #[test]
    fn the_area_grows_to_both_sides_when_they_are_equal() {
        let area = |prints: &[(i64, i64)]| {
            let profile = profile(1, prints);
            let Area { low, high } = profile.value_area(&profile.traded.unwrap());
            (low, high)
        };
        assert_eq!(area(&[(100, 50), (99, 15), (101, 15), (102, 20)]), (99, 101));
        // An untraded row between traded ones counts as empty, one beyond them is none.
        assert_eq!(area(&[(100, 10), (103, 9)]), (100, 103));
        assert_eq!(area(&[(100, 10), (97, 9)]), (97, 100));
        assert_eq!(area(&[(100, 10)]), (100, 100));
    }

    #[test]
    fn rows_have_their_centres_in_half_ticks() {
        let profile = profile(10, &[(-1, 1)]);
        // The row of -10..=-1 has its centre at -5.5.
        let area = Area { low: -1, high: -1 };
        let positions = [-1, -10].map(|price| profile.position(price, &area).to_bits());
        assert_eq!(positions, [0.9_f64, -0.9].map(f64::to_bits));
        assert_eq!(profile.distance(-1, -1), None);
        assert_eq!(profile.distance(9, 0), Some(return_bps(9, 18)));
    }

    #[test]
    fn a_price_that_wanders_off_takes_the_rows_with_it() {
        let far = 1_000_000;
        let prints = [(far, 7), (far + 900, 9), (far - 1_023, 4), (far + 901, 9)];
        let mut profile = profile(1, &prints);
        let state = |profile: &Profile| {
            let Traded { low, high, control } = profile.traded.unwrap();
            [profile.centre, low, high, control].map(|row| row - far)
        };
        assert_eq!(state(&profile), [0, -1_023, 901, 900]);
        profile.on_print(&trade(far + 1_024, 1));
        assert_eq!(state(&profile), [1_024, -1_023, 1_024, 900]);
        assert_eq!(profile.total, 30);
        // One more step, and the lowest row is out of reach.
        profile.on_print(&trade(far + 2_048, 1));
        assert_eq!(state(&profile), [2_048, 900, 2_048, 900]);
        assert_eq!(profile.total, 20);
        profile.on_print(&trade(far - 10, 1));
        assert_eq!(state(&profile), [-10, -10, 1_024, 900]);
        profile.on_print(&trade(far + 1_000_000, 2));
        assert_eq!(state(&profile), [1_000_000; 4]);
        assert_eq!((profile.total, profile.lots.iter().sum::<i128>()), (2, 2));
    }
}
