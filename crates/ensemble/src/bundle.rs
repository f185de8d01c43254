//! A bundle whose every claim was checked that can be checked without running a model.

use fluxo_core::{BundleId, CLASSES, MODELS_MAX};

use crate::ensemble::are_probabilities;
use crate::error::{Claim, Place};
use crate::input::ROW_WIDTH;
use crate::manifest::{Dimension, Dtype, Role};
use crate::npy::Table;
use crate::{BundleFiles, Error, Hash, MANIFEST, Manifest, ModelEntry, RUNTIME_VERSION, onnx_file};

/// The version of the manifest that this crate reads.
const SCHEMA: u32 = 1;
/// The operator sets that a graph must need, no more and no less: those that are verified here.
const OPSETS: [(&str, u64); 2] = [("", 17), ("ai.onnx.ml", 3)];
/// What graphs may be made of: trees, and around them what scales, calibrates (TRAINING 4.7) and
/// normalises. No control flow, nothing random, nothing that prints or reads.
const OPERATORS: [(&str, &[&str]); 2] = [
    ("ai.onnx.ml", &["TreeEnsembleRegressor"]),
    (
        "",
        &[
            "Add",
            "Cast",
            "Clip",
            "Concat",
            "Constant",
            "Div",
            "IsNaN",
            "Log",
            "Max",
            "Min",
            "Mul",
            "ReduceSum",
            "Reshape",
            "Sigmoid",
            "Slice",
            "Softmax",
            "Sub",
            "Unsqueeze",
            "Where",
        ],
    ),
];
/// More than any model counts: the sum of all weights stays a number.
const WEIGHT_MAX: f64 = 1e6;
/// Digits of a model's identifier.
const MODEL_ID_DIGITS: usize = 16;
/// The largest regime id.
const REGIME_MAX: i8 = 7;

/// What a bundle must agree with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The SHA-256 of the feature schema whose rows will be read; `None` accepts any, as long as
    /// manifest and models agree.
    pub feature_schema: Option<Hash>,
    /// The instrument that will be traded; `None` accepts any.
    pub symbol: Option<String>,
}

/// A verified bundle.
#[derive(Clone, Debug)]
pub struct Bundle {
    id: BundleId,
    manifest: Manifest,
    files: BundleFiles,
    inputs: Table,
    /// What each model said of the golden rows when it was published.
    outputs: Vec<Table>,
}

impl Bundle {
    /// Verifies the files of a bundle as a whole: their hashes, the manifest, the feature schema, the
    /// shapes, the operator sets and the form of the golden tables.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(files: BundleFiles, expected: &Expectations) -> Result<Self, Error> {
        let (id, sums) = files.check_sums()?;
        let manifest: Manifest =
            serde_json::from_slice(files.get(MANIFEST)?).map_err(Error::Manifest)?;
        check_manifest(&manifest, expected)?;
        for (at, model) in manifest.models.iter().enumerate() {
            let claim = |what| Error::Claim { model: model.name.clone(), what };
            if manifest.models[..at].iter().any(|other| other.name == model.name) {
                return Err(claim(Claim::Twice));
            }
            check_beside(model, &manifest.models[..at]).map_err(claim)?;
            check_claims(model).map_err(claim)?;
            let place = Place::Model(model.name.clone());
            check_schema(place, model.feature_schema_hash, manifest.feature_schema_hash)?;
            if let Some(symbol) = &expected.symbol
                && !symbol.eq_ignore_ascii_case(&model.symbol)
            {
                let (model, found) = (model.name.clone(), model.symbol.clone());
                return Err(Error::Symbol { model, found, expected: symbol.clone() });
            }
            for (file, hash) in &model.files {
                if sums.get(file).ok_or_else(|| Error::Missing { file: file.clone() })? != hash {
                    return Err(claim(Claim::FileHash { file: file.clone() }));
                }
            }
            check_id(model, files.get(&model.file)?).map_err(claim)?;
            check_graph(model, files.get(&model.file)?)?;
        }
        // Present, and yet the one file that says what hashes are, or that none covers.
        let inputs = &manifest.golden.inputs;
        if files.get(inputs).is_ok() && !sums.contains_key(inputs) {
            return Err(Error::Uncovered { file: inputs.clone() });
        }
        let is_used = |file: &str| {
            file == MANIFEST
                || file == manifest.golden.inputs
                || manifest.models.iter().any(|model| model.files.contains_key(file))
        };
        if let Some(file) = sums.keys().find(|file| !is_used(file)) {
            return Err(Error::Unused { file: file.clone() });
        }
        let reach = manifest.models.iter().map(|model| model.input_set.reach()).max().unwrap_or(0);
        let inputs =
            table(&files, &manifest.golden.inputs, manifest.golden.rows, reach..=ROW_WIDTH)?;
        let outputs = manifest
            .models
            .iter()
            .map(|model| golden_outputs(&files, model, manifest.golden.rows))
            .collect::<Result<_, _>>()?;
        Ok(Self { id, manifest, files, inputs, outputs })
    }

    /// Which bundle it is.
    #[must_use]
    pub const fn id(&self) -> BundleId {
        self.id
    }

    /// What it says of itself.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(crate) fn graph(&self, model: &ModelEntry) -> Result<&[u8], Error> {
        self.files.get(&model.file)
    }

    pub(crate) const fn inputs(&self) -> &Table {
        &self.inputs
    }

    pub(crate) fn outputs(&self, slot: usize) -> &Table {
        &self.outputs[slot]
    }
}

fn check_manifest(manifest: &Manifest, expected: &Expectations) -> Result<(), Error> {
    if manifest.schema != SCHEMA {
        return Err(Error::Schema { found: manifest.schema, known: SCHEMA });
    }
    if manifest.runtime != RUNTIME_VERSION {
        let found = manifest.runtime.clone();
        return Err(Error::MadeWith { found, known: RUNTIME_VERSION });
    }
    let found = manifest.feature_schema_hash;
    check_schema(Place::Manifest, found, expected.feature_schema.unwrap_or(found))?;
    let crate::Decision { enter, leave, cost_bps } = manifest.decision;
    // NaN fails the comparison.
    if !(-enter <= leave && leave < enter && enter.is_finite()) {
        return Err(Error::Thresholds { enter, leave });
    }
    if !(cost_bps >= 0.0 && cost_bps.is_finite()) {
        return Err(Error::Cost { cost_bps });
    }
    let models = manifest.models.len();
    if models == 0 || models > MODELS_MAX {
        return Err(Error::Models { models, limit: MODELS_MAX });
    }
    Ok(())
}

fn check_schema(place: Place, found: Hash, expected: Hash) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::FeatureSchema { place, found, expected })
}

/// What a model says of itself, taken alone.
fn check_claims(model: &ModelEntry) -> Result<(), Claim> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if model.name.is_empty() || !model.name.chars().all(is_plain) {
        return Err(Claim::Name);
    }
    if !model.family.is_tree() {
        return Err(Claim::NotBuilt { family: model.family.name() });
    }
    if model.role != Role::SignalGeneration {
        return Err(Claim::Role);
    }
    if model.input_set.consensus {
        return Err(Claim::NotServed { what: "the consensus vector" });
    }
    if !(model.base_weight > 0.0 && model.base_weight <= WEIGHT_MAX) {
        return Err(Claim::Weight { weight: model.base_weight });
    }
    let decision = &model.decision;
    let numbers = [decision.cost_bps, decision.threshold];
    let finite = numbers.iter().chain(&decision.prior_correction).all(|number| number.is_finite());
    if !finite || decision.prior_correction.len() != 3 {
        return Err(Claim::Decision);
    }
    let known = |regime: &i8| (-1..=REGIME_MAX).contains(regime);
    if !model.regimes.contains(&-1) || !model.regimes.iter().all(known) {
        return Err(Claim::Regimes);
    }
    if model.mode != model.input_set.set {
        return Err(Claim::Mode);
    }
    let batch = Dimension::Named("B".to_owned());
    let width = model.input_set.width();
    let reads = |input: &crate::manifest::InputEntry| {
        (input.name.as_str(), input.dtype) == ("features", Dtype::F32)
            && input.shape == [batch.clone(), Dimension::Fixed(width)]
    };
    if !matches!(&model.inputs[..], [input] if reads(input)) {
        return Err(Claim::Inputs { width });
    }
    let says = |output: &crate::manifest::OutputEntry| {
        (output.name.as_str(), output.dtype) == ("probabilities", Dtype::F32)
            && output.shape == [batch.clone(), Dimension::Fixed(3)]
            && output.classes == [-1, 0, 1]
    };
    if !matches!(&model.outputs[..], [output] if says(output)) {
        return Err(Claim::Outputs);
    }
    for file in [&model.file, &model.golden_outputs] {
        if !model.files.contains_key(file) {
            return Err(Claim::FileUnnamed { file: file.clone() });
        }
    }
    Ok(())
}

/// A model beside those in front of it: one graph speaks once, and all speak of the same thing.
fn check_beside(model: &ModelEntry, others: &[ModelEntry]) -> Result<(), Claim> {
    if let Some(other) = others.iter().find(|other| other.model_id == model.model_id) {
        return Err(Claim::SameModel { other: other.name.clone() });
    }
    match others.first() {
        Some(first) if first.target != model.target => {
            let (target, other) = (model.target.clone(), first.name.clone());
            Err(Claim::Target { target, other, expected: first.target.clone() })
        }
        _ => Ok(()),
    }
}

fn check_id(model: &ModelEntry, graph: &[u8]) -> Result<(), Claim> {
    let mut actual = Hash::of(graph).to_string();
    actual.truncate(MODEL_ID_DIGITS);
    if model.model_id == actual {
        return Ok(());
    }
    Err(Claim::Id { claimed: model.model_id.clone(), actual })
}

/// The graph holds all of its numbers itself and nothing that no model needs, is made of
/// [`OPERATORS`], and the manifest and it need exactly [`OPSETS`].
fn check_graph(model: &ModelEntry, graph: &[u8]) -> Result<(), Error> {
    let named = || (model.name.clone(), model.file.clone());
    let in_graph = onnx_file::read(graph).ok_or_else(|| {
        let (model, file) = named();
        Error::NotOnnx { model, file }
    })?;
    if let Some(part) = in_graph.parts.first() {
        let (model, file) = named();
        return Err(Error::Part { model, file, part: *part });
    }
    for (place, opsets) in
        [(Place::Manifest, &model.opset), (Place::File(model.file.clone()), &in_graph.opsets)]
    {
        let needed_of = |domain: &str| {
            OPSETS.iter().find(|(name, _)| *name == domain).map_or(0, |(_, version)| *version)
        };
        let domains = OPSETS.iter().map(|(domain, _)| *domain);
        for domain in domains.chain(opsets.keys().map(String::as_str)) {
            let (found, needed) = (opsets.get(domain).copied().unwrap_or(0), needed_of(domain));
            if found != needed {
                let (model, domain) = (model.name.clone(), domain.to_owned());
                return Err(Error::Opset { model, place, domain, found, needed });
            }
        }
    }
    let is_allowed = |(domain, operator): &&(String, String)| {
        let mut sets = OPERATORS.iter().filter(|(name, _)| name == domain);
        sets.any(|(_, operators)| operators.contains(&operator.as_str()))
    };
    match in_graph.operators.iter().find(|operator| !is_allowed(operator)) {
        Some((domain, operator)) => {
            let (model, file) = named();
            let (domain, operator) = (domain.clone(), operator.clone());
            Err(Error::Operator { model, file, domain, operator })
        }
        None => Ok(()),
    }
}

/// What a model said when it was published: probabilities, or it could never be served.
fn golden_outputs(files: &BundleFiles, model: &ModelEntry, rows: usize) -> Result<Table, Error> {
    let table = table(files, &model.golden_outputs, rows, CLASSES..=CLASSES)?;
    let bad = table.rows().position(|row| !are_probabilities(row));
    match bad {
        Some(row) => Err(Error::Claim { model: model.name.clone(), what: Claim::Golden { row } }),
        None => Ok(table),
    }
}

/// A golden table of so many rows, as wide as it may be.
fn table(
    files: &BundleFiles,
    file: &str,
    rows_expected: usize,
    columns: std::ops::RangeInclusive<usize>,
) -> Result<Table, Error> {
    let parsed = Table::parse(files.get(file)?);
    let table = parsed.map_err(|source| Error::Npy { file: file.to_owned(), source })?;
    let rows = table.rows().len();
    if rows == 0 || rows != rows_expected || !columns.contains(&table.columns) {
        return Err(Error::Table {
            file: file.to_owned(),
            rows,
            columns: table.columns,
            rows_expected,
            columns_expected: *columns.start(),
        });
    }
    Ok(table)
}
