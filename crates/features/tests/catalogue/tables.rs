//! The tables as they lie on disk.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Both tables.
pub(crate) struct Tables {
    pub(crate) features: Features,
    pub(crate) targets: Targets,
}

#[derive(Deserialize)]
pub(crate) struct Features {
    pub(crate) count: usize,
    pub(crate) sets: Sets,
    pub(crate) feature: Vec<Feature>,
    /// The regime vector, then the consensus vector.
    pub(crate) appended: Vec<Appended>,
}

#[derive(Deserialize)]
pub(crate) struct Sets {
    pub(crate) tick_only: usize,
    pub(crate) book_enhanced: usize,
    pub(crate) full: usize,
}

#[derive(Deserialize)]
pub(crate) struct Feature {
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) formula: String,
    pub(crate) unit: String,
    pub(crate) window_ms: u32,
    pub(crate) n: u32,
    pub(crate) half_life_ms: u32,
    pub(crate) inputs: Vec<String>,
    pub(crate) sets: Vec<String>,
    pub(crate) range: [f64; 2],
    pub(crate) parity: String,
    pub(crate) warmup: String,
    pub(crate) undefined: String,
    pub(crate) transform: String,
    pub(crate) source: String,
}

#[derive(Deserialize)]
pub(crate) struct Appended {
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) block: String,
    pub(crate) range: [f64; 2],
    pub(crate) parity: String,
    pub(crate) formula: String,
}

#[derive(Deserialize)]
pub(crate) struct Targets {
    pub(crate) count: usize,
    pub(crate) cost_defaults: CostDefaults,
    pub(crate) target: Vec<Target>,
}

#[derive(Deserialize)]
pub(crate) struct CostDefaults {
    pub(crate) c_cost: f64,
    pub(crate) latency_ms: i64,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) unit: String,
    pub(crate) horizon_max_ms: u32,
    pub(crate) formula: String,
    pub(crate) threshold: String,
    pub(crate) t1: String,
    pub(crate) embargo_ms: u32,
    pub(crate) range: [f64; 2],
    pub(crate) parity: String,
    pub(crate) loss: String,
    pub(crate) invalid: String,
    pub(crate) source: String,
}

/// A file of this crate, or beside it.
pub(crate) fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The tables as they lie on disk, word for word.
pub(crate) fn stated() -> Tables {
    let text = |name| std::fs::read_to_string(crate_file(name)).unwrap();
    Tables {
        features: toml::from_str(&text("features.toml")).unwrap(),
        targets: toml::from_str(&text("targets.toml")).unwrap(),
    }
}

/// Where the catalogue does not follow the table: the feature, the range there, and the range here.
pub(crate) type OtherRange = (&'static str, [f64; 2], [f64; 2]);

/// The one exception. The table calls a mid below zero impossible, and futures have traded there: crude
/// oil at -37.63 on 20 April 2020 (ADR 0013).
pub(crate) const OTHER_RANGES: [OtherRange; 1] =
    [("mid_price", [0.0, f64::INFINITY], [f64::NEG_INFINITY, f64::INFINITY])];

/// The tables that the catalogue is generated from: those on disk, but for [`OTHER_RANGES`].
///
/// # Panics
/// When the table no longer states what an exception is from: the exception is to be deleted then.
pub(crate) fn tables() -> Tables {
    let mut tables = stated();
    for (name, stated, ours) in OTHER_RANGES {
        let of_name = tables.features.feature.iter_mut().find(|feature| feature.name == name);
        let range = &mut of_name.unwrap().range;
        assert!(*range == stated, "the table states {range:?} for {name}: delete its exception");
        *range = ours;
    }
    tables
}

impl Feature {
    /// What its group is called.
    pub(crate) fn group_title(&self) -> &'static str {
        match self.group.as_str() {
            "t_return" => "Trade returns",
            "t_trend" => "Trend and momentum",
            "t_vol" => "Volatility and jumps",
            "t_serial" => "Serial structure and entropy",
            "t_vwap" => "Distance from the average price",
            "t_activity" => "Trade activity",
            "t_flow" => "Trade flow",
            "t_toxicity" => "Toxicity and trade-based liquidity",
            "t_hawkes" => "Self-exciting intensities",
            "t_clock" => "Clock",
            "b_core" => "The 14 book features",
            "b_micro" => "Micro-price",
            "b_level" => "Level imbalances",
            "b_ofi" => "Order-flow imbalance",
            "b_quality" => "Liquidity quality",
            "x_mlofi" => "Multi-level and integrated order-flow imbalance",
            "x_shape" => "Book shape",
            "x_flow" => "Order-flow rates, aggression, whales, depletion",
            "x_event" => "Event latches",
            "x_impact" => "Impact and spreads",
            "x_footprint" => "Footprint",
            "x_profile" => "Volume profile",
            "x_l3" => "Order-level features",
            other => panic!("{}: group {other}", self.name),
        }
    }
}

impl Appended {
    /// When it is defined, which the table does not say.
    pub(crate) fn warm_up(&self) -> &'static str {
        match (self.block.as_str(), self.name.as_str()) {
            ("regime", "spectral_gap_norm" | "drift_norm" | "dim_ratio") => {
                "about 173 steps of the 1 s grid with every input defined"
            }
            ("regime", _) => "1800 steps of the 1 s grid with every input defined",
            ("consensus", _) => "at least one agent's opinion, at most 2 s old",
            (other, _) => panic!("{}: block {other}", self.name),
        }
    }
}
