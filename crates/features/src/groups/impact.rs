//! 95 and 96: how far signed trades move the mid (FEATURES 7.9).

use serde::{Deserialize, Serialize};

use crate::book_view::BookView;
use crate::catalogue::index;
use crate::grid::SECOND_NS;
use crate::parents::Parent;
use crate::primitives::{GridDecayed, grid_decay, return_bps};

use super::Slots;

const KYLE_HALF_LIFE_NS: i64 = 300 * SECOND_NS;
const KYLE_STEPS_MIN: u64 = 120;
/// Places in the moments: returns and signed lots.
const MOVE: usize = 0;
const FLOW: usize = 1;
const RESPONSE_HALF_LIFE_NS: i64 = 600 * SECOND_NS;
const RESPONSE_STEPS_MIN: u64 = 300;
/// A response covers so many seconds, its innovation lies in the first of them.
const RESPONSE: usize = 5;

/// Trades and mid returns on the grid of one second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Impact {
    /// The last valid mid in half-ticks, above zero; and as it was at the last point of the grid.
    mid: Option<i64>,
    sampled_mid: Option<i64>,
    /// Signed lots of prints since the last point.
    lots: i128,
    kyle: GridDecayed<2>,
    response: Response,
}

/// The decaying sums that tell how the mid answers to trades that nobody expected.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Response {
    decay: f64,
    /// `x`: signed roots of the parents that closed since the last point, and in the second before.
    flow: f64,
    flow_before: f64,
    /// Of `x_k x_(k-1)` and of the square of `x_(k-1)`.
    flow_sums: [f64; 2],
    /// The last returns and innovations, the newest first.
    returns: [Option<f64>; RESPONSE],
    innovations: [f64; RESPONSE],
    /// Of `y u` and of the square of u.
    response_sums: [f64; 2],
    steps: u64,
}

impl Impact {
    pub(crate) fn new() -> Self {
        Self {
            mid: None,
            sampled_mid: None,
            lots: 0,
            kyle: GridDecayed::new(grid_decay(SECOND_NS, KYLE_HALF_LIFE_NS)),
            response: Response::new(grid_decay(SECOND_NS, RESPONSE_HALF_LIFE_NS)),
        }
    }

    /// Forgets everything: a break.
    pub(crate) const fn clear(&mut self) {
        (self.mid, self.sampled_mid, self.lots) = (None, None, 0);
        self.kyle.clear();
        self.response = Response::new(self.response.decay);
    }

    /// A valid book shows this mid. One that is not above zero has no logarithm, and counts as none.
    pub(crate) fn observe(&mut self, mid_half_ticks: i64) {
        self.mid = Some(mid_half_ticks).filter(|mid| *mid > 0);
    }

    pub(crate) fn on_print(&mut self, sign: i64, lots: i64) {
        self.lots += i128::from(sign) * i128::from(lots);
    }

    /// A parent closed since the last point of the grid.
    pub(crate) fn on_parent_closed(&mut self, parent: &Parent) {
        self.response.flow += parent.sign() as f64 * libm::sqrt(parent.lots as f64);
    }

    /// A point of the grid: everything is sampled, and a valid book lets the sums make their step.
    pub(crate) fn sample(&mut self, view: &BookView<'_>) {
        let is_valid = view.top.is_some();
        let moved = self.sampled_mid.zip(self.mid).map(|(from, to)| return_bps(from, to));
        let lots = core::mem::take(&mut self.lots) as f64;
        if let Some(moved) = moved.filter(|_| is_valid) {
            self.kyle.step([moved, lots]);
        }
        self.response.sample(moved, is_valid);
        self.sampled_mid = self.mid;
    }

    pub(crate) fn write(&self, slots: &mut Slots<'_>) {
        let is_warm = self.kyle.count() >= KYLE_STEPS_MIN;
        slots.put(index::KYLE_LAMBDA, slope_of(&self.kyle).filter(|_| is_warm));
        slots.put(index::HASBROUCK_IMPACT, self.response.slope());
    }
}

/// Of moves on flow; `None` where flow does not vary.
fn slope_of(moments: &GridDecayed<2>) -> Option<f64> {
    let variance = moments.covariance(FLOW, FLOW);
    (variance > 0.0).then(|| moments.covariance(MOVE, FLOW) / variance)
}

impl Response {
    const fn new(decay: f64) -> Self {
        Self {
            decay,
            flow: 0.0,
            flow_before: 0.0,
            flow_sums: [0.0; 2],
            returns: [None; RESPONSE],
            innovations: [0.0; RESPONSE],
            response_sums: [0.0; 2],
            steps: 0,
        }
    }

    fn sample(&mut self, moved: Option<f64>, is_valid: bool) {
        let (flow, before) = (core::mem::take(&mut self.flow), self.flow_before);
        self.flow_before = flow;
        if is_valid {
            decay_and_add(&mut self.flow_sums, self.decay, [flow * before, before * before]);
        }
        let [cross, square] = self.flow_sums;
        let phi = if square > 0.0 { cross / square } else { 0.0 };
        push_front(&mut self.innovations, flow - phi * before);
        push_front(&mut self.returns, moved);
        let all = self.returns.iter().try_fold(0.0, |sum, moved| moved.map(|moved| sum + moved));
        if let Some(response) = all.filter(|_| is_valid) {
            let innovation = self.innovations[RESPONSE - 1];
            let parts = [response * innovation, innovation * innovation];
            decay_and_add(&mut self.response_sums, self.decay, parts);
            self.steps += 1;
        }
    }

    fn slope(&self) -> Option<f64> {
        let [cross, square] = self.response_sums;
        let is_warm = self.steps >= RESPONSE_STEPS_MIN && square > 0.0;
        is_warm.then(|| cross / square)
    }
}

fn decay_and_add(sums: &mut [f64; 2], decay: f64, parts: [f64; 2]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum = decay * *sum + part;
    }
}

fn push_front<T: Copy>(ring: &mut [T; RESPONSE], newest: T) {
    ring.copy_within(..RESPONSE - 1, 1);
    ring[0] = newest;
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oracles::Given;

    /// Of seconds that weigh the same.
    pub(crate) fn slope(given: &Given) -> f64 {
        let mut kyle = GridDecayed::new(1.0);
        let moves: Vec<f64> = given.get("returns_bps");
        for (lots, moved) in given.get::<Vec<f64>>("lots").into_iter().zip(moves) {
            kyle.step([moved, lots]);
        }
        slope_of(&kyle).unwrap()
    }

    #[test]
    fn a_response_begins_with_the_second_of_its_innovation() {
        // Flow that nobody can expect moves the mid by three times its size at once, and by one more
        // two seconds later; what the mid did before is no response.
        let mut state = 1_u64;
        let mut flow = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if state >> 63 == 0 { 1.0 } else { -1.0 }
        };
        let flows: Vec<f64> = (0..100_000).map(|_| flow()).collect();
        let mut response = Response::new(1.0);
        for at in 2..flows.len() - 1 {
            response.flow = flows[at];
            response.sample(Some(3.0 * flows[at] + flows[at - 2] + 5.0 * flows[at + 1]), true);
        }
        // Five seconds hold the first response of the innovation, the second one, and the move before
        // the next four.
        let slope = response.slope().unwrap();
        assert!((slope - 4.0).abs() < 0.1, "{slope}");
    }
}
