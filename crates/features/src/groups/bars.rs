//! 9, 10, 17, 18 and 37: what the 5 s bars of the trade price say.

use core::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::grid::SECOND_NS;
use crate::primitives::{AverageDistance, Bar, Bars, Ended, Recent, RollingSums, return_bps};

use super::Slots;

const BAR_S: i64 = 5;
/// How many bars the means look at.
const WINDOW: usize = 60;
const MACD_BARS: u64 = 35;
const RSI_MOVES: u32 = 14;
const AMIHUD_BARS: usize = 10;
const SLOTS: [usize; 5] =
    [index::MACD_HIST, index::RSI_14, index::PARKINSON_VOL, index::GARMAN_KLASS_VOL, index::AMIHUD];

/// The bars, and what is kept of those that are over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BarShapes {
    bars: Bars,
    count: u64,
    macd: Macd,
    rsi: Rsi,
    ranges: Ranges,
    impact: Recent<Option<f64>>,
    values: [Option<f64>; SLOTS.len()],
    is_stale: bool,
}

impl BarShapes {
    pub(crate) fn new() -> Self {
        Self {
            bars: Bars::new(BAR_S * SECOND_NS),
            count: 0,
            macd: Macd::new(),
            rsi: Rsi::new(RSI_MOVES),
            ranges: Ranges::new(WINDOW),
            impact: Recent::new(WINDOW),
            values: [None; SLOTS.len()],
            is_stale: true,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.bars.clear();
        self.count = 0;
        self.macd = Macd::new();
        self.rsi = Rsi::new(RSI_MOVES);
        self.ranges.clear();
        self.impact.clear();
        self.is_stale = true;
    }

    /// An event of any kind came: the first one decides where the bars begin.
    pub(crate) fn begin(&mut self, ts: i64) {
        self.bars.begin(ts);
    }

    #[inline]
    pub(crate) fn on_print(&mut self, price: i64, lots: i64) {
        self.bars.on_print(price, lots);
    }

    /// Ends every bar up to a point of the 1 s grid.
    pub(crate) fn end_through(&mut self, second: i64) {
        let last = second.div_euclid(BAR_S);
        loop {
            match self.bars.end_one(last) {
                Ended::NoneLeft => return,
                Ended::Without => {}
                Ended::Bar(bar) => self.step(&bar),
            }
        }
    }

    fn step(&mut self, bar: &Bar) {
        self.count += 1;
        self.macd.step(bar.close);
        self.rsi.step(bar.close);
        self.ranges.step(bar);
        self.impact.push(impact(bar));
        self.is_stale = true;
    }

    pub(crate) fn write(&mut self, slots: &mut Slots<'_>) {
        if core::mem::take(&mut self.is_stale) {
            self.values = self.evaluate();
        }
        for (slot, value) in SLOTS.into_iter().zip(self.values) {
            slots.put(slot, value);
        }
    }

    fn evaluate(&self) -> [Option<f64>; SLOTS.len()] {
        let window = self.count >= WINDOW as u64;
        let macd = (self.count >= MACD_BARS).then(|| self.macd.histogram());
        let parkinson = window.then(|| self.ranges.parkinson());
        let garman_klass = window.then(|| self.ranges.garman_klass());
        [macd, self.rsi.value(), parkinson, garman_klass, mean_impact(&self.impact, AMIHUD_BARS)]
    }
}

/// The move of a bar's close in bps per lot; `None` for a bar without lots, or without a close before.
fn impact(bar: &Bar) -> Option<f64> {
    let before = bar.close_before.filter(|_| bar.lots > 0)?;
    Some(return_bps(before, bar.close).abs() / bar.lots as f64)
}

/// The mean over the bars that have one; `None` below so many of them.
fn mean_impact(impact: &Recent<Option<f64>>, bars_min: usize) -> Option<f64> {
    let known = impact.iter().flatten();
    let (count, sum) = known.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count >= bars_min).then(|| sum / count as f64)
}

/// Appel's histogram of log closes, from distances to averages: see [`AverageDistance`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Macd {
    close: Option<i64>,
    fast: AverageDistance,
    slow: AverageDistance,
    signal: AverageDistance,
    line: f64,
}

impl Macd {
    fn new() -> Self {
        let [fast, slow, signal] = [12, 26, 9].map(AverageDistance::seeded);
        Self { close: None, fast, slow, signal, line: 0.0 }
    }

    fn step(&mut self, close: i64) {
        let before = self.close.replace(close);
        let rise = before.map_or(0.0, |before| return_bps(before, close));
        self.fast.step(rise);
        self.slow.step(rise);
        // The fast average less the slow one.
        let line = self.slow.distance() - self.fast.distance();
        self.signal.step(line - self.line);
        self.line = line;
    }

    fn histogram(&self) -> f64 {
        self.signal.distance()
    }
}

/// Wilder's averages of the moves up and down, in ticks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Rsi {
    period: u32,
    close: Option<i64>,
    moves: u32,
    /// The sum until the period is full, then the average; up and down.
    averages: [f64; 2],
}

impl Rsi {
    const fn new(period: u32) -> Self {
        Self { period, close: None, moves: 0, averages: [0.0; 2] }
    }

    fn step(&mut self, close: i64) {
        let Some(before) = self.close.replace(close) else { return };
        let period = f64::from(self.period);
        let moves = [close - before, before - close].map(|ticks| ticks.max(0) as f64);
        for (average, ticks) in self.averages.iter_mut().zip(moves) {
            if self.moves < self.period {
                *average += ticks / period;
            } else {
                *average += (ticks - *average) / period;
            }
        }
        self.moves = (self.moves + 1).min(self.period);
    }

    /// 0 by symmetry when nothing moved; `None` before the period is full.
    fn value(&self) -> Option<f64> {
        let [up, down] = self.averages;
        let value = || if up + down == 0.0 { 0.0 } else { (up - down) / (up + down) };
        (self.moves == self.period).then(value)
    }
}

/// Squares of the ranges and of the moves inside bars.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ranges {
    bars: usize,
    ranges: RollingSums,
    moves: RollingSums,
}

impl Ranges {
    fn new(bars: usize) -> Self {
        Self { bars, ranges: RollingSums::new(&[bars]), moves: RollingSums::new(&[bars]) }
    }

    fn clear(&mut self) {
        self.ranges.clear();
        self.moves.clear();
    }

    fn step(&mut self, bar: &Bar) {
        let (range, moved) = (return_bps(bar.low, bar.high), return_bps(bar.open, bar.close));
        self.ranges.push(range * range);
        self.moves.push(moved * moved);
    }

    /// Both in bps per square root of a second.
    fn parkinson(&self) -> f64 {
        self.per_second(self.ranges.total(0) / (4.0 * LN_2))
    }

    fn garman_klass(&self) -> f64 {
        let (ranges, moves) = (self.ranges.total(0), self.moves.total(0));
        self.per_second((0.5 * ranges - (2.0 * LN_2 - 1.0) * moves).max(0.0))
    }

    fn per_second(&self, sum: f64) -> f64 {
        libm::sqrt(sum / self.bars as f64 / BAR_S as f64)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oracles::Given;

    fn bar([open, high, low, close]: [i64; 4], lots: i128, close_before: Option<i64>) -> Bar {
        Bar { open, high, low, close, lots, close_before }
    }

    fn rsi(period: u32, closes: &[i64]) -> Option<f64> {
        let mut rsi = Rsi::new(period);
        closes.iter().for_each(|close| rsi.step(*close));
        rsi.value()
    }

    pub(crate) fn relative_strength(given: &Given) -> f64 {
        rsi(given.get("period"), &given.get::<Vec<i64>>("closes")).unwrap()
    }

    #[test]
    fn a_relative_strength_needs_a_period_of_moves() {
        assert_eq!(rsi(3, &[100, 102, 101]), None);
        assert_eq!(rsi(3, &[100; 4]), Some(0.0));
    }

    #[test]
    fn old_bars_leave_their_ranges() {
        let parkinson = |highs: &[i64]| {
            let mut ranges = Ranges::new(2);
            highs.iter().for_each(|high| ranges.step(&bar([100, *high, 100, 100], 1, None)));
            ranges.parkinson()
        };
        let (late, all) = (parkinson(&[110, 120]), parkinson(&[199, 110, 120]));
        assert!((late - all).abs() <= 1e-12 * late && late > 0.0, "{late} {all}");
    }

    #[test]
    fn a_bar_that_moved_from_its_low_to_its_high_has_a_volatility() {
        let mut ranges = Ranges::new(1);
        ranges.step(&bar([10_000, 10_020, 10_000, 10_020], 1, None));
        assert!(ranges.garman_klass() > 0.0);
    }

    /// Of bars as [close before, close, lots].
    pub(crate) fn mean_impact_of(given: &Given) -> f64 {
        let mut impacts = Recent::new(9);
        for [before, close, lots] in given.get::<Vec<[i64; 3]>>("bars") {
            impacts.push(impact(&bar([close; 4], i128::from(lots), Some(before))));
        }
        mean_impact(&impacts, 2).unwrap()
    }

    #[test]
    fn only_bars_with_lots_and_a_close_before_have_an_impact() {
        assert_eq!(impact(&bar([7; 4], 0, Some(9))), None);
        assert_eq!(impact(&bar([7; 4], 1, None)), None);
        let mut impacts = Recent::new(9);
        [Some(1.0), None, Some(2.0)].into_iter().for_each(|impact| {
            impacts.push(impact);
        });
        assert_eq!(mean_impact(&impacts, 2), Some(1.5));
        assert_eq!(mean_impact(&impacts, 3), None);
    }

    #[test]
    fn the_histogram_is_that_of_the_definition() {
        let closes = [600_000, 600_100, 599_000, 600_700, 601_000, 601_000, 600_400];
        let mut macd = Macd::new();
        let mut averages = [0.0; 3];
        for (at, close) in closes.into_iter().enumerate() {
            macd.step(close);
            let log = 1e4 * libm::log(close as f64);
            let follow = |average: f64, input: f64, periods: f64| {
                if at == 0 { input } else { average + 2.0 / (periods + 1.0) * (input - average) }
            };
            let (fast, slow) = (follow(averages[0], log, 12.0), follow(averages[1], log, 26.0));
            averages = [fast, slow, follow(averages[2], fast - slow, 9.0)];
        }
        let wanted = averages[0] - averages[1] - averages[2];
        assert!((macd.histogram() - wanted).abs() < 1e-8, "{} {wanted}", macd.histogram());
    }
}
