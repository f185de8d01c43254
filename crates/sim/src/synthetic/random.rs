//! Random numbers that are the same on every machine and in every version: `xoshiro256++` by
//! Blackman and Vigna, seeded by `SplitMix64` as its authors advise.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: [u64; 4],
    /// The second of a pair of normal numbers.
    spare: Option<f64>,
}

impl Random {
    /// The stream of that number of a seed: streams have nothing in common.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut state = mix(seed ^ mix(stream));
        Self { state: std::array::from_fn(|_| split_mix(&mut state)), spare: None }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number in `[0, 1)`, on a grid of `2^-53`.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
    pub(super) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An integer from `0` to `end - 1`; the lowest are favoured by less than `end / 2^64`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A standard normal number, by Marsaglia's polar method.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * libm::log(square) / square).sqrt();
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }

    /// A Poisson number, by Knuth's method: a product of uniform numbers against `limit`, which is
    /// `exp(-mean)`. For small means.
    pub(super) fn poisson(&mut self, limit: f64) -> u32 {
        let (mut count, mut product) = (0, self.uniform());
        while product > limit {
            count += 1;
            product *= self.uniform();
        }
        count
    }
}

/// The next number of `SplitMix64`.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    finish(*state)
}

/// One number from another, far from it.
pub(super) fn mix(value: u64) -> u64 {
    split_mix(&mut { value })
}

const fn finish(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generators_are_those_of_their_authors() {
        // Published with the reference implementations.
        let mut state = 1_234_567;
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(expected.map(|_| split_mix(&mut state)), expected);
        let mut random = Random { state: [1, 2, 3, 4], spare: None };
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
        ];
        assert_eq!(expected.map(|_| random.next()), expected);
    }

    /// Mean, variance, skewness and kurtosis.
    fn moments(mut draw: impl FnMut() -> f64) -> [f64; 4] {
        const COUNT: u32 = 1_000_000;
        let draws: Vec<f64> = (0..COUNT).map(|_| draw()).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(COUNT);
        let central =
            |power| draws.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / f64::from(COUNT);
        let variance = central(2);
        [mean, variance, central(3) / variance.sqrt().powi(3), central(4) / variance.powi(2)]
    }

    fn assert_near(got: [f64; 4], expected: [f64; 4]) {
        let near = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 0.03);
        assert!(near, "{got:?} is not {expected:?}");
    }

    #[test]
    fn the_distributions_have_their_moments() {
        let mut random = Random::new(7, 1);
        assert_near(moments(|| random.normal()), [0.0, 1.0, 0.0, 3.0]);
        assert_near(moments(|| random.uniform()), [0.5, 1.0 / 12.0, 0.0, 1.8]);
        let limit = libm::exp(-2.0);
        let skewness = 0.5_f64.sqrt();
        assert_near(moments(|| random.poisson(limit).into()), [2.0, 2.0, skewness, 3.5]);
        #[expect(clippy::cast_precision_loss, reason = "below ten")]
        let die = moments(|| random.below(6) as f64 / 6.0);
        assert_near(die, [2.5 / 6.0, 35.0 / 12.0 / 36.0, 0.0, 1.731]);
    }

    #[test]
    fn seeds_and_streams_begin_elsewhere() {
        let first = |seed, stream| Random::new(seed, stream).next();
        let all: std::collections::BTreeSet<u64> =
            (0..64).flat_map(|seed| (0..64).map(move |stream| first(seed, stream))).collect();
        assert_eq!(all.len(), 64 * 64);
    }
}
