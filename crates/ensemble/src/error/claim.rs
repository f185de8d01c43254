//! What a manifest can say of a model that cannot be, or is not served.

/// What a manifest says of a model and cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Claim {
    /// Two models of one name.
    #[error("there are two of that name")]
    Twice,
    /// One graph under two names: it would count twice.
    #[error("its model_id is that of {other}, too")]
    SameModel {
        /// The other model.
        other: String,
    },
    /// Models that do not speak of the same thing.
    #[error("its target is {target}, and that of {other} is {expected}")]
    Target {
        /// Its target.
        target: String,
        /// The first model.
        other: String,
        /// The target of that one.
        expected: String,
    },
    /// A model whose answer is no direction, and would be taken for one.
    #[error("its role is not signal_generation, and no other one is served yet")]
    Role,
    /// It reads what rows do not carry.
    #[error("input_set has {what}, which rows do not carry yet")]
    NotServed {
        /// The values.
        what: &'static str,
    },
    /// What it said of a golden row when it was published.
    #[error("row {row} of its golden_outputs holds no probabilities")]
    Golden {
        /// The row.
        row: usize,
    },
    /// A name that is empty, or no plain word.
    #[error("a name is made of letters, digits, - and _")]
    Name,
    /// An identifier that is not that of the file.
    #[error("model_id is {claimed}, and the file's is {actual}")]
    Id {
        /// In the manifest.
        claimed: String,
        /// The file's.
        actual: String,
    },
    /// A file's hash is not the one of the list.
    #[error("files says another SHA-256 of {file} than SHA256SUMS")]
    FileHash {
        /// The file.
        file: String,
    },
    /// A file that the model needs and does not list.
    #[error("files does not name {file}")]
    FileUnnamed {
        /// The file.
        file: String,
    },
    /// A kind of model that this version does not run.
    #[error("models of the family {family} do not run yet")]
    NotBuilt {
        /// The family.
        family: &'static str,
    },
    /// A weight that no mean can be formed with.
    #[error("base_weight must be a number above zero and at most 1000000, got {weight}")]
    Weight {
        /// The weight.
        weight: f64,
    },
    /// Numbers of its decision that are none.
    #[error("decision must hold finite numbers, three of them in prior_correction")]
    Decision,
    /// It does not speak in the only regime that there is so far.
    #[error("regimes must lie in -1..=7 and hold -1, the unknown one")]
    Regimes,
    /// Two names of its set of features.
    #[error("mode and input_set.set differ")]
    Mode,
    /// It does not read what its set says.
    #[error("inputs must be one \"features\" f32[\"B\",{width}], as input_set says")]
    Inputs {
        /// How wide its set is.
        width: usize,
    },
    /// It does not say what a tree says.
    #[error("outputs must be one \"probabilities\" f32[\"B\",3] of the classes -1, 0, 1")]
    Outputs,
}
