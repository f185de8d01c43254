//! Says of a model that it fails while the run goes on: once when it first does, and once when it is
//! not asked any more. A session runs for weeks, and its summary comes at the end.

use fluxo_core::{BundleId, InstrumentId};
use fluxo_engine::Engine;
use fluxo_ensemble::ModelCounts;

/// What was said of failing models so far.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    /// Failures of all models after the last event.
    failures: u64,
    told: Vec<Told>,
}

#[derive(Debug)]
struct Told {
    bundle: BundleId,
    model: String,
    disabled: bool,
}

impl Troubles {
    /// Warns of what is new after an event. Costs one comparison where nothing failed.
    pub(crate) fn warn_of_new(&mut self, engine: &Engine, instrument: InstrumentId) {
        let failures = engine.stats().model_failures;
        if failures == self.failures {
            return;
        }
        self.failures = failures;
        if let Some(bundle) = engine.bundle(instrument) {
            for line in self.news(bundle, engine.model_counts(instrument)) {
                tracing::warn!("{line}");
            }
        }
    }

    fn news<'a>(
        &mut self,
        bundle: BundleId,
        counts: impl Iterator<Item = (&'a str, ModelCounts)>,
    ) -> Vec<String> {
        let mut news = Vec::new();
        for (model, counts) in counts.filter(|(_, counts)| counts.failed > 0) {
            let is_it = |told: &Told| told.bundle == bundle && told.model == model;
            let at = self.told.iter().position(is_it).unwrap_or_else(|| {
                news.push(format!(
                    "the model {model} had no usable answer and is left out of such rows: \
                     docs/OPERATIONS.md"
                ));
                let model = model.to_owned();
                self.told.push(Told { bundle, model, disabled: false });
                self.told.len() - 1
            });
            if counts.disabled && !self.told[at].disabled {
                self.told[at].disabled = true;
                news.push(format!(
                    "the model {model} failed {} times in a row and is not asked any more: \
                     docs/OPERATIONS.md",
                    fluxo_ensemble::FAILURES_IN_A_ROW_MAX
                ));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_told_of_once_when_it_fails_and_once_when_it_is_given_up() {
        let mut troubles = Troubles::default();
        let mut said = |bundle: u8, failed: u64, disabled: bool| {
            let counts = ModelCounts { scored: 5, failed, disabled };
            let models = [("good", ModelCounts::default()), ("bad", counts)];
            troubles.news(BundleId::new([bundle; 32]), models.into_iter())
        };
        assert_eq!(said(1, 0, false), [""; 0]);
        let first = said(1, 1, false);
        assert!(
            first.len() == 1 && first[0].starts_with("the model bad had no usable"),
            "{first:?}"
        );
        assert_eq!(said(1, 2, false), [""; 0]);
        let end = said(1, 10, true);
        assert!(end.len() == 1 && end[0].contains("not asked any more"), "{end:?}");
        assert_eq!(said(1, 10, true), [""; 0]);
        // Another bundle's model of that name is another one.
        assert_eq!(said(2, 10, true).len(), 2);
    }
}
