//! Why a bundle or a runtime is not used. Each is one line that says which file or model, and what.

mod claim;

use std::fmt;

use crate::Hash;

pub use claim::Claim;

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that the bundle needs is not there.
    #[error("{file} is missing")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file has other bytes than when the bundle was published.
    #[error("{file} is not the file that was published: its SHA-256 is not the listed one")]
    Altered {
        /// The file.
        file: String,
    },
    /// A file that the list of hashes does not name.
    #[error("{file} is no part of the bundle: SHA256SUMS does not list it")]
    Unlisted {
        /// The file.
        file: String,
    },
    /// A file that the manifest uses and no hash covers.
    #[error("manifest.json uses {file}, and SHA256SUMS does not list it")]
    Uncovered {
        /// The file.
        file: String,
    },
    /// A file that is listed and that nothing in the manifest names.
    #[error("{file} is listed in SHA256SUMS, and manifest.json has no use for it")]
    Unused {
        /// The file.
        file: String,
    },
    /// A path that leads out of the bundle, or is not written plainly.
    #[error("the path {path:?} is not one inside the bundle")]
    UnsafePath {
        /// The path.
        path: String,
    },
    /// A file that is larger than any model.
    #[error("{file} has {bytes} bytes, more than {limit}")]
    FileTooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The most.
        limit: u64,
    },
    /// More bytes than any bundle has.
    #[error("the bundle has {bytes} bytes, more than {limit}")]
    BundleTooLarge {
        /// Its size.
        bytes: u64,
        /// The most.
        limit: u64,
    },
    /// More files than any bundle has.
    #[error("the bundle has more than {limit} files")]
    TooManyFiles {
        /// The most.
        limit: usize,
    },
    /// The list of hashes is not written as it should be.
    #[error(
        "SHA256SUMS, line {line}: not a SHA-256, two blanks and a path, in the order of the paths"
    )]
    SumsLine {
        /// The line, from 1.
        line: usize,
    },
    /// The manifest is no manifest.
    #[error("manifest.json")]
    Manifest(#[source] serde_json::Error),
    /// The manifest is of another version of the format.
    #[error("manifest.json has schema {found}, and this program knows {known}")]
    Schema {
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The golden vectors were made with another runtime.
    #[error(
        "manifest.json: the bundle was made with ONNX Runtime {found}, and this program runs {known}"
    )]
    MadeWith {
        /// Its version.
        found: String,
        /// Ours.
        known: &'static str,
    },
    /// The models read rows of another meaning.
    #[error(
        "{place}: made for rows of feature schema {found}, and the rows here are of {expected}"
    )]
    FeatureSchema {
        /// Who says so.
        place: Place,
        /// The schema's hash there.
        found: Hash,
        /// Ours.
        expected: Hash,
    },
    /// A model of another instrument.
    #[error("model {model}: trained on {found}, and the run is of {expected}")]
    Symbol {
        /// The model.
        model: String,
        /// Its instrument.
        found: String,
        /// Ours.
        expected: String,
    },
    /// No model, or more than a forecast can hold.
    #[error("manifest.json: {models} models, and there must be 1 to {limit}")]
    Models {
        /// How many.
        models: usize,
        /// The most.
        limit: usize,
    },
    /// Thresholds that no rule can work with.
    #[error(
        "manifest.json: thresholds must satisfy -enter <= leave < enter, got leave {leave} and enter {enter}"
    )]
    Thresholds {
        /// The threshold to enter.
        enter: f64,
        /// The threshold to leave.
        leave: f64,
    },
    /// A cost that cannot be one.
    #[error("manifest.json: decision.cost_bps must be a number of at least zero, got {cost_bps}")]
    Cost {
        /// The cost, in basis points.
        cost_bps: f64,
    },
    /// A model says of itself what cannot be.
    #[error("model {model}: {what}")]
    Claim {
        /// The model.
        model: String,
        /// What.
        what: Claim,
    },
    /// The graph needs other operators than we verify.
    #[error("model {model}: {place} needs opset {found} of {domain:?}, and there must be {needed}")]
    Opset {
        /// The model.
        model: String,
        /// The manifest, or the file.
        place: Place,
        /// The domain of the operators.
        domain: String,
        /// The version; 0 for none.
        found: u64,
        /// What it must be; 0 for none.
        needed: u64,
    },
    /// A file that is no ONNX graph.
    #[error("model {model}: {file} is no ONNX file")]
    NotOnnx {
        /// The model.
        model: String,
        /// The file.
        file: String,
    },
    /// A graph that holds what no model needs.
    #[error("model {model}: {file} {part}")]
    Part {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// What.
        part: Part,
    },
    /// A graph of an operator that models are not made of.
    #[error(
        "model {model}: {file} uses the operator {operator:?} of {domain:?}, which is not allowed"
    )]
    Operator {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// The domain; the standard one has the empty name.
        domain: String,
        /// The operator.
        operator: String,
    },
    /// A graph that ONNX Runtime does not take.
    #[error("model {model}: {file} is no graph that ONNX Runtime takes")]
    Graph {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// What the runtime said.
        source: ort::Error,
    },
    /// The graph has other inputs or outputs than the manifest says.
    #[error("model {model}: {file} does not have the {end} that manifest.json declares")]
    Ends {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// Which end of it.
        end: End,
    },
    /// Asking a model failed while it was verified.
    #[error("model {model}: it fails on its golden rows, asked {batch} at once")]
    Fails {
        /// The model.
        model: String,
        /// How many rows were asked at once.
        batch: usize,
        /// What the runtime said.
        source: ort::Error,
    },
    /// A golden file is not the table that it should be.
    #[error("{file}")]
    Npy {
        /// The file.
        file: String,
        /// Why.
        source: NpyError,
    },
    /// A golden file has another shape than it should have.
    #[error(
        "{file} has {rows} rows of {columns}, and there should be {rows_expected} of {columns_expected}"
    )]
    Table {
        /// The file.
        file: String,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// The rows that it should have.
        rows_expected: usize,
        /// The columns that it should have.
        columns_expected: usize,
    },
    /// A model does not say here what it said when it was published.
    #[error("model {model}: {difference}")]
    Golden {
        /// The model.
        model: String,
        /// Where it differs the most.
        difference: Golden,
    },
    /// The runtime.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// The largest difference from the golden vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Golden {
    /// The row.
    pub row: usize,
    /// The output.
    pub class: usize,
    /// How many rows were asked at once.
    pub batch: usize,
    /// What it said.
    pub got: f32,
    /// What it should have said.
    pub expected: f32,
}

impl fmt::Display for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, class, batch, got, expected } = self;
        write!(
            f,
            "golden row {row}, output {class}, asked {batch} at once: {got} on this machine, \
             {expected} when it was published"
        )
    }
}

/// Who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The manifest.
    Manifest,
    /// What the manifest says of a model.
    Model(String),
    /// A file.
    File(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => f.write_str("manifest.json"),
            Self::Model(name) => write!(f, "model {name}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// What a graph can hold and no model of ours needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Part {
    /// Numbers that lie elsewhere, where no hash covers them.
    #[error("takes numbers from another file")]
    ExternalData,
    /// A graph within the graph, as control flow has.
    #[error("has a graph within its graph")]
    Subgraph,
    /// Operators that it brings itself.
    #[error("brings functions of its own")]
    Function,
    /// How it is trained on.
    #[error("has a graph to be trained by")]
    TrainingInfo,
    /// Tensors that are written as their few numbers.
    #[error("has sparse tensors")]
    SparseTensor,
}

/// The ends of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What it reads.
    Inputs,
    /// What it says.
    Outputs,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inputs => "inputs",
            Self::Outputs => "outputs",
        })
    }
}

/// Why a `.npy` file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NpyError {
    /// No numpy file of version 1.0.
    #[error("not a .npy file of version 1.0")]
    Version,
    /// A header that is cut or not as numpy writes it.
    #[error("its header is damaged")]
    Header,
    /// Other elements.
    #[error("its elements are not little-endian float32")]
    Type,
    /// Columns first.
    #[error("it is in Fortran's order")]
    Order,
    /// Not a table.
    #[error("it does not have two dimensions")]
    Dimensions,
    /// More or fewer bytes than its shape needs.
    #[error("{rows} rows of {columns} do not have {bytes} bytes")]
    Length {
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Its bytes behind the header.
        bytes: usize,
    },
}

/// Why ONNX Runtime's library is not used.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The file is something else.
    #[error("not a library of ONNX Runtime")]
    NotTheLibrary,
    /// The file ends before it should.
    #[error("the library is cut short: it has {bytes} bytes of {needed}")]
    Cut {
        /// Its size.
        bytes: u64,
        /// What its header says.
        needed: u64,
    },
    /// Another version.
    #[error("the library is ONNX Runtime {found}, and this program runs {needed}")]
    Version {
        /// Its version.
        found: String,
        /// Ours.
        needed: &'static str,
    },
    /// The system does not load it.
    #[error("the library cannot be loaded")]
    Load(#[from] ort::LoadDynamicError),
    /// It does not start.
    #[error("ONNX Runtime does not start")]
    Start(#[from] ort::Error),
}
