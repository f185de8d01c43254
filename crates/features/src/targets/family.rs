//! What every family of targets answers to.

use super::Unlabelled;
use super::decided::Decided;

/// The index of `tb_label`.
pub(super) const TB_LABEL: usize = 8;
/// The index of `tb_meta`.
pub(super) const TB_META: usize = 9;
/// The index of `fut_rv_30s`.
pub(super) const FUT_RV: usize = 10;
/// The index of `fut_spread_10s`.
pub(super) const FUT_SPREAD: usize = 11;

/// Targets that are labelled together. A label is open until it reaches its end, and then waits for the
/// proof that the book was whole up to there.
pub(super) trait Family {
    /// The book was whole up to `moment`: labels that ended by then stand.
    fn confirm(&mut self, moment: i64, decided: &mut Decided);

    /// Nobody will know whether the book was whole up to `moment`.
    fn give_up(&mut self, moment: i64, why: Unlabelled, decided: &mut Decided);

    /// Something went wrong that lies within every label that has not reached its end.
    fn fail_open(&mut self, why: Unlabelled, decided: &mut Decided);

    /// Something went wrong that lies within every label.
    fn fail_all(&mut self, why: Unlabelled, decided: &mut Decided) {
        self.give_up(i64::MAX, why, decided);
        self.fail_open(why, decided);
    }
}
