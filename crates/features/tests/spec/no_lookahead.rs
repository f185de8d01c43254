//! A longer recording never changes an earlier row.

use fluxo_features::FeatureConfig;
use proptest::prelude::*;

use crate::drive::{assert_same, rows};
use crate::stream::{events, weathers};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_prefix_has_the_same_rows(weather in weathers(), cut in 0.0..1.0_f64) {
        let all = events(weather);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
        let cut = (cut * all.len() as f64) as usize;
        let whole = rows(FeatureConfig::default(), &all, i64::MIN);
        let prefix = rows(FeatureConfig::default(), &all[..cut], i64::MIN);
        assert_same(&prefix, &whole[..prefix.len()]);
        // When time has passed, a timer closes what the next event would have closed.
        let until = all[..cut].iter().map(|received| received.ts).max();
        let next = all.get(cut).map(|received| received.ts);
        if let Some((until, next)) = until.zip(next)
            && next > until
        {
            let closed = rows(FeatureConfig::default(), &all[..cut], until + 1);
            let known = whole.iter().take_while(|row| row.ts.get() <= until);
            assert_same(&closed, &known.cloned().collect::<Vec<_>>());
        }
    }
}
