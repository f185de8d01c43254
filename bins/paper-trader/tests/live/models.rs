//! Models in a live session: through cuts and gaps, exchanged in mid-session, and replayed.

use std::path::{Path, PathBuf};

use fluxo_core::{Event, Market, OperatorCommand};
use fluxo_features::{FeatureConfig, schema_text};
use fluxo_session::{Instruments, ReplayModels, Scores, bundle_id};
use fluxo_test_data::{TestBundle, runtime_library};
use fluxo_venues::double::Trouble;

use crate::control::{answer, answer_to, ask};
use crate::support::{Bench, events, gaps, replayed_with, text, wait_for};

/// A bundle of these fixtures for rows as they are by default.
fn bundle(bench: &Bench, name: &str, models: &[&str]) -> PathBuf {
    let folder = bench.path(name);
    let instruments = Instruments::load(None).unwrap();
    let spec = instruments.get(Market::BinanceUsdm, "BTCUSDT").unwrap();
    let schema = schema_text(&FeatureConfig::default(), spec, None);
    TestBundle::new(models, &schema, "BTCUSDT").write(&folder);
    folder
}

/// What a replay is told of models.
fn with(scores: Scores, bundles: &[&Path], library: &Path) -> ReplayModels {
    let bundles = bundles.iter().map(|path| (*path).to_owned()).collect();
    ReplayModels { scores: Some(scores), bundles, library: Some(library.to_owned()) }
}

#[test]
fn models_are_exchanged_in_mid_session_and_every_replay_is_identical() {
    let Some(library) = runtime_library() else { return };
    let bench = Bench::new();
    let (first, second) =
        (bundle(&bench, "first", &["small", "large"]), bundle(&bench, "second", &["small"]));
    let [first_id, second_id] = [&first, &second].map(|path| bundle_id(path).unwrap());
    let path = bench.path("control");
    let socket = text(&path);
    let double = bench.double(&[(40, Trouble::Cut), (70, Trouble::LoseDepth)]);
    let session = bench.session(
        double.address(),
        &[
            &["--strategy", "ensemble", "--bundle", text(&first), "--control", socket][..],
            &["--set", "rows.warm_after_s=0"],
            &["--ort-lib", text(&library), "--for", "150s"],
        ]
        .concat(),
    );
    wait_for("the socket", || path.exists());
    wait_for("decisions", || answer(socket, "status")["status"]["decisions"].as_u64() > Some(50));
    assert_eq!(answer(socket, "status")["status"]["bundle"], first_id.to_string());

    // One bit of one file is enough to be refused, and the running bundle stays.
    let broken = bundle(&bench, "broken", &["small"]);
    let model = broken.join("small.onnx");
    let mut bytes = std::fs::read(&model).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&model, bytes).unwrap();
    let refused = ask(socket, &["bundle", text(&broken)]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.starts_with("error:") && said.contains("small.onnx"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(answer(socket, "status")["status"]["bundle"], first_id.to_string());

    let swapped = answer_to(socket, &["bundle", text(&second)]);
    assert_eq!(swapped["status"]["bundle"], second_id.to_string());
    let summary = session.output().summary();
    assert_eq!(summary["models"]["bundle"], second_id.to_string(), "{summary}");
    assert!(summary["models"]["forecasts"].as_u64() > Some(500), "{summary}");
    let journal = bench.journal();
    let swap = Event::Operator(OperatorCommand::UseBundle(second_id));
    assert_eq!(events(&journal).iter().filter(|event| **event == swap).count(), 1);
    assert_eq!(gaps(&journal).len(), 2, "the cut and the lost update");

    let recomputed = replayed_with(&journal, &with(Scores::Recompute, &[&second], &library));
    assert!(recomputed.finished);
    assert!(recomputed.scores_compared > 500, "{recomputed:?}");
    assert_eq!(recomputed.score_difference_max.to_bits(), 0, "the same machine says the same");
    // What was recorded needs neither a bundle nor a runtime.
    std::fs::remove_dir_all(&first).unwrap();
    std::fs::remove_dir_all(&second).unwrap();
    let nowhere = bench.path("nowhere.so");
    let recorded = replayed_with(&journal, &with(Scores::Recorded, &[], &nowhere));
    assert_eq!(recorded.actions_sha256, recomputed.actions_sha256);
}
