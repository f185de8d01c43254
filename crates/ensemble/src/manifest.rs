//! `manifest.json`: the serde twin of what a bundle says of itself (TRAINING 4.8). A key that is not
//! known here is refused: a manifest that says more than we understand is not ours to run.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Hash, InputSet};

/// An object whose keys are the trainer's own business: recorded, never read.
pub type Record = serde_json::Map<String, serde_json::Value>;

/// The manifest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format.
    pub schema: u32,
    /// A name for people.
    pub bundle: String,
    /// The version of ONNX Runtime that the golden vectors were made with.
    pub runtime: String,
    /// The SHA-256 of the feature schema whose rows the models read.
    pub feature_schema_hash: Hash,
    /// When the models together are listened to.
    pub decision: Decision,
    /// The rows that every model was asked before it was published.
    pub golden: GoldenInputs,
    /// The models; a model's place is its slot.
    pub models: Vec<ModelEntry>,
}

/// When a signal is worth a position.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Enter when the signal's magnitude reaches this.
    pub enter: f64,
    /// Leave when the signal in the position's direction falls below this; it may be negative, as far
    /// as `-enter`, where a position is left only for the opposite one.
    pub leave: f64,
    /// The cost of trading one unit of value that the thresholds were chosen at, in basis points.
    pub cost_bps: f64,
}

/// Where the golden rows are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenInputs {
    /// The file.
    pub inputs: String,
    /// How many rows it has.
    pub rows: usize,
}

/// What kind of learner a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Gradient-boosted trees.
    Lightgbm,
    /// Gradient-boosted trees.
    Xgboost,
    /// A forest.
    RandomForest,
    /// A recurrent network over a window of rows.
    Lstm,
    /// A convolutional network over a window of rows.
    Cnn,
    /// A deterministic policy.
    D4pg,
    /// A stochastic policy.
    Ppo,
    /// One of several agents.
    Marl,
    /// Their manager.
    Hmarl,
}

impl Family {
    /// Whether it reads one row and gives probabilities: the families that this version runs.
    #[must_use]
    pub const fn is_tree(self) -> bool {
        matches!(self, Self::Lightgbm | Self::Xgboost | Self::RandomForest)
    }

    /// The name in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lightgbm => "lightgbm",
            Self::Xgboost => "xgboost",
            Self::RandomForest => "random-forest",
            Self::Lstm => "lstm",
            Self::Cnn => "cnn",
            Self::D4pg => "d4pg",
            Self::Ppo => "ppo",
            Self::Marl => "marl",
            Self::Hmarl => "hmarl",
        }
    }
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Which regime it is.
    RegimeDetection,
    /// Which way the price goes.
    SignalGeneration,
    /// When to get in.
    EntryTiming,
    /// When to get out.
    ExitOptimization,
    /// How much to hold.
    RiskManagement,
    /// What the flow says.
    FlowAnalysis,
}

/// The type of a tensor's elements: there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dtype {
    /// IEEE 754, 32 bits.
    F32,
}

/// One dimension of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Dimension {
    /// So many.
    Fixed(usize),
    /// As many as are asked at once: `"B"`.
    Named(String),
}

/// An input of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputEntry {
    /// Its name.
    pub name: String,
    /// Its elements.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<Dimension>,
}

/// An output of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputEntry {
    /// Its name.
    pub name: String,
    /// Its elements.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<Dimension>,
    /// What its columns mean.
    pub classes: Vec<i8>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Its name in this bundle.
    pub name: String,
    /// The first 16 digits of its file's SHA-256.
    pub model_id: String,
    /// What kind of learner it is.
    pub family: Family,
    /// What it is for.
    pub role: Role,
    /// The instrument that it was trained on.
    pub symbol: String,
    /// The target that it was trained on.
    pub target: String,
    /// The set of features, once more: [`InputSet::set`] must agree.
    pub mode: crate::FeatureSetName,
    /// The regimes that it speaks in; -1 is the unknown one.
    pub regimes: Vec<i8>,
    /// The operator sets of its graph.
    pub opset: BTreeMap<String, u64>,
    /// What it reads.
    pub inputs: Vec<InputEntry>,
    /// Which values of a row that is.
    pub input_set: InputSet,
    /// What it says.
    pub outputs: Vec<OutputEntry>,
    /// The SHA-256 of the feature schema, once more.
    pub feature_schema_hash: Hash,
    /// Its weight before the weights of those that answered are brought to one.
    pub base_weight: f64,
    /// What it was trained on.
    pub dataset: DatasetEntry,
    /// How its inputs are scaled, inside its graph.
    pub scaler: Record,
    /// How its outputs are calibrated, inside its graph.
    pub calibration: Record,
    /// Its own thresholds.
    pub decision: ModelDecision,
    /// What the trainer chose.
    pub hyperparameters: Record,
    /// The seed.
    pub seed: u64,
    /// How many models were tried before this one was chosen.
    pub n_trials_seen: u64,
    /// What cross-validation said.
    pub cv: Record,
    /// What simpler models reach.
    pub baselines: Record,
    /// What the leakage canaries said.
    pub canaries: Record,
    /// How far it was from the native model when it was exported.
    pub parity: ParityEntry,
    /// Its graph.
    pub file: String,
    /// What it says of the golden rows.
    pub golden_outputs: String,
    /// Its files with their SHA-256.
    pub files: BTreeMap<String, Hash>,
    /// The models that it came from.
    pub parents: Vec<String>,
    /// The version of the trainer.
    pub trainer_version: String,
}

/// What a model was trained on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetEntry {
    /// The SHA-256 of the data.
    pub sha256: Hash,
    /// When it begins, in nanoseconds.
    pub t_start: i64,
    /// When it ends, in nanoseconds.
    pub t_end: i64,
    /// What made it.
    pub code_version: Record,
    /// The SHA-256 of the file of earlier sessions that its rows rest on, where there was one.
    #[serde(default)]
    pub row_calibration_sha256: Option<Hash>,
}

/// What a model's own probabilities were judged by.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDecision {
    /// The cost of trading, in basis points.
    pub cost_bps: f64,
    /// The threshold.
    pub threshold: f64,
    /// By what the classes were weighted.
    pub prior_correction: Vec<f64>,
}

/// How far an exported model was from the native one.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParityEntry {
    /// The largest absolute difference.
    pub max_abs: f64,
    /// Over so many rows.
    pub rows: usize,
}
