//! 20-24: how the returns of the trade price on the 1 s grid hang together.

use serde::{Deserialize, Serialize};

use crate::catalogue::index;
use crate::primitives::{Recent, RollingSums};
use crate::trade_price::Second;

use super::Slots;

const WINDOW: usize = 300;
const PATH: usize = 60;
/// Over how many points the long returns of the variance ratio go.
const LONG: usize = 5;
/// The lags of the structure function: 2^0 to 2^4.
const LAGS: [usize; 5] = [1, 2, 4, 8, 16];
const SLOTS: [usize; 5] = [
    index::RET_AUTOCORR_1,
    index::VARIANCE_RATIO_5,
    index::HURST_300S,
    index::SIGN_ENTROPY,
    index::EFFICIENCY_RATIO_60S,
];

/// Sums over returns of one and of several points.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Serial {
    points: usize,
    neighbours: Neighbours,
    variances: Variances,
    structure: Structure,
    words: Words,
    path: Path,
    values: [Option<f64>; SLOTS.len()],
    is_stale: bool,
}

impl Serial {
    pub(crate) fn new() -> Self {
        Self {
            points: 0,
            neighbours: Neighbours::new(WINDOW),
            variances: Variances::new(WINDOW, LONG),
            structure: Structure::new(WINDOW),
            words: Words::new(WINDOW - 1),
            path: Path::new(PATH),
            values: [None; SLOTS.len()],
            is_stale: true,
        }
    }

    /// Forgets everything: a break.
    pub(crate) fn clear(&mut self) {
        self.points = 0;
        self.neighbours.clear();
        self.variances.clear();
        self.structure.clear();
        self.words.clear();
        self.path.clear();
        self.is_stale = true;
    }

    pub(crate) fn on_second(&mut self, second: &Second<'_>) {
        self.points = (self.points + 1).min(WINDOW + 1);
        self.is_stale = true;
        let Some((before, bps)) = second.before.zip(second.bps) else { return };
        self.neighbours.step(bps);
        self.variances.step(bps, second.bps_over(LONG));
        self.structure
            .step(LAGS.map(|lag| if lag == 1 { Some(bps) } else { second.bps_over(lag) }));
        self.words.step(second.price.cmp(&before) as i8);
        self.path.step(second.price - before);
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
        let returns = self.points > WINDOW;
        [
            self.neighbours.correlation().filter(|_| returns),
            self.variances.ratio().filter(|_| returns),
            self.structure.exponent().filter(|_| self.points >= WINDOW),
            returns.then(|| self.words.entropy()),
            (self.points > PATH).then(|| self.path.efficiency()),
        ]
    }
}

/// The correlation of each return with the one before it, uncentred.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Neighbours {
    last: f64,
    products: RollingSums,
    /// Over all returns, and over all but the oldest.
    squares: RollingSums,
}

impl Neighbours {
    fn new(returns: usize) -> Self {
        let products = RollingSums::new(&[returns - 1]);
        Self { last: 0.0, products, squares: RollingSums::new(&[returns, returns - 1]) }
    }

    fn clear(&mut self) {
        self.last = 0.0;
        self.products.clear();
        self.squares.clear();
    }

    fn step(&mut self, bps: f64) {
        self.products.push(bps * self.last);
        self.squares.push(bps * bps);
        self.last = bps;
    }

    /// `None` where nothing moved.
    fn correlation(&self) -> Option<f64> {
        let (late, early) = (self.squares.total(1), self.squares.total_before(0));
        let scale = libm::sqrt(late) * libm::sqrt(early);
        // A perfect correlation may be rounded past 1.
        (scale > 0.0).then(|| (self.products.total(0) / scale).clamp(-1.0, 1.0))
    }
}

/// The variance of returns over q points against that of returns over one.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Variances {
    returns: usize,
    points: usize,
    short: RollingSums,
    short_squares: RollingSums,
    long: RollingSums,
    long_squares: RollingSums,
}

impl Variances {
    fn new(returns: usize, points: usize) -> Self {
        let (short, long) = ([returns], [returns - points + 1]);
        Self {
            returns,
            points,
            short: RollingSums::new(&short),
            short_squares: RollingSums::new(&short),
            long: RollingSums::new(&long),
            long_squares: RollingSums::new(&long),
        }
    }

    fn clear(&mut self) {
        self.short.clear();
        self.short_squares.clear();
        self.long.clear();
        self.long_squares.clear();
    }

    /// The next return, and the one over several points that ends with it.
    fn step(&mut self, bps: f64, long_bps: Option<f64>) {
        self.short.push(bps);
        self.short_squares.push(bps * bps);
        if let Some(long) = long_bps {
            self.long.push(long);
            self.long_squares.push(long * long);
        }
    }

    /// VR(q) - 1 of Lo and MacKinlay, unbiased; `None` where the short returns do not vary.
    fn ratio(&self) -> Option<f64> {
        let (n, q) = (self.returns as f64, self.points as f64);
        let mean = self.short.total(0) / n;
        let short = (self.short_squares.total(0) - n * mean * mean) / (n - 1.0);
        let count = n - q + 1.0;
        let (sum, squares) = (self.long.total(0), self.long_squares.total(0));
        let around_mean = squares - 2.0 * q * mean * sum + count * q * q * mean * mean;
        let long = around_mean.max(0.0) / (q * count * (1.0 - q / n));
        (short > 0.0).then(|| long / short - 1.0)
    }
}

/// How the mean square of a return grows with its lag.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Structure {
    points: usize,
    squares: [RollingSums; LAGS.len()],
}

impl Structure {
    /// Over the pairs with both ends among that many points.
    fn new(points: usize) -> Self {
        Self { points, squares: LAGS.map(|lag| RollingSums::new(&[points - lag])) }
    }

    fn clear(&mut self) {
        self.squares.iter_mut().for_each(RollingSums::clear);
    }

    /// The returns over each lag that end at the next point, where the point before is known.
    fn step(&mut self, bps: [Option<f64>; LAGS.len()]) {
        for (squares, bps) in self.squares.iter_mut().zip(bps) {
            if let Some(bps) = bps {
                squares.push(bps * bps);
            }
        }
    }

    /// Half the slope of the logarithms, between 0 and 1; `None` where a lag saw no move.
    fn exponent(&self) -> Option<f64> {
        let mut slope = 0.0;
        for ((squares, lag), step) in self.squares.iter().zip(LAGS).zip(-2_i8..) {
            let mean = squares.total(0) / (self.points - lag) as f64;
            if mean <= 0.0 {
                return None;
            }
            // The logarithms of the lags are whole multiples of ln 2, and their deviations from the
            // middle one are -2 to 2: ten is the sum of the squares.
            slope += f64::from(step) * libm::log(mean) / (10.0 * core::f64::consts::LN_2);
        }
        Some((0.5 * slope).clamp(0.0, 1.0))
    }
}

/// The words that the signs of two returns in a row make, and how often each occurred.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Words {
    last: Option<i8>,
    recent: Recent<u8>,
    counts: [u32; 9],
}

impl Words {
    fn new(words: usize) -> Self {
        Self { last: None, recent: Recent::new(words), counts: [0; 9] }
    }

    fn clear(&mut self) {
        self.last = None;
        self.recent.clear();
        self.counts = [0; 9];
    }

    fn step(&mut self, sign: i8) {
        if let Some(last) = self.last.replace(sign) {
            let word = (3 * (last + 1) + sign + 1).unsigned_abs();
            self.counts[usize::from(word)] += 1;
            if let Some(leaving) = self.recent.push(word) {
                self.counts[usize::from(leaving)] -= 1;
            }
        }
    }

    /// From 0, always the same word, to 1, each of the nine as often.
    fn entropy(&self) -> f64 {
        let words: u32 = self.counts.iter().sum();
        let part = |count: u32| {
            let share = f64::from(count) / f64::from(words);
            if count == 0 { 0.0 } else { -share * libm::log(share) }
        };
        // A word and its mirror image lie 8 - w apart: summed in pairs, the mirror changes no bit.
        let pairs = (0..4).map(|word| part(self.counts[word]) + part(self.counts[8 - word]));
        (pairs.sum::<f64>() + part(self.counts[4])) / libm::log(9.0)
    }
}

/// How far the price came, and how long its way was, in ticks.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Path {
    moves: Recent<i64>,
    net: i128,
    length: i128,
}

impl Path {
    fn new(moves: usize) -> Self {
        Self { moves: Recent::new(moves), net: 0, length: 0 }
    }

    fn clear(&mut self) {
        self.moves.clear();
        (self.net, self.length) = (0, 0);
    }

    fn step(&mut self, ticks: i64) {
        let leaving = i128::from(self.moves.push(ticks).unwrap_or_default());
        let ticks = i128::from(ticks);
        self.net += ticks - leaving;
        self.length += ticks.abs() - leaving.abs();
    }

    /// 0 by symmetry when nothing moved.
    fn efficiency(&self) -> f64 {
        if self.length == 0 { 0.0 } else { self.net as f64 / self.length as f64 }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oracles::Given;

    /// The variances of returns over several points, of an even count of them, with some before.
    fn variances(points: usize, returns: &[f64]) -> Variances {
        let mut variances = Variances::new(returns.len(), points);
        let before = vec![50.0; points];
        let all = [&before, returns].concat();
        for at in points..all.len() {
            variances.step(all[at], Some(all[at + 1 - points..=at].iter().sum()));
        }
        variances
    }

    pub(crate) fn variance_ratio(given: &Given) -> f64 {
        variances(given.get("lag"), &given.get::<Vec<f64>>("returns_bps")).ratio().unwrap()
    }

    /// With words before them that are out of sight.
    fn words(signs: &[i8]) -> Words {
        let mut words = Words::new(signs.len() - 1);
        [1, 0, -1].iter().chain(signs).for_each(|sign| words.step(*sign));
        words
    }

    pub(crate) fn sign_entropy(given: &Given) -> f64 {
        words(&given.get::<Vec<i8>>("signs")).entropy()
    }

    #[test]
    fn returns_of_nothing_have_neither_correlation_nor_ratio() {
        let mut neighbours = Neighbours::new(4);
        [9.0, 1.0, -1.0, 1.0, -1.0].into_iter().for_each(|bps| neighbours.step(bps));
        assert!(neighbours.correlation().is_some());
        (0..4).for_each(|_| neighbours.step(0.0));
        assert_eq!(neighbours.correlation(), None);
        let mut variances = variances(2, &[1.0, 3.0, 2.0]);
        assert!(variances.ratio().is_some());
        (0..3).for_each(|_| variances.step(0.0, Some(0.0)));
        assert_eq!(variances.ratio(), None);
    }

    #[test]
    fn a_lag_without_a_move_has_no_exponent() {
        let mut structure = Structure::new(300);
        for point in 1..400_usize {
            let rise = |lag: usize| (point >= lag).then_some(0.7 * lag as f64);
            structure.step(LAGS.map(rise));
        }
        assert!(structure.exponent().is_some());
        structure.squares[3].clear();
        assert_eq!(structure.exponent(), None);
    }

    #[test]
    fn one_word_alone_has_no_entropy() {
        let mut words = words(&[-1, 0, 0, 1, -1]);
        assert_eq!(words.counts.iter().sum::<u32>(), 4);
        assert!(words.entropy() > 0.0);
        (0..5).for_each(|_| words.step(1));
        assert_eq!(Some(words.entropy()), Some(0.0));
    }

    #[test]
    fn a_path_forgets_its_first_moves() {
        let mut path = Path::new(2);
        [-70, 5, -1].into_iter().for_each(|ticks| path.step(ticks));
        assert_eq!((path.net, path.length), (4, 6));
        (0..3).for_each(|_| path.step(0));
        assert_eq!(Some(path.efficiency()), Some(0.0));
    }
}
