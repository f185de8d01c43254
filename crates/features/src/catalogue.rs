//! The catalogue: generated from `features.toml` and `targets.toml` by `tests/catalogue.rs`
//! (`UPDATE_GOLDEN=1`). It names things and says what they are; it computes nothing.

use crate::feature::{
    FeatureInfo, FeatureSet, Parity, TargetInfo, TargetKind, Transform, Undefined,
};

/// The features, in the order of the row.
pub static FEATURES: [FeatureInfo; 108] = [
    FeatureInfo {
        index: 0,
        name: "tret_1s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 1000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 1,
        name: "tret_5s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 5000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 2,
        name: "tret_10s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 10000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 3,
        name: "tret_30s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 30000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 4,
        name: "tret_60s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 60000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 5,
        name: "tret_300s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 300000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 6,
        name: "momentum_accel",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 20000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 7,
        name: "ema_dist_10s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 10000,
    },
    FeatureInfo {
        index: 8,
        name: "ema_dist_60s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 60000,
    },
    FeatureInfo {
        index: 9,
        name: "macd_hist",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 130000,
        count: 26,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 10,
        name: "rsi_14",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 70000,
        count: 14,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 11,
        name: "price_z_60s",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 60000,
        count: 60,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 12,
        name: "range_pos_60s",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 60000,
        count: 60,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 13,
        name: "rv_60s",
        unit: "bps/sqrt(s)",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log1p,
        window_ms: 60000,
        count: 60,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 14,
        name: "rv_300s",
        unit: "bps/sqrt(s)",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log1p,
        window_ms: 300000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 15,
        name: "vol_ratio",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 300000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 16,
        name: "jump_ratio",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 300000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 17,
        name: "parkinson_vol",
        unit: "bps/sqrt(s)",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log1p,
        window_ms: 300000,
        count: 60,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 18,
        name: "garman_klass_vol",
        unit: "bps/sqrt(s)",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log1p,
        window_ms: 300000,
        count: 60,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 19,
        name: "semivar_asym",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 300000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 20,
        name: "ret_autocorr_1",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 300000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 21,
        name: "variance_ratio_5",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 300000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 22,
        name: "hurst_300s",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 300000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 23,
        name: "sign_entropy",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 300000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 24,
        name: "efficiency_ratio_60s",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 60000,
        count: 60,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 25,
        name: "vwap_dist_300s",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 300000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 26,
        name: "vwap_dist_session",
        unit: "bps",
        set: FeatureSet::TickOnly,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 27,
        name: "trade_intensity_10s",
        unit: "1/s",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::ZeroEvents,
        transform: Transform::Log1p,
        window_ms: 10000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 28,
        name: "intensity_ratio",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::ZeroEvents,
        transform: Transform::None,
        window_ms: 300000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 29,
        name: "inter_trade_time",
        unit: "s",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 20,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 30,
        name: "inter_trade_burst",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 100,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 31,
        name: "trade_size_ew",
        unit: "lots",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 100,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 32,
        name: "volume_imbalance",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 10000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 33,
        name: "large_trade_ratio",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 60000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 34,
        name: "delta_60s",
        unit: "lots",
        set: FeatureSet::TickOnly,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 60000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 35,
        name: "cum_delta",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 36,
        name: "vpin",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 50,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 37,
        name: "amihud",
        unit: "bps/lot",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 300000,
        count: 60,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 38,
        name: "roll_spread",
        unit: "ticks",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 256,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 39,
        name: "sign_autocorr",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 256,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 40,
        name: "hawkes_buy",
        unit: "1/s",
        set: FeatureSet::TickOnly,
        parity: Parity::SwapsWith(41),
        undefined: Undefined::ZeroEvents,
        transform: Transform::Log1p,
        window_ms: 0,
        count: 0,
        half_life_ms: 5000,
    },
    FeatureInfo {
        index: 41,
        name: "hawkes_sell",
        unit: "1/s",
        set: FeatureSet::TickOnly,
        parity: Parity::SwapsWith(40),
        undefined: Undefined::ZeroEvents,
        transform: Transform::Log1p,
        window_ms: 0,
        count: 0,
        half_life_ms: 5000,
    },
    FeatureInfo {
        index: 42,
        name: "tod_sin",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::Never,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 43,
        name: "tod_cos",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::Never,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 44,
        name: "session_remaining",
        unit: "1",
        set: FeatureSet::TickOnly,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 45,
        name: "spread_abs",
        unit: "ticks",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 46,
        name: "spread_bps",
        unit: "bps",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 47,
        name: "mid_price",
        unit: "ticks",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Level,
        undefined: Undefined::NoValue,
        transform: Transform::Exclude,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 48,
        name: "imbalance",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 49,
        name: "price_pressure",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 5,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 50,
        name: "ret_1s",
        unit: "bps",
        set: FeatureSet::BookEnhanced,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 1000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 51,
        name: "ret_5s",
        unit: "bps",
        set: FeatureSet::BookEnhanced,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 5000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 52,
        name: "ret_10s",
        unit: "bps",
        set: FeatureSet::BookEnhanced,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 10000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 53,
        name: "vol_10s",
        unit: "bps/sqrt(s)",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Even,
        undefined: Undefined::ZeroEvents,
        transform: Transform::Log1p,
        window_ms: 10000,
        count: 100,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 54,
        name: "vol_30s",
        unit: "bps/sqrt(s)",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Even,
        undefined: Undefined::ZeroEvents,
        transform: Transform::Log1p,
        window_ms: 30000,
        count: 300,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 55,
        name: "avg_bid_qty",
        unit: "lots",
        set: FeatureSet::BookEnhanced,
        parity: Parity::SwapsWith(56),
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 56,
        name: "avg_ask_qty",
        unit: "lots",
        set: FeatureSet::BookEnhanced,
        parity: Parity::SwapsWith(55),
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 57,
        name: "depth_imbalance",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 58,
        name: "weighted_mid_dev",
        unit: "ticks",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 59,
        name: "microprice_dev",
        unit: "ticks",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 60,
        name: "level_imb_2",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 2,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 61,
        name: "level_imb_3",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 3,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 62,
        name: "level_imb_4",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 4,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 63,
        name: "level_imb_5",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 5,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 64,
        name: "level_imb_6",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 6,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 65,
        name: "level_imb_7",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 7,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 66,
        name: "level_imb_8",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 8,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 67,
        name: "level_imb_9",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 9,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 68,
        name: "level_imb_10",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 69,
        name: "ofi_1s",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 1000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 70,
        name: "ofi_5s",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 5000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 71,
        name: "ofi_15s",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 15000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 72,
        name: "ofi_30s",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 30000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 73,
        name: "ofi_1m",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 60000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 74,
        name: "ofi_5m",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 300000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 75,
        name: "ofi_15m",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 900000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 76,
        name: "ofi_30m",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 1800000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 77,
        name: "ofi_60m",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 3600000,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 78,
        name: "spread_quality",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 300000,
    },
    FeatureInfo {
        index: 79,
        name: "liquidity_score",
        unit: "1",
        set: FeatureSet::BookEnhanced,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 10,
        half_life_ms: 300000,
    },
    FeatureInfo {
        index: 80,
        name: "mlofi_2_5",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 10000,
        count: 5,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 81,
        name: "mlofi_6_10",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::Asinh,
        window_ms: 10000,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 82,
        name: "ofi_integrated",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 10000,
        count: 10,
        half_life_ms: 1800000,
    },
    FeatureInfo {
        index: 83,
        name: "book_slope",
        unit: "lots/tick",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 84,
        name: "slope_asym",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 85,
        name: "depth_bps_log",
        unit: "ln lots",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 86,
        name: "depth_bps_imb",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 87,
        name: "book_pressure_ew",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 5,
        half_life_ms: 5000,
    },
    FeatureInfo {
        index: 88,
        name: "add_rate",
        unit: "1/s",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::ZeroEvents,
        transform: Transform::Log1p,
        window_ms: 10000,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 89,
        name: "cancel_rate",
        unit: "1/s",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::ZeroEvents,
        transform: Transform::Log1p,
        window_ms: 10000,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 90,
        name: "cancel_imbalance",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 10000,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 91,
        name: "resiliency",
        unit: "1/s",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 5,
        half_life_ms: 300000,
    },
    FeatureInfo {
        index: 92,
        name: "aggression_ratio",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 10000,
        count: 10,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 93,
        name: "sweep_detected",
        unit: "sign",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroEvents,
        transform: Transform::None,
        window_ms: 1000,
        count: 3,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 94,
        name: "iceberg_detected",
        unit: "sign",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroEvents,
        transform: Transform::None,
        window_ms: 5000,
        count: 2,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 95,
        name: "kyle_lambda",
        unit: "bps/lot",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 300000,
    },
    FeatureInfo {
        index: 96,
        name: "hasbrouck_impact",
        unit: "bps/sqrt(lot)",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 5,
        half_life_ms: 600000,
    },
    FeatureInfo {
        index: 97,
        name: "effective_spread",
        unit: "bps",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 60000,
    },
    FeatureInfo {
        index: 98,
        name: "realized_spread",
        unit: "bps",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 5000,
        count: 0,
        half_life_ms: 60000,
    },
    FeatureInfo {
        index: 99,
        name: "absorption",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 10000,
        count: 0,
        half_life_ms: 300000,
    },
    FeatureInfo {
        index: 100,
        name: "stacked_imbalance",
        unit: "rows",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 60000,
        count: 127,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 101,
        name: "poc_dist",
        unit: "bps",
        set: FeatureSet::Full,
        parity: Parity::OddFirstOrder,
        undefined: Undefined::NoValue,
        transform: Transform::Asinh,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 102,
        name: "va_position",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 103,
        name: "whale_imbalance",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::ZeroBySymmetry,
        transform: Transform::None,
        window_ms: 300000,
        count: 100,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 104,
        name: "queue_depletion_asym",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 0,
        half_life_ms: 5000,
    },
    FeatureInfo {
        index: 105,
        name: "l3_order_count_imb",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Odd,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 5,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 106,
        name: "l3_queue_hhi",
        unit: "1",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::None,
        window_ms: 0,
        count: 1,
        half_life_ms: 0,
    },
    FeatureInfo {
        index: 107,
        name: "l3_cancel_age",
        unit: "s",
        set: FeatureSet::Full,
        parity: Parity::Even,
        undefined: Undefined::NoValue,
        transform: Transform::Log,
        window_ms: 0,
        count: 200,
        half_life_ms: 0,
    },
];

/// The targets, in their order.
pub static TARGETS: [TargetInfo; 12] = [
    TargetInfo {
        index: 0,
        name: "fwd_ret_1s",
        kind: TargetKind::Regression,
        unit: "bps",
        parity: Parity::OddFirstOrder,
        horizon_ms: 1000,
        embargo_ms: 60000,
    },
    TargetInfo {
        index: 1,
        name: "fwd_ret_5s",
        kind: TargetKind::Regression,
        unit: "bps",
        parity: Parity::OddFirstOrder,
        horizon_ms: 5000,
        embargo_ms: 60000,
    },
    TargetInfo {
        index: 2,
        name: "fwd_ret_10s",
        kind: TargetKind::Regression,
        unit: "bps",
        parity: Parity::OddFirstOrder,
        horizon_ms: 10000,
        embargo_ms: 60000,
    },
    TargetInfo {
        index: 3,
        name: "fwd_ret_30s",
        kind: TargetKind::Regression,
        unit: "bps",
        parity: Parity::OddFirstOrder,
        horizon_ms: 30000,
        embargo_ms: 150000,
    },
    TargetInfo {
        index: 4,
        name: "dir_1s",
        kind: TargetKind::Ternary,
        unit: "class",
        parity: Parity::Odd,
        horizon_ms: 1000,
        embargo_ms: 60000,
    },
    TargetInfo {
        index: 5,
        name: "dir_5s",
        kind: TargetKind::Ternary,
        unit: "class",
        parity: Parity::Odd,
        horizon_ms: 5000,
        embargo_ms: 60000,
    },
    TargetInfo {
        index: 6,
        name: "dir_10s",
        kind: TargetKind::Ternary,
        unit: "class",
        parity: Parity::Odd,
        horizon_ms: 10000,
        embargo_ms: 60000,
    },
    TargetInfo {
        index: 7,
        name: "dir_30s",
        kind: TargetKind::Ternary,
        unit: "class",
        parity: Parity::Odd,
        horizon_ms: 30000,
        embargo_ms: 150000,
    },
    TargetInfo {
        index: 8,
        name: "tb_label",
        kind: TargetKind::Ternary,
        unit: "class",
        parity: Parity::Odd,
        horizon_ms: 900000,
        embargo_ms: 900000,
    },
    TargetInfo {
        index: 9,
        name: "tb_meta",
        kind: TargetKind::Binary,
        unit: "class",
        parity: Parity::Even,
        horizon_ms: 900000,
        embargo_ms: 900000,
    },
    TargetInfo {
        index: 10,
        name: "fut_rv_30s",
        kind: TargetKind::Regression,
        unit: "bps/sqrt(s)",
        parity: Parity::Even,
        horizon_ms: 30000,
        embargo_ms: 150000,
    },
    TargetInfo {
        index: 11,
        name: "fut_spread_10s",
        kind: TargetKind::Regression,
        unit: "ticks",
        parity: Parity::Even,
        horizon_ms: 10000,
        embargo_ms: 60000,
    },
];

/// The regime vector, in the order of the row.
pub static REGIME_NAMES: [&str; 6] = [
    "nonstationarity",
    "regime_prob",
    "spectral_gap_norm",
    "drift_norm",
    "dim_ratio",
    "regime_stability",
];

/// The consensus vector, in the order of the row.
pub static CONSENSUS_NAMES: [&str; 3] =
    ["flow_consensus_strength", "flow_consensus_direction", "flow_aligned"];

/// The slots of the row by name.
pub mod index {
    /// `tret_1s`.
    pub const TRET_1S: usize = 0;
    /// `tret_5s`.
    pub const TRET_5S: usize = 1;
    /// `tret_10s`.
    pub const TRET_10S: usize = 2;
    /// `tret_30s`.
    pub const TRET_30S: usize = 3;
    /// `tret_60s`.
    pub const TRET_60S: usize = 4;
    /// `tret_300s`.
    pub const TRET_300S: usize = 5;
    /// `momentum_accel`.
    pub const MOMENTUM_ACCEL: usize = 6;
    /// `ema_dist_10s`.
    pub const EMA_DIST_10S: usize = 7;
    /// `ema_dist_60s`.
    pub const EMA_DIST_60S: usize = 8;
    /// `macd_hist`.
    pub const MACD_HIST: usize = 9;
    /// `rsi_14`.
    pub const RSI_14: usize = 10;
    /// `price_z_60s`.
    pub const PRICE_Z_60S: usize = 11;
    /// `range_pos_60s`.
    pub const RANGE_POS_60S: usize = 12;
    /// `rv_60s`.
    pub const RV_60S: usize = 13;
    /// `rv_300s`.
    pub const RV_300S: usize = 14;
    /// `vol_ratio`.
    pub const VOL_RATIO: usize = 15;
    /// `jump_ratio`.
    pub const JUMP_RATIO: usize = 16;
    /// `parkinson_vol`.
    pub const PARKINSON_VOL: usize = 17;
    /// `garman_klass_vol`.
    pub const GARMAN_KLASS_VOL: usize = 18;
    /// `semivar_asym`.
    pub const SEMIVAR_ASYM: usize = 19;
    /// `ret_autocorr_1`.
    pub const RET_AUTOCORR_1: usize = 20;
    /// `variance_ratio_5`.
    pub const VARIANCE_RATIO_5: usize = 21;
    /// `hurst_300s`.
    pub const HURST_300S: usize = 22;
    /// `sign_entropy`.
    pub const SIGN_ENTROPY: usize = 23;
    /// `efficiency_ratio_60s`.
    pub const EFFICIENCY_RATIO_60S: usize = 24;
    /// `vwap_dist_300s`.
    pub const VWAP_DIST_300S: usize = 25;
    /// `vwap_dist_session`.
    pub const VWAP_DIST_SESSION: usize = 26;
    /// `trade_intensity_10s`.
    pub const TRADE_INTENSITY_10S: usize = 27;
    /// `intensity_ratio`.
    pub const INTENSITY_RATIO: usize = 28;
    /// `inter_trade_time`.
    pub const INTER_TRADE_TIME: usize = 29;
    /// `inter_trade_burst`.
    pub const INTER_TRADE_BURST: usize = 30;
    /// `trade_size_ew`.
    pub const TRADE_SIZE_EW: usize = 31;
    /// `volume_imbalance`.
    pub const VOLUME_IMBALANCE: usize = 32;
    /// `large_trade_ratio`.
    pub const LARGE_TRADE_RATIO: usize = 33;
    /// `delta_60s`.
    pub const DELTA_60S: usize = 34;
    /// `cum_delta`.
    pub const CUM_DELTA: usize = 35;
    /// `vpin`.
    pub const VPIN: usize = 36;
    /// `amihud`.
    pub const AMIHUD: usize = 37;
    /// `roll_spread`.
    pub const ROLL_SPREAD: usize = 38;
    /// `sign_autocorr`.
    pub const SIGN_AUTOCORR: usize = 39;
    /// `hawkes_buy`.
    pub const HAWKES_BUY: usize = 40;
    /// `hawkes_sell`.
    pub const HAWKES_SELL: usize = 41;
    /// `tod_sin`.
    pub const TOD_SIN: usize = 42;
    /// `tod_cos`.
    pub const TOD_COS: usize = 43;
    /// `session_remaining`.
    pub const SESSION_REMAINING: usize = 44;
    /// `spread_abs`.
    pub const SPREAD_ABS: usize = 45;
    /// `spread_bps`.
    pub const SPREAD_BPS: usize = 46;
    /// `mid_price`.
    pub const MID_PRICE: usize = 47;
    /// `imbalance`.
    pub const IMBALANCE: usize = 48;
    /// `price_pressure`.
    pub const PRICE_PRESSURE: usize = 49;
    /// `ret_1s`.
    pub const RET_1S: usize = 50;
    /// `ret_5s`.
    pub const RET_5S: usize = 51;
    /// `ret_10s`.
    pub const RET_10S: usize = 52;
    /// `vol_10s`.
    pub const VOL_10S: usize = 53;
    /// `vol_30s`.
    pub const VOL_30S: usize = 54;
    /// `avg_bid_qty`.
    pub const AVG_BID_QTY: usize = 55;
    /// `avg_ask_qty`.
    pub const AVG_ASK_QTY: usize = 56;
    /// `depth_imbalance`.
    pub const DEPTH_IMBALANCE: usize = 57;
    /// `weighted_mid_dev`.
    pub const WEIGHTED_MID_DEV: usize = 58;
    /// `microprice_dev`.
    pub const MICROPRICE_DEV: usize = 59;
    /// `level_imb_2`.
    pub const LEVEL_IMB_2: usize = 60;
    /// `level_imb_3`.
    pub const LEVEL_IMB_3: usize = 61;
    /// `level_imb_4`.
    pub const LEVEL_IMB_4: usize = 62;
    /// `level_imb_5`.
    pub const LEVEL_IMB_5: usize = 63;
    /// `level_imb_6`.
    pub const LEVEL_IMB_6: usize = 64;
    /// `level_imb_7`.
    pub const LEVEL_IMB_7: usize = 65;
    /// `level_imb_8`.
    pub const LEVEL_IMB_8: usize = 66;
    /// `level_imb_9`.
    pub const LEVEL_IMB_9: usize = 67;
    /// `level_imb_10`.
    pub const LEVEL_IMB_10: usize = 68;
    /// `ofi_1s`.
    pub const OFI_1S: usize = 69;
    /// `ofi_5s`.
    pub const OFI_5S: usize = 70;
    /// `ofi_15s`.
    pub const OFI_15S: usize = 71;
    /// `ofi_30s`.
    pub const OFI_30S: usize = 72;
    /// `ofi_1m`.
    pub const OFI_1M: usize = 73;
    /// `ofi_5m`.
    pub const OFI_5M: usize = 74;
    /// `ofi_15m`.
    pub const OFI_15M: usize = 75;
    /// `ofi_30m`.
    pub const OFI_30M: usize = 76;
    /// `ofi_60m`.
    pub const OFI_60M: usize = 77;
    /// `spread_quality`.
    pub const SPREAD_QUALITY: usize = 78;
    /// `liquidity_score`.
    pub const LIQUIDITY_SCORE: usize = 79;
    /// `mlofi_2_5`.
    pub const MLOFI_2_5: usize = 80;
    /// `mlofi_6_10`.
    pub const MLOFI_6_10: usize = 81;
    /// `ofi_integrated`.
    pub const OFI_INTEGRATED: usize = 82;
    /// `book_slope`.
    pub const BOOK_SLOPE: usize = 83;
    /// `slope_asym`.
    pub const SLOPE_ASYM: usize = 84;
    /// `depth_bps_log`.
    pub const DEPTH_BPS_LOG: usize = 85;
    /// `depth_bps_imb`.
    pub const DEPTH_BPS_IMB: usize = 86;
    /// `book_pressure_ew`.
    pub const BOOK_PRESSURE_EW: usize = 87;
    /// `add_rate`.
    pub const ADD_RATE: usize = 88;
    /// `cancel_rate`.
    pub const CANCEL_RATE: usize = 89;
    /// `cancel_imbalance`.
    pub const CANCEL_IMBALANCE: usize = 90;
    /// `resiliency`.
    pub const RESILIENCY: usize = 91;
    /// `aggression_ratio`.
    pub const AGGRESSION_RATIO: usize = 92;
    /// `sweep_detected`.
    pub const SWEEP_DETECTED: usize = 93;
    /// `iceberg_detected`.
    pub const ICEBERG_DETECTED: usize = 94;
    /// `kyle_lambda`.
    pub const KYLE_LAMBDA: usize = 95;
    /// `hasbrouck_impact`.
    pub const HASBROUCK_IMPACT: usize = 96;
    /// `effective_spread`.
    pub const EFFECTIVE_SPREAD: usize = 97;
    /// `realized_spread`.
    pub const REALIZED_SPREAD: usize = 98;
    /// `absorption`.
    pub const ABSORPTION: usize = 99;
    /// `stacked_imbalance`.
    pub const STACKED_IMBALANCE: usize = 100;
    /// `poc_dist`.
    pub const POC_DIST: usize = 101;
    /// `va_position`.
    pub const VA_POSITION: usize = 102;
    /// `whale_imbalance`.
    pub const WHALE_IMBALANCE: usize = 103;
    /// `queue_depletion_asym`.
    pub const QUEUE_DEPLETION_ASYM: usize = 104;
    /// `l3_order_count_imb`.
    pub const L3_ORDER_COUNT_IMB: usize = 105;
    /// `l3_queue_hhi`.
    pub const L3_QUEUE_HHI: usize = 106;
    /// `l3_cancel_age`.
    pub const L3_CANCEL_AGE: usize = 107;
    /// `nonstationarity`.
    pub const NONSTATIONARITY: usize = 108;
    /// `regime_prob`.
    pub const REGIME_PROB: usize = 109;
    /// `spectral_gap_norm`.
    pub const SPECTRAL_GAP_NORM: usize = 110;
    /// `drift_norm`.
    pub const DRIFT_NORM: usize = 111;
    /// `dim_ratio`.
    pub const DIM_RATIO: usize = 112;
    /// `regime_stability`.
    pub const REGIME_STABILITY: usize = 113;
    /// `flow_consensus_strength`.
    pub const FLOW_CONSENSUS_STRENGTH: usize = 114;
    /// `flow_consensus_direction`.
    pub const FLOW_CONSENSUS_DIRECTION: usize = 115;
    /// `flow_aligned`.
    pub const FLOW_ALIGNED: usize = 116;
}
