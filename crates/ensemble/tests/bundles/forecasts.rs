//! Real graphs in ONNX Runtime, asked as the engine asks them.

use crate::support::{bundle, runtime, verified};
use fluxo_core::{InstrumentId, ModelAnswer, Nanos, UnixNanos};
use fluxo_ensemble::{FAILURES_IN_A_ROW_MAX, ModelEnsemble, ROW_WIDTH};

fn ensemble(models: &[&str]) -> Option<ModelEnsemble> {
    let runtime = runtime()?;
    Some(verified(bundle(models).sealed()).unwrap().ensemble(&runtime).unwrap())
}

fn row() -> [f32; ROW_WIDTH] {
    let mut row = [f32::NAN; ROW_WIDTH];
    (row[0], row[48], row[60]) = (0.0, 0.4, -0.2);
    row
}

/// A row on which `brittle` says NaN.
fn breaking_row() -> [f32; ROW_WIDTH] {
    let mut row = row();
    row[0] = -2e6;
    row
}

fn decide(ensemble: &mut ModelEnsemble, row: &[f32; ROW_WIDTH]) -> fluxo_core::Forecast {
    ensemble.decide(InstrumentId::new(3), UnixNanos::new(1_000), Nanos::new(5), row)
}

fn answers(forecast: &fluxo_core::Forecast) -> Vec<ModelAnswer> {
    forecast.models().map(|model| model.answer).collect()
}

#[test]
fn a_forecast_holds_what_every_model_said() {
    let Some(mut both) = ensemble(&["small", "large"]) else { return };
    let forecast = decide(&mut both, &row());
    assert_eq!((forecast.instrument.index(), forecast.row.get()), (3, 1_000));
    assert_eq!((forecast.enter, forecast.leave, forecast.bundle), (0.12, -0.12, both.bundle()));
    let signals: Vec<f64> = forecast.models().map(|model| model.answer.signal().unwrap()).collect();
    let mean = (signals[0] + signals[1]) / 2.0;
    assert!((forecast.signal.unwrap() - mean).abs() < 1e-12);
    assert!(forecast.models().all(|model| model.age.get() == 5));
    // The same row gives the same bits.
    assert_eq!(decide(&mut both, &row()), forecast);
    // And another one others.
    assert_ne!(decide(&mut both, &[0.0; ROW_WIDTH]).signal, forecast.signal);
}

#[test]
fn a_model_that_says_nan_is_left_out_until_it_answers_again() {
    let Some(mut both) = ensemble(&["small", "brittle"]) else { return };
    let Some(mut alone) = ensemble(&["small"]) else { return };
    let broken = decide(&mut both, &breaking_row());
    assert_eq!(answers(&broken)[1], ModelAnswer::Failed);
    assert_eq!(broken.signal, decide(&mut alone, &breaking_row()).signal);
    let weights: Vec<f64> = broken.models().map(|model| model.weight).collect();
    assert_eq!(weights, [1.0, 0.0]);
    let whole = decide(&mut both, &row());
    assert!(answers(&whole)[1].signal().is_some());
    assert_ne!(whole.signal, decide(&mut alone, &row()).signal);
}

#[test]
fn a_model_that_keeps_failing_is_disabled_and_none_left_is_no_opinion() {
    let Some(mut one) = ensemble(&["brittle"]) else { return };
    for _ in 0..FAILURES_IN_A_ROW_MAX {
        let forecast = decide(&mut one, &breaking_row());
        assert_eq!((forecast.signal, answers(&forecast)), (None, vec![ModelAnswer::Failed]));
    }
    let forecast = decide(&mut one, &row());
    assert_eq!((forecast.signal, answers(&forecast)), (None, vec![ModelAnswer::Disabled]));
    let (name, counts) = one.counts().next().unwrap();
    assert_eq!((name, counts.failed, counts.disabled), ("brittle", 10, true));
}
