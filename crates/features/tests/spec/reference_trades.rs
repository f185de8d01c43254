//! The slow reference of the features that are made of trade prices, and of the clock.

use std::f64::consts::{LN_2, PI, TAU};

use fluxo_core::Nanos;
use fluxo_features::catalogue::index;

use crate::events::SECOND;
use crate::reference::Past;

const DAY: i64 = 86_400 * SECOND;
const BAR: i64 = 5 * SECOND;

/// A bar as the tables define it.
struct Bar {
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    lots: i128,
    close_before: Option<i64>,
}

fn bps(from: i64, to: i64) -> f64 {
    1e4 * libm::log1p((to - from) as f64 / from as f64)
}

/// How a price lies to the mean price of lots.
fn bps_above(value: i128, lots: i128, price: i64) -> f64 {
    1e4 * libm::log1p((i128::from(price) * lots - value) as f64 / value as f64)
}

fn ceil(at: i64, width: i64) -> i64 {
    at.div_euclid(width) + i64::from(at.rem_euclid(width) > 0)
}

fn squares(returns: &[f64]) -> f64 {
    returns.iter().map(|r| r * r).sum()
}

fn last(all: &[f64], n: usize) -> Option<&[f64]> {
    all.len().checked_sub(n).map(|from| &all[from..])
}

impl Past<'_> {
    pub(crate) fn of_trade_prices(&self, slot: usize) -> Option<f64> {
        let angle = TAU * self.at.rem_euclid(DAY) as f64 / DAY as f64;
        match slot {
            index::TRET_1S => self.trade_return(1),
            index::TRET_5S => self.trade_return(5),
            index::TRET_10S => self.trade_return(10),
            index::TRET_30S => self.trade_return(30),
            index::TRET_60S => self.trade_return(60),
            index::TRET_300S => self.trade_return(300),
            index::MOMENTUM_ACCEL => {
                let [now, half, whole] = [0, 10, 20].map(|s| self.price_before(s));
                Some(bps(half?, now?) - bps(whole?, half?))
            }
            index::EMA_DIST_10S => self.average_distance(10.0, 20),
            index::EMA_DIST_60S => self.average_distance(60.0, 120),
            index::MACD_HIST..=index::RSI_14
            | index::PARKINSON_VOL..=index::GARMAN_KLASS_VOL
            | index::AMIHUD => self.of_bars(slot),
            index::PRICE_Z_60S | index::RANGE_POS_60S => self.of_last_minute(slot),
            index::RV_60S..=index::JUMP_RATIO | index::SEMIVAR_ASYM => self.of_moves(slot),
            index::RET_AUTOCORR_1 => self.autocorrelation(),
            index::VARIANCE_RATIO_5 => self.variance_ratio(),
            index::HURST_300S => self.hurst(),
            index::SIGN_ENTROPY => self.sign_entropy(),
            index::EFFICIENCY_RATIO_60S => self.efficiency(),
            index::VWAP_DIST_300S => {
                let start = (ceil(self.at, BAR) - 60) * BAR;
                self.vwap_distance(start).filter(|_| self.has_trades_for(300))
            }
            index::VWAP_DIST_SESSION => self.vwap_distance((ceil(self.at, DAY) - 1) * DAY),
            index::TOD_SIN => Some(libm::sin(angle)),
            index::TOD_COS => Some(libm::cos(angle)),
            index::SESSION_REMAINING => {
                let interval = self.units.funding_interval.map_or(DAY, Nanos::get);
                Some((ceil(self.at, interval) * interval - self.at) as f64 / interval as f64)
            }
            _ => None,
        }
    }

    /// The price of the last print up to a time.
    fn price_at(&self, at: i64) -> Option<i64> {
        let prints = self.prints();
        prints[..prints.partition_point(|print| print.ts <= at)].last().map(|print| print.price)
    }

    /// The lagged price: of the 100 ms grid up to 60 s, of the 1 s grid above.
    fn price_before(&self, seconds: i64) -> Option<i64> {
        let (then, grid) = match seconds {
            0 => return self.price_at(self.at),
            1..=60 => (self.at - seconds * SECOND, SECOND / 10),
            _ => (self.at - seconds * SECOND, SECOND),
        };
        self.price_at(then.div_euclid(grid) * grid)
    }

    fn trade_return(&self, seconds: i64) -> Option<f64> {
        Some(bps(self.price_before(seconds)?, self.price_before(0)?))
    }

    /// `P_k` at every point of the 1 s grid since the first print, up to T.
    fn grid(&self) -> Vec<i64> {
        let (prints, newest) = (self.prints(), self.at.div_euclid(SECOND));
        let Some(first) = prints.first() else { return Vec::new() };
        let mut known = 0;
        let mut price_at = |point: i64| {
            while prints.get(known).is_some_and(|print| print.ts <= point * SECOND) {
                known += 1;
            }
            prints[known - 1].price
        };
        (ceil(first.ts, SECOND)..=newest).map(&mut price_at).collect()
    }

    /// `r_k` between those points.
    fn returns(&self) -> Vec<f64> {
        self.grid().windows(2).map(|pair| bps(pair[0], pair[1])).collect()
    }

    fn average_distance(&self, half_life: f64, points: usize) -> Option<f64> {
        let grid = self.grid();
        let newest = *grid.last()?;
        let (mut sum, mut weights) = (0.0, 0.0);
        for (age, price) in grid.iter().rev().enumerate() {
            let weight = libm::exp2(-(age as f64) / half_life);
            sum += weight * bps(newest, *price);
            weights += weight;
        }
        (grid.len() >= points).then(|| -sum / weights)
    }

    fn of_last_minute(&self, slot: usize) -> Option<f64> {
        let grid = self.grid();
        let minute = &grid[grid.len().checked_sub(60)?..];
        let (low, high) = (minute.iter().min()?, minute.iter().max()?);
        let newest = *minute.last()?;
        if low == high {
            return Some(0.0);
        }
        if slot == index::RANGE_POS_60S {
            return Some(2.0 * (newest - low) as f64 / (high - low) as f64 - 1.0);
        }
        let logs: Vec<f64> = minute.iter().map(|price| bps(newest, *price)).collect();
        let mean = logs.iter().sum::<f64>() / 60.0;
        let variance = logs.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 60.0;
        Some(-mean / variance.sqrt())
    }

    fn of_moves(&self, slot: usize) -> Option<f64> {
        let all = self.returns();
        let volatility = |n| Some((squares(last(&all, n)?) / n as f64).sqrt());
        let long = || last(&all, 300);
        match slot {
            index::RV_60S => volatility(60),
            index::RV_300S => volatility(300),
            index::VOL_RATIO => {
                let (short, long) = (volatility(60)?, volatility(300)?);
                (short > 0.0 && long > 0.0).then(|| libm::log(short / long))
            }
            index::JUMP_RATIO => {
                let products = long()?.windows(2).map(|pair| pair[0].abs() * pair[1].abs());
                let bipower = PI / 2.0 * (300.0 / 299.0) * products.sum::<f64>();
                let realised = squares(long()?);
                (realised > 0.0).then(|| (1.0 - bipower / realised).max(0.0))
            }
            _ => {
                let signed = long()?.iter().map(|r| r.signum() * r * r).sum::<f64>();
                let total = squares(long()?);
                Some(if total > 0.0 { signed / total } else { 0.0 })
            }
        }
    }

    fn autocorrelation(&self) -> Option<f64> {
        let all = self.returns();
        let returns = last(&all, 300)?;
        let products = returns.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
        let scale = (squares(&returns[1..]) * squares(&returns[..299])).sqrt();
        (scale > 0.0).then(|| products / scale)
    }

    fn variance_ratio(&self) -> Option<f64> {
        let all = self.returns();
        let returns = last(&all, 300)?;
        let mean = returns.iter().sum::<f64>() / 300.0;
        let short = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 299.0;
        let around_mean =
            returns.windows(5).map(|five| (five.iter().sum::<f64>() - 5.0 * mean).powi(2));
        let long = around_mean.sum::<f64>() / (5.0 * 296.0 * (1.0 - 5.0 / 300.0));
        (short > 0.0).then(|| long / short - 1.0)
    }

    fn hurst(&self) -> Option<f64> {
        let grid = self.grid();
        let points = &grid[grid.len().checked_sub(300)?..];
        let mut logs = Vec::new();
        for lag in [1, 2, 4, 8, 16] {
            let pairs = points.iter().zip(&points[lag..]).map(|(a, b)| bps(*a, *b).powi(2));
            let mean = pairs.sum::<f64>() / (300 - lag) as f64;
            logs.push((libm::log(lag as f64), (mean > 0.0).then(|| libm::log(mean))?));
        }
        let mean_x = 2.0 * LN_2;
        let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / 5.0;
        let cross = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>();
        let spread = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>();
        Some((0.5 * cross / spread).clamp(0.0, 1.0))
    }

    fn sign_entropy(&self) -> Option<f64> {
        let grid = self.grid();
        let points = &grid[grid.len().checked_sub(301)?..];
        let signs: Vec<i64> = points.windows(2).map(|pair| (pair[1] - pair[0]).signum()).collect();
        let mut entropy = 0.0;
        for first in -1..=1 {
            for second in -1..=1 {
                let found = signs.windows(2).filter(|word| *word == [first, second]).count();
                let share = found as f64 / 299.0;
                entropy -= if found > 0 { share * libm::log(share) } else { 0.0 };
            }
        }
        Some(entropy / libm::log(9.0))
    }

    fn efficiency(&self) -> Option<f64> {
        let grid = self.grid();
        let points = &grid[grid.len().checked_sub(61)?..];
        let way: i64 = points.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
        Some(if way == 0 { 0.0 } else { (points[60] - points[0]) as f64 / way as f64 })
    }

    fn vwap_distance(&self, start: i64) -> Option<f64> {
        let inside = self.prints().iter().filter(|print| print.ts > start);
        let (value, lots) = inside.fold((0_i128, 0_i128), |(value, lots), print| {
            let size = i128::from(print.lots);
            (value + i128::from(print.price) * size, lots + size)
        });
        (lots > 0).then_some(())?;
        Some(bps_above(value, lots, self.price_before(0)?))
    }

    fn bars(&self) -> Vec<Bar> {
        let Some(began) = self.era.first_event.filter(|began| *began <= self.at) else {
            return Vec::new();
        };
        let prints = self.prints();
        let up_to = |at: i64| prints.partition_point(|print| print.ts <= at);
        let whole = ceil(began, BAR) + 1..=self.at.div_euclid(BAR);
        let bars = whole.filter_map(|index| {
            let (from, to) = (up_to((index - 1) * BAR), up_to(index * BAR));
            let close_before = prints[..from].last().map(|print| print.price);
            let close = prints[..to].last()?.price;
            let inside = || prints[from..to].iter().map(|print| print.price);
            Some(Bar {
                open: inside().next().unwrap_or(close),
                high: inside().max().unwrap_or(close),
                low: inside().min().unwrap_or(close),
                close,
                lots: prints[from..to].iter().map(|print| i128::from(print.lots)).sum(),
                close_before,
            })
        });
        bars.collect()
    }

    fn of_bars(&self, slot: usize) -> Option<f64> {
        let bars = self.bars();
        let window = bars.len().checked_sub(60).map(|from| &bars[from..]);
        match slot {
            index::MACD_HIST => macd(&bars),
            index::RSI_14 => rsi(&bars),
            index::PARKINSON_VOL => {
                let sum: f64 = window?.iter().map(|bar| bps(bar.low, bar.high).powi(2)).sum();
                Some((sum / 60.0 / (4.0 * LN_2) / 5.0).sqrt())
            }
            index::GARMAN_KLASS_VOL => {
                let bar = |bar: &Bar| {
                    let (h, c) = (bps(bar.low, bar.high), bps(bar.open, bar.close));
                    0.5 * h * h - (2.0 * LN_2 - 1.0) * c * c
                };
                let mean = window?.iter().map(bar).sum::<f64>() / 60.0;
                Some((mean.max(0.0) / 5.0).sqrt())
            }
            _ => {
                let recent = &bars[bars.len().saturating_sub(60)..];
                let impacts: Vec<f64> = recent
                    .iter()
                    .filter(|bar| bar.lots > 0)
                    .filter_map(|bar| {
                        Some(bps(bar.close_before?, bar.close).abs() / bar.lots as f64)
                    })
                    .collect();
                let mean = impacts.iter().sum::<f64>() / impacts.len() as f64;
                (impacts.len() >= 10).then_some(mean)
            }
        }
    }
}

fn macd(bars: &[Bar]) -> Option<f64> {
    let newest = bars.last()?.close;
    let logs: Vec<f64> = bars.iter().map(|bar| bps(newest, bar.close)).collect();
    let average = |inputs: &[f64], n: f64| {
        let mut value = inputs[0];
        let step = |x: &f64| {
            value += 2.0 / (n + 1.0) * (x - value);
            value
        };
        inputs.iter().map(step).collect::<Vec<f64>>()
    };
    let (fast, slow) = (average(&logs, 12.0), average(&logs, 26.0));
    let line: Vec<f64> = fast.iter().zip(&slow).map(|(fast, slow)| fast - slow).collect();
    let signal = average(&line, 9.0);
    (bars.len() >= 35).then(|| line[bars.len() - 1] - signal[bars.len() - 1])
}

fn rsi(bars: &[Bar]) -> Option<f64> {
    let moves: Vec<i64> = bars.windows(2).map(|pair| pair[1].close - pair[0].close).collect();
    let (seed, rest) = moves.split_at_checked(14)?;
    let smoothed = |sign: i64| {
        let one = |ticks: &i64| (sign * ticks).max(0) as f64;
        let seed = seed.iter().map(one).sum::<f64>() / 14.0;
        rest.iter().fold(seed, |average, ticks| average + (one(ticks) - average) / 14.0)
    };
    let (up, down) = (smoothed(1), smoothed(-1));
    Some(if up + down > 0.0 { (up - down) / (up + down) } else { 0.0 })
}
