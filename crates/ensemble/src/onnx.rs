//! A graph in ONNX Runtime, asked over tensors that live as long as it does.

use std::fmt;

use fluxo_core::CLASSES;
use ort::memory::Allocator;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session, SessionInputValue};
use ort::value::{Outlet, Tensor, TensorElementType, ValueType};

use crate::error::End;
use crate::{Error, ModelEntry, Runtime, ScoreError, Scorer};

/// The name of the one input.
const INPUT: &str = "features";
/// The name of the one output.
const OUTPUT: &str = "probabilities";

/// One input and one output tensor, for so many rows at once.
struct Tensors {
    input: [SessionInputValue<'static>; 1],
    options: RunOptions<HasSelectedOutputs>,
}

impl Tensors {
    fn new(rows: usize, width: usize) -> Result<Self, ort::Error> {
        let allocator = Allocator::default();
        let input = Tensor::<f32>::new(&allocator, [rows, width])?.into_dyn();
        let output = Tensor::<f32>::new(&allocator, [rows, CLASSES])?;
        // The runtime writes into this one tensor every time, instead of making a new one.
        let selected = OutputSelector::no_default().with(OUTPUT).preallocate(OUTPUT, output);
        let options = RunOptions::new()?.with_outputs(selected);
        Ok(Self { input: [SessionInputValue::Owned(input)], options })
    }

    /// Puts numbers into the input.
    fn fill(&mut self, fill: impl FnOnce(&mut [f32])) -> Result<(), ort::Error> {
        let [SessionInputValue::Owned(input)] = &mut self.input else {
            unreachable!("the input is made as an owned tensor");
        };
        let (_, numbers) = input.try_extract_tensor_mut::<f32>()?;
        fill(numbers);
        Ok(())
    }
}

/// A session with the tensors for one row.
pub(crate) struct OnnxScorer {
    session: Session,
    one: Tensors,
    width: usize,
}

impl OnnxScorer {
    /// Loads a model's graph: one thread, so that sums add up in one order, and no spinning.
    ///
    /// # Errors
    /// A graph that the runtime does not take, or whose ends are not the declared ones.
    pub(crate) fn load(runtime: &Runtime, model: &ModelEntry, graph: &[u8]) -> Result<Self, Error> {
        let refused = |source| {
            let (model, file) = (model.name.clone(), model.file.clone());
            Error::Graph { model, file, source }
        };
        let session = session(runtime, graph).map_err(refused)?;
        let width = model.input_set.width();
        for (end, outlets, name, columns) in [
            (End::Inputs, session.inputs(), INPUT, width),
            (End::Outputs, session.outputs(), OUTPUT, CLASSES),
        ] {
            if !matches!(outlets, [outlet] if is_table(outlet, name, columns)) {
                let (model, file) = (model.name.clone(), model.file.clone());
                return Err(Error::Ends { model, file, end });
            }
        }
        let one = Tensors::new(1, width).map_err(refused)?;
        Ok(Self { session, one, width })
    }

    /// Asks for many rows, `batch` at once, and gives the probabilities one row after the other. The
    /// last batch is filled up with its last row.
    pub(crate) fn score_all<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r [f32]> + Clone,
        batch: usize,
        fill: impl Fn(&[f32], &mut [f32]),
    ) -> Result<Vec<f32>, ort::Error> {
        let mut tensors = Tensors::new(batch, self.width)?;
        let mut probabilities = Vec::new();
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let (mut asked, mut last): (_, &[f32]) = (0, &[]);
            tensors.fill(|numbers| {
                for input in numbers.chunks_exact_mut(self.width) {
                    if let Some(row) = rows.next() {
                        (asked, last) = (asked + 1, row);
                    }
                    fill(last, input);
                }
            })?;
            let outputs = run(&mut self.session, &tensors)?;
            let (_, numbers) = outputs[0].try_extract_tensor::<f32>()?;
            probabilities.extend_from_slice(&numbers[..asked * CLASSES]);
        }
        Ok(probabilities)
    }
}

impl Scorer for OnnxScorer {
    fn score(&mut self, row: &[f32]) -> Result<[f32; CLASSES], ScoreError> {
        self.one.fill(|numbers| numbers.copy_from_slice(row)).map_err(|_| ScoreError)?;
        let outputs = run(&mut self.session, &self.one).map_err(|_| ScoreError)?;
        let (_, numbers) = outputs[0].try_extract_tensor::<f32>().map_err(|_| ScoreError)?;
        numbers.try_into().map_err(|_| ScoreError)
    }
}

impl fmt::Debug for OnnxScorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxScorer").field("width", &self.width).finish_non_exhaustive()
    }
}

fn session(runtime: &Runtime, graph: &[u8]) -> Result<Session, ort::Error> {
    Session::builder(runtime.environment())?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .commit_from_memory(graph)
}

fn run<'r>(
    session: &'r mut Session,
    tensors: &'r Tensors,
) -> Result<ort::session::SessionOutputs<'r>, ort::Error> {
    session.run_with_options(tensors.input.as_slice(), &tensors.options)
}

/// Whether an end of a graph is a table of so many float32 columns and any number of rows.
fn is_table(outlet: &Outlet, name: &str, columns: usize) -> bool {
    let ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } = outlet.dtype() else {
        return false;
    };
    let fixed = i64::try_from(columns).ok();
    outlet.name() == name && matches!(shape[..], [-1, found] if Some(found) == fixed)
}
