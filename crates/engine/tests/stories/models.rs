//! What an engine does with models: it follows them, outlives their failures, and changes them
//! between two events.

use std::collections::VecDeque;

use fluxo_coordinator::{Following, Strategy};
use fluxo_core::{BundleId, Forecast, ModelAnswer, Nanos};
use fluxo_ensemble::{
    Decision, FeatureSetName, Forecaster, InputSet, ModelEnsemble, RecordedForecasts, ScoreError,
    Scorer,
};

use crate::story::{ONE, ONLY, Story};

/// Says one thing after the other, and the last for ever.
#[derive(Debug)]
struct Script(VecDeque<Option<f32>>);

impl Scorer for Script {
    fn score(&mut self, _row: &[f32]) -> Result<[f32; 3], ScoreError> {
        let next = if self.0.len() > 1 { self.0.pop_front() } else { self.0.front().copied() };
        let signal = next.flatten().ok_or(ScoreError)?;
        Ok([(1.0 - signal) / 2.0, 0.0, (1.0 + signal) / 2.0])
    }
}

/// The bundle whose hash is `bundle`, 32 times, of one model that says these signals; `None` is a
/// failure.
fn bundle(bundle: u8, signals: &[Option<f32>]) -> ModelEnsemble {
    let decision = Decision { enter: 0.2, leave: -0.2, cost_bps: 0.0 };
    let mut ensemble = ModelEnsemble::new(BundleId::new([bundle; 32]), decision);
    let set = InputSet { set: FeatureSetName::Full, regime: true, consensus: true };
    ensemble.push("script", Box::new(Script(signals.iter().copied().collect())), set, 1.0);
    ensemble
}

/// An engine that trades one lot by what these models say; positions are left 250 ms after their
/// last word.
fn following(models: Option<ModelEnsemble>) -> Story {
    following_after(Nanos::ZERO, models)
}

/// The same where rows are cold for so long after the market began.
fn following_after(warm_after: Nanos, models: Option<ModelEnsemble>) -> Story {
    let flat_after = Nanos::from_millis(250);
    let strategy = Strategy::Ensemble(Following { hold: Nanos::ZERO, flat_after });
    let mut story = Story::warm_after(warm_after, strategy, 1);
    if let Some(models) = models {
        story.engine.begin_with(ONLY, Forecaster::Models(models));
    }
    story
}

/// The order of that number is filled: a buy of `lots` below zero is a sale.
fn fill(order: u64, lots: i128) -> String {
    let side = if lots > 0 { "bid" } else { "ask" };
    format!("fill {order} {side} {} 0 {}", lots.abs(), -lots * 100 * ONE)
}

/// Between two rows, so that the first `row` closes one.
const BEGIN: &str = "later 50 | book 100 101 | row";
const AGAIN: &str = "book 100 101 | row";

#[test]
fn a_signal_is_followed_by_the_bundles_thresholds() {
    let signals = [0.1, 0.3, 0.0, -0.1, -0.3].map(Some);
    let mut story = following(Some(bundle(1, &signals)));
    assert_eq!(story.go_on(BEGIN).last(), "");
    assert_eq!(story.go_on(AGAIN).last(), "place 1 bid 1@101");
    story.go_on(&fill(1, 1));
    for _ in 0..2 {
        assert_eq!(story.go_on(AGAIN).last(), "");
    }
    assert_eq!(story.go_on(AGAIN).last(), "place 2 ask 2@100");
    assert_eq!(story.engine.stats().forecasts, 5);
}

#[test]
fn without_models_nothing_is_done() {
    let mut story = following(None);
    assert_eq!(story.go_on(BEGIN).go_on(AGAIN).last(), "");
    assert_eq!((story.forecasts().len(), story.engine.stats().decisions), (0, 0));
}

#[test]
fn models_are_not_asked_about_cold_rows() {
    let models = || Some(bundle(1, &[Some(0.9)]));
    let mut story = following_after(Nanos::from_millis(300), models());
    // The market begins 50 ms before the first row: the fourth one is 350 ms into it.
    assert_eq!(story.go_on(BEGIN).last(), "");
    for _ in 0..2 {
        assert_eq!((story.go_on(AGAIN).last(), story.forecasts().len()), (String::new(), 0));
    }
    assert_eq!(story.go_on(AGAIN).last(), "place 1 bid 1@101");
    story.go_on(&fill(1, 1));
    assert_eq!((story.engine.stats().rows, story.engine.stats().forecasts), (4, 1));
    // Another stretch of data begins cold: nothing is asked, and the position is left in the silence.
    story.go_on("gap | row | row");
    assert_eq!(story.engine.stats().forecasts, 1);
    assert_eq!(story.go_on(AGAIN).last(), "place 2 ask 1@100");
}

#[test]
fn what_models_say_of_a_row_without_a_market_is_kept() {
    let mut story = following(Some(bundle(1, &[Some(0.9)])));
    assert_eq!(story.go_on("later 50 | gap | row").last(), "");
    assert_eq!(story.forecasts().len(), 1);
    assert_eq!(story.go_on("row | row").engine.stats().forecasts, 3);
}

#[test]
fn a_position_outlives_a_short_silence_and_not_a_long_one() {
    let mut story = following(Some(bundle(1, &[Some(0.9), None])));
    assert_eq!(story.go_on(BEGIN).last(), "place 1 bid 1@101");
    story.go_on(&fill(1, 1));
    // 100 and 200 ms after the last word.
    for _ in 0..2 {
        assert_eq!(story.go_on(AGAIN).last(), "");
        assert_eq!(story.forecasts()[0].signal, None);
    }
    assert_eq!(story.go_on(AGAIN).last(), "place 2 ask 1@100");
    // The venue did not take all of it: it is asked again.
    assert_eq!(story.go_on("canceled 2 1").last(), "");
    assert_eq!(story.go_on(AGAIN).last(), "place 3 ask 1@100");
    story.go_on(&fill(3, -1));
    assert_eq!(story.go_on(AGAIN).last(), "");
    assert_eq!((story.engine.stats().silent_rows, story.engine.stats().model_failures), (5, 5));
}

#[test]
fn models_that_speak_while_there_is_no_market_are_not_silent() {
    let mut signals = vec![Some(0.9); 5];
    signals.push(None);
    let mut story = following(Some(bundle(1, &signals)));
    assert_eq!(story.go_on(BEGIN).last(), "place 1 bid 1@101");
    story.go_on(&fill(1, 1));
    // 400 ms without a book, and a word of every row of them.
    story.go_on("gap | row | row | row | row");
    assert_eq!(story.engine.stats().forecasts, 5);
    // The book is back, and one row has no answer: 100 ms after the last word.
    assert_eq!(story.go_on(AGAIN).last(), "");
    assert_eq!(story.forecasts()[0].signal, None);
    assert_eq!(story.go_on(AGAIN).last(), "");
    // 300 ms after it.
    assert_eq!(story.go_on(AGAIN).last(), "place 2 ask 1@100");
}

#[test]
fn a_bundle_changes_between_two_events_and_the_position_stays() {
    let mut story = following(Some(bundle(1, &[Some(0.9)])));
    story.engine.stage(ONLY, bundle(2, &[Some(0.0), Some(-0.9)]));
    assert_eq!(story.go_on(BEGIN).last(), "place 1 bid 1@101");
    story.go_on(&fill(1, 1));
    let spoke = |story: &Story| story.forecasts()[0].bundle.as_bytes()[0];
    assert_eq!(spoke(story.go_on(AGAIN)), 1);
    // The change itself does nothing; the next row is judged by the other models.
    assert_eq!(story.go_on("use 2").last(), "");
    assert_eq!(story.go_on(AGAIN).last(), "");
    assert_eq!((spoke(&story), story.engine.bundle(ONLY).unwrap().as_bytes()[0]), (2, 2));
    assert_eq!(story.go_on(AGAIN).last(), "place 2 ask 2@100");
    story.go_on(&fill(2, -2));
    // The way back is open, and naming the one that speaks changes nothing.
    assert_eq!(story.go_on("use 2 | use 1").go_on(AGAIN).last(), "place 3 bid 2@101");
    assert_eq!((spoke(&story), story.engine.stats().unknown_bundles), (1, 0));
}

#[test]
fn a_bundle_that_nobody_handed_over_is_not_used() {
    let mut story = following(Some(bundle(1, &[Some(0.9)])));
    assert_eq!(story.go_on("use 3").go_on(BEGIN).last(), "place 1 bid 1@101");
    assert_eq!(story.engine.stats().unknown_bundles, 1);
    // The first one can come later, too.
    let mut story = following(None);
    story.engine.stage(ONLY, bundle(4, &[Some(0.9)]));
    assert_eq!(story.go_on(BEGIN).last(), "");
    assert_eq!(story.go_on("use 4").go_on(AGAIN).last(), "place 1 bid 1@101");
}

#[test]
fn what_was_said_leads_to_the_same_as_who_said_it() {
    let steps = [BEGIN, "row | row", "use 2", "row | row", AGAIN, "gap", "row", AGAIN];
    let models = || bundle(1, &[Some(0.9), None]);
    let mut spoken = following(Some(models()));
    spoken.engine.stage(ONLY, bundle(2, &[Some(-0.5)]));
    let mut said: Vec<Vec<Forecast>> = Vec::new();
    let mut recorded = following(None);
    let mut forecasts = RecordedForecasts::default();
    for step in steps {
        for event in step.split('|') {
            spoken.go_on(event);
            said.push(spoken.forecasts().to_vec());
        }
    }
    for forecast in said.iter().flatten() {
        forecasts.recall(*forecast);
    }
    recorded.engine.begin_with(ONLY, Forecaster::Recorded(forecasts));
    for (event, said) in steps.iter().flat_map(|step| step.split('|')).zip(&said) {
        assert_eq!(recorded.go_on(event).forecasts(), said, "{event}");
    }
    assert_eq!(recorded.engine.chain(), spoken.engine.chain());
    assert_ne!(recorded.engine.chain(), following(None).engine.chain());
    let answers = said.iter().flatten().flat_map(Forecast::models).map(|model| model.answer);
    let failed = answers.filter(|answer| *answer == ModelAnswer::Failed).count();
    assert_eq!(failed, 2, "a failure is recalled like an answer");
    // Another row than the recorded one has nothing to say.
    let mut other = following(None);
    other.engine.recall(*said.iter().flatten().next().unwrap()).unwrap();
    assert_eq!(other.go_on("later 5000 | gap | row").forecasts(), []);
    assert_ne!(other.engine.stats().rows, 0, "there are rows to ask of");
    // Also where it does, and one of before was never asked for.
    let mut other = following(None);
    let late: Vec<Forecast> = said.iter().flatten().skip(1).copied().collect();
    other.engine.recall(*said.iter().flatten().next().unwrap()).unwrap();
    other.engine.recall(late[0]).unwrap();
    other.go_on("later 150 | gap | row");
    assert_eq!(other.forecasts(), [late[0]]);
}
