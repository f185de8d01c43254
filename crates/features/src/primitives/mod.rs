//! The state machines of FEATURES 3 that the features are made of. Each has a fixed size, is
//! allocated when it is made, and depends on nothing but what it is fed.

mod average_distance;
mod bars;
mod event_decayed;
mod grid_decayed;
mod half_life;
mod jacobi;
mod lag;
mod nearest;
mod recent;
mod returns;
mod ring;
mod rolling_sums;
mod sliding_max;
mod time_decayed;
mod time_weighted;
mod window_sums;

pub(crate) use average_distance::AverageDistance;
pub(crate) use bars::{Bar, Bars, Ended};
pub(crate) use event_decayed::EventDecayed;
pub(crate) use grid_decayed::{GridDecayed, grid_decay};
pub(crate) use half_life::kept_after;
#[cfg(test)]
pub(crate) use jacobi::identity;
pub(crate) use jacobi::{Diagonal, Eigenbasis, dot, leading};
pub(crate) use lag::Lag;
pub(crate) use nearest::nearest;
pub(crate) use recent::Recent;
pub(crate) use returns::{ratio_bps, return_bps};
pub(crate) use ring::Ring;
pub(crate) use rolling_sums::RollingSums;
pub(crate) use sliding_max::SlidingMax;
pub(crate) use time_decayed::TimeDecayed;
pub(crate) use time_weighted::TimeWeighted;
pub(crate) use window_sums::WindowSums;
