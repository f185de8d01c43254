//! The state machines of FEATURES 3 that the features are made of. Each has a fixed size, is
//! allocated when it is made, and depends on nothing but what it is fed.

mod event_decayed;
mod grid_decayed;
mod jacobi;
mod lag;
mod nearest;
mod returns;
mod ring;
mod time_decayed;
mod time_weighted;
mod window_sums;

pub(crate) use event_decayed::EventDecayed;
pub(crate) use grid_decayed::{GridDecayed, grid_decay};
pub(crate) use jacobi::Eigen;
pub(crate) use lag::Lag;
pub(crate) use nearest::nearest;
pub(crate) use returns::return_bps;
pub(crate) use ring::Ring;
pub(crate) use time_decayed::TimeDecayed;
pub(crate) use time_weighted::TimeWeighted;
pub(crate) use window_sums::WindowSums;
