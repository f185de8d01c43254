//! Whatever turns one row into probabilities.

use std::fmt;

use fluxo_core::CLASSES;

/// A model that can be asked. ONNX Runtime is one; a walker of trees can be another.
pub trait Scorer: fmt::Debug + Send {
    /// Asks for the probabilities of down, neutral and up of a row. What it gives is checked by who
    /// asks.
    ///
    /// # Errors
    /// When it has no answer.
    fn score(&mut self, row: &[f32]) -> Result<[f32; CLASSES], ScoreError>;
}

/// A model had no answer. Why is of no use to a decision: it is counted, and the model is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model had no answer")]
pub struct ScoreError;
