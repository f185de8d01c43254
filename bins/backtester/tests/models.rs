//! Models in the loop, as a user runs them: a session with a bundle, and its replays.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use fluxo_core::{Action, Forecast, Market, ModelAnswer, ModelForecast};
use fluxo_lake::journal::{JournalConfig, JournalReader, JournalWriter, Record};
use fluxo_session::{EngineFile, Instruments};
use fluxo_test_data::TestBundle;
use serde_json::Value;
use support::{Said, replay, replay_journal, run, synthetic_capture, text};

struct Place {
    folder: tempfile::TempDir,
    capture: PathBuf,
    bundle: PathBuf,
    library: PathBuf,
}

/// What rows of the capture's instrument are, as text.
fn schema() -> String {
    let instruments = Instruments::load(None).unwrap();
    let spec = instruments.get(Market::BinanceUsdm, "BTCUSDT").unwrap();
    EngineFile::load(None, &[]).unwrap().feature_schema_text(spec).unwrap()
}

/// A capture and a bundle for it; `None` where there is no runtime, which was said loudly then.
fn place() -> Option<Place> {
    let library = fluxo_test_data::runtime_library()?;
    let folder = tempfile::tempdir().unwrap();
    let capture = synthetic_capture(folder.path(), "BTCUSDT");
    let bundle = folder.path().join("bundle");
    TestBundle::new(&["small", "large"], &schema(), "BTCUSDT").write(&bundle);
    Some(Place { folder, capture, bundle, library })
}

impl Place {
    /// The capture is shorter than what makes rows warm by default.
    fn options<'a>(&'a self, bundle: &'a Path) -> [&'a str; 8] {
        let (bundle, library) = (text(bundle), text(&self.library));
        let warm = "rows.warm_after_s=0";
        ["--strategy", "ensemble", "--bundle", bundle, "--ort-lib", library, "--set", warm]
    }

    fn session(&self, journal: &Path) -> Said {
        replay(std::slice::from_ref(&self.capture), journal, &self.options(&self.bundle))
    }

    fn replayed(&self, journal: &Path, more: &[&str]) -> Value {
        let library = ["--ort-lib", text(&self.library)];
        replay_journal(journal, &[&library, more].concat()).json()
    }
}

#[test]
fn a_session_with_models_is_replayed_by_them_and_by_what_they_said() {
    let Some(place) = place() else { return };
    let journal = place.folder.path().join("journal");
    let session = place.session(&journal).json();
    assert!(session["orders"].as_u64().unwrap() > 10, "{session}");
    assert!(session["models"]["forecasts"].as_u64().unwrap() > 1_000, "{session}");
    assert_eq!(session["models"]["forecasts"], session["rows"]);
    assert_eq!(session["models"]["by_model"]["small"]["failed"], 0);

    // The same command continues its own journal, and comes to the same.
    assert_eq!(place.session(&journal).json()["journal"], session["journal"]);

    let check = |verdict: &Value, scores: &str| {
        assert_eq!(verdict["identical"], true, "{verdict}");
        assert_eq!(verdict["scores"], scores, "{verdict}");
        assert_eq!(verdict["scores_compared"], session["rows"], "{verdict}");
        assert_eq!(verdict["score_difference_max"], 0.0, "{verdict}");
        assert_eq!(verdict["actions_sha256"], session["actions_sha256"]);
    };
    check(&place.replayed(&journal, &[]), "recomputed");
    check(&place.replayed(&journal, &["--scores", "recompute"]), "recomputed");
    check(&place.replayed(&journal, &["--scores", "recorded"]), "recorded");

    // Without the bundle, its scores are all there is, and no runtime is needed for them.
    let moved = place.folder.path().join("moved");
    fs::rename(&place.bundle, &moved).unwrap();
    check(&replay_journal(&journal, &["--ort-lib", "/nowhere"]).json(), "recorded");
    let refused = replay_journal(&journal, &["--scores", "recompute"]);
    let id = session["models"]["bundle"].as_str().unwrap();
    assert!(refused.failure(2).contains(id) && refused.failure(2).contains("--bundle"));
    check(&place.replayed(&journal, &["--bundle", text(&moved)]), "recomputed");

    // A backtest does what the session did.
    let out = place.folder.path().join("out");
    let backtest = run(std::slice::from_ref(&place.capture), &out, &place.options(&moved)).json();
    assert_eq!(backtest["actions_sha256"], session["actions_sha256"]);
}

/// The journal that another kind of processor would have written: every probability of up is moved
/// by `by`, in the forecasts and in the reasons.
fn elsewhere(journal: &Path, by: f32) -> PathBuf {
    let moved = |forecast: &Forecast| {
        let models = forecast.models().map(|model| match model.answer {
            ModelAnswer::Scored([down, neutral, up]) => {
                ModelForecast { answer: ModelAnswer::Scored([down, neutral, up + by]), ..*model }
            }
            _ => *model,
        });
        let models: Vec<ModelForecast> = models.collect();
        let thresholds = (forecast.enter, forecast.leave);
        let Forecast { instrument, row, bundle, .. } = *forecast;
        Forecast::combine(instrument, row, bundle, thresholds, &models)
    };
    let place = journal.with_file_name(format!("moved by {by}"));
    fs::create_dir(&place).unwrap();
    let mut reader = JournalReader::open(journal).unwrap();
    let header = reader.header().clone();
    let mut writer = JournalWriter::open(&place, &header, JournalConfig::default()).unwrap();
    while let Some(entry) = reader.next_entry().unwrap() {
        match entry.record {
            Record::Event(stamped) => writer.append_event(&stamped).unwrap(),
            Record::Forecasts { sequence, forecasts } => {
                let forecasts: Vec<Forecast> = forecasts.iter().map(moved).collect();
                writer.append_forecasts(sequence, &forecasts).unwrap();
            }
            Record::Actions { sequence, mut actions } => {
                for action in &mut actions {
                    if let Action::Place { why, .. } | Action::Refuse { why, .. } = action {
                        why.forecast = why.forecast.as_ref().map(moved);
                    }
                }
                writer.append_actions(sequence, &actions).unwrap();
            }
            Record::End(end) => {
                writer.finish(&end).unwrap();
                break;
            }
            Record::Header(_) => {}
        }
    }
    place
}

#[test]
fn scores_of_another_processor_agree_within_the_tolerance() {
    let Some(place) = place() else { return };
    let journal = place.folder.path().join("journal");
    place.session(&journal).json();
    let near = elsewhere(&journal, 1e-6);
    let said = replay_journal(&near, &["--ort-lib", text(&place.library)]);
    let verdict = said.json();
    assert_eq!((&verdict["verdict"], &verdict["identical"]), (&"agrees".into(), &false.into()));
    assert_eq!(verdict["first_different_order"], Value::Null, "{verdict}");
    assert_ne!(verdict["first_difference"], Value::Null, "the reasons do differ");
    assert!(said.stderr.contains("no other order was sent"), "{}", said.stderr);

    let far = elsewhere(&journal, 3e-5);
    let said = replay_journal(&far, &["--ort-lib", text(&place.library)]);
    let verdict: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&verdict["verdict"], said.code), (&"different".into(), 1), "{verdict}");
    assert_eq!(verdict["first_different_order"], Value::Null, "by its scores alone: {verdict}");
}

#[test]
fn scores_that_cannot_be_computed_are_the_journals_and_it_says_why() {
    let Some(place) = place() else { return };
    let journal = place.folder.path().join("journal");
    place.session(&journal).json();
    let check = |more: &[&str], scores: &str, why: &str| {
        let said = replay_journal(&journal, more);
        let verdict = said.json();
        assert_eq!((&verdict["scores"], &verdict["identical"]), (&scores.into(), &true.into()));
        assert!(said.stderr.contains(why), "{why}: {}", said.stderr);
    };
    let library = ["--ort-lib", text(&place.library)];
    check(&["--ort-lib", "/nowhere/lib.so"], "recorded", "there is no such file");

    // A damaged copy in front of the whole one is stepped over.
    let copy = place.folder.path().join("copy");
    TestBundle::new(&["small", "large"], &schema(), "BTCUSDT").write(&copy);
    let graph = copy.join("large.onnx");
    let mut bytes = fs::read(&graph).unwrap();
    bytes[700] ^= 1;
    fs::write(&graph, &bytes).unwrap();
    check(&[&library[..], &["--bundle", text(&copy)]].concat(), "recomputed", "");

    // And is no reason to prove nothing where it is all there is.
    fs::write(place.bundle.join("large.onnx"), &bytes).unwrap();
    check(&library, "recorded", "large.onnx is not the file");
    let asked = [&library[..], &["--scores", "recompute"]].concat();
    assert!(replay_journal(&journal, &asked).failure(4).contains("large.onnx is not the file"));
}

#[test]
fn recorded_scores_are_not_taken_for_those_of_other_rows() {
    let Some(place) = place() else { return };
    let journal = place.folder.path().join("journal");
    place.session(&journal).json();
    let other_rows = ["--ort-lib", text(&place.library), "--set", "rows.clock=time:1000"];
    for scores in [&[][..], &["--scores", "recorded"]] {
        let refused = replay_journal(&journal, &[&other_rows[..], scores].concat());
        assert!(refused.failure(2).contains("makes other rows"), "{}", refused.stderr);
    }
    // A rule that does not follow them can be tried on other rows, and it is said what is missing.
    let said = replay_journal(&journal, &[&other_rows[..], &["--strategy", "maker"]].concat());
    assert_eq!(said.json()["scores"], "recorded");
    assert!(said.stderr.contains("makes other rows"), "{}", said.stderr);
}

#[test]
fn a_journal_without_models_cannot_be_followed_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let capture = synthetic_capture(folder.path(), "BTCUSDT");
    let journal = folder.path().join("journal");
    replay(&[capture], &journal, &["--strategy", "maker"]).json();
    let refused = replay_journal(&journal, &["--strategy", "ensemble"]);
    let line = refused.failure(2);
    assert!(line.contains("the strategy ensemble follows models"), "{line}");
}

#[test]
fn a_journal_with_forecasts_may_be_cut_anywhere() {
    let Some(place) = place() else { return };
    let journal = place.folder.path().join("journal");
    let session = place.session(&journal).json();
    let by_size = |path: &PathBuf| fs::metadata(path).unwrap().len();
    let entries = fs::read_dir(&journal).unwrap().map(|entry| entry.unwrap().path());
    let file = entries.max_by_key(by_size).unwrap();
    let whole = fs::read(&file).unwrap();
    for cut in (1..24).map(|part| whole.len() * part / 24 + part * 37 % 211) {
        fs::write(&file, &whole[..cut]).unwrap();
        let scores = if cut % 2 == 0 { "recorded" } else { "recompute" };
        let said =
            replay_journal(&journal, &["--scores", scores, "--ort-lib", text(&place.library)]);
        assert_eq!(said.code, 3, "cut at {cut}: {}", said.stderr);
        let verdict: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(verdict["identical"], true, "cut at {cut}, {scores}: {verdict}");
        assert_eq!(verdict["score_difference_max"], 0.0, "cut at {cut}, {scores}: {verdict}");
    }
    // The same command goes on behind the cut.
    assert_eq!(place.session(&journal).json()["journal"], session["journal"]);
}

#[test]
fn models_speak_beside_another_rule_and_change_nothing_but_the_reasons() {
    let Some(place) = place() else { return };
    let [_, _, models @ ..] = place.options(&place.bundle);
    let with = place.folder.path().join("with");
    let with = run(std::slice::from_ref(&place.capture), &with, &models).json();
    let without = place.folder.path().join("without");
    let without = run(std::slice::from_ref(&place.capture), &without, &[]).json();
    assert_eq!((&with["fills"], &with["net_pnl"]), (&without["fills"], &without["net_pnl"]));
    assert_eq!(with["models"]["forecasts"], with["rows"]);
    assert_eq!(without.get("models"), None);
    assert_ne!(with["actions_sha256"], without["actions_sha256"]);
}

#[test]
fn what_cannot_be_run_is_said_in_one_line() {
    let Some(place) = place() else { return };
    let try_run = |options: &[&str]| {
        let out = place.folder.path().join("out");
        run(std::slice::from_ref(&place.capture), &out, options)
    };
    let without = try_run(&["--strategy", "ensemble"]);
    assert!(without.failure(2).contains("--bundle"), "{}", without.stderr);

    let mut options = place.options(&place.bundle);
    options[5] = "/nowhere/libonnxruntime.so";
    let no_runtime = try_run(&options);
    assert!(no_runtime.failure(2).contains("cargo setup"), "{}", no_runtime.stderr);
    options[5] = text(&place.capture);
    let no_library = try_run(&options);
    assert!(no_library.failure(2).contains("not a library of ONNX Runtime"));

    let nowhere = try_run(&place.options(Path::new("/nowhere")));
    assert!(nowhere.failure(2).contains("no folder of a bundle"), "{}", nowhere.stderr);

    // Another configuration makes other rows.
    let mut options = place.options(&place.bundle).to_vec();
    options.extend(["--set", "rows.clock=time:1000"]);
    let other_rows = try_run(&options);
    assert!(other_rows.failure(4).contains("feature schema"), "{}", other_rows.stderr);

    let graph = place.bundle.join("large.onnx");
    let mut bytes = fs::read(&graph).unwrap();
    bytes[700] ^= 1;
    fs::write(&graph, &bytes).unwrap();
    let altered = try_run(&place.options(&place.bundle));
    assert!(altered.failure(4).contains("large.onnx is not the file"), "{}", altered.stderr);
}
