//! `trainer-bridge train` and `parity`: what is published, and what never is.
//!
//! A script stands for the interpreter where a trainer has to fail in a certain way; what it gives is
//! judged by the real runtime.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use fluxo_test_data::{TestBundle, runtime_library};
use support::{Said, bytes_below, dataset, program, text, trainer_bridge};

/// A folder with an empty dataset, and an interpreter that does what the script says. `$OUT` is where
/// the bundle is wanted.
struct Room {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl Room {
    /// `None` where there is no runtime.
    fn new() -> Option<Self> {
        let library = std::path::absolute(runtime_library()?).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let bundle = folder.path().join("ready");
        TestBundle::new(&["small", "large"], "", "BTCUSDT").write(&bundle);
        Some(Self { folder, library })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn interpreter(&self, script: &str) -> PathBuf {
        let path = self.path("python");
        let outs = "while [ $# -gt 0 ]; do [ \"$1\" = --out ] && OUT=\"$2\"; shift; done\n";
        fs::write(&path, format!("#!/bin/sh\necho \"$@\" > arguments\n{outs}{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn train(&self, script: &str, more: &[&str]) -> Said {
        let (python, library) = (self.interpreter(script), self.library.clone());
        let mut arguments = vec!["train", "--data", "data", "--out", "models/new", "--json"];
        arguments.extend(["--python", text(&python), "--ort-lib", text(&library)]);
        arguments.extend(more);
        trainer_bridge(&arguments, self.folder.path())
    }

    fn parity(&self, bundle: &str) -> Said {
        let arguments = ["parity", bundle, "--json", "--ort-lib", text(&self.library)];
        trainer_bridge(&arguments, self.folder.path())
    }

    /// What lies beside the bundles, without the log.
    fn published(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("models")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "new.train.log").collect()
    }
}

const RESULT: &str = r#"echo '{"event":"result","verdict":"edge","reason":"","bundle":"x"}'"#;

fn good() -> String {
    let progress = r#"echo '{"event":"progress","phase":"fit","done":1,"total":2}'"#;
    format!("{progress}\necho thinking >&2\ncp -r ready \"$OUT\"\n{RESULT}")
}

#[test]
fn a_bundle_is_published_when_the_runtime_agrees() {
    let Some(room) = Room::new() else { return };
    let more = ["--model", "xgboost", "--seed", "7", "--", "--rounds", "9"];
    let result = room.train(&good(), &more).json();
    assert_eq!(
        (&result["verdict"], &result["parity"]["models"][1]["rows"]),
        (&"edge".into(), &70.into())
    );
    assert_eq!(bytes_below(&room.path("models/new")), bytes_below(&room.path("ready")));
    assert_eq!(room.published(), ["new"]);
    assert_eq!(fs::read_to_string(room.path("models/new.train.log")).unwrap(), "thinking\n");
    let arguments = fs::read_to_string(room.path("arguments")).unwrap();
    assert!(arguments.starts_with("-m fluxo_train train --data data --out "), "{arguments}");
    let tail = "--model xgboost --target dir_10s --seed 7 --name new --rounds 9\n";
    assert!(arguments.ends_with(tail), "{arguments}");
    // A bundle does not give way unless that is asked for, and nothing else ever does.
    let refused = room.train(&good(), &[]);
    assert!(refused.failure(2).contains("--replace"), "{}", refused.stderr);
    room.train(&good(), &["--replace"]).json();
    fs::remove_file(room.path("models/new/manifest.json")).unwrap();
    let refused = room.train(&good(), &["--replace"]);
    assert!(refused.failure(2).contains("holds something else"), "{}", refused.stderr);
}

#[test]
fn nothing_is_published_of_a_trainer_that_fails() {
    let Some(room) = Room::new() else { return };
    let error = |code: i32| {
        format!(
            "cp -r ready \"$OUT\"\necho '{{\"event\":\"error\",\"code\":{code},\"message\":\"no \
             such feature\",\"remedy\":\"look again\"}}'\nexit {code}"
        )
    };
    for (script, code, word) in [
        (error(2), 2, "no such feature; look again"),
        (error(4), 4, "no such feature; look again"),
        (error(1), 1, "no such feature"),
        ("cp -r ready \"$OUT\"\nkill -9 $$".to_owned(), 1, "signal: 9"),
        ("cp -r ready \"$OUT\"\nexit 0".to_owned(), 1, "without a result"),
        // It says that it is done, and left half of it.
        (format!("{}\nrm \"$OUT/large.onnx\"", good()), 4, "large.onnx"),
        (RESULT.to_owned(), 2, "no folder of a bundle"),
    ] {
        let failed = room.train(&script, &[]);
        assert!(failed.failure(code).contains(word), "{script}: {}", failed.stderr);
        assert_eq!(failed.stdout, "");
        assert_eq!(room.published(), Vec::<String>::new(), "{script}");
    }
}

#[test]
fn a_trainer_that_takes_too_long_is_stopped() {
    let Some(room) = Room::new() else { return };
    // The last one closes its ears and mouth, and has a child that would outlive it.
    for way in ["exec sleep 600", "exec >&- 2>&-\nsleep 600 &\necho $! > sleeper\nwait"] {
        let script = format!("cp -r ready \"$OUT\"\n{way}");
        let failed = room.train(&script, &["--time-limit", "1"]);
        assert!(failed.failure(5).contains("longer than 1 s"), "{}", failed.stderr);
        assert_eq!(room.published(), Vec::<String>::new());
    }
    assert!(!is_running(&fs::read_to_string(room.path("sleeper")).unwrap()));
}

/// Whether a process lives; one that ended and has not been waited for does not.
fn is_running(process: &str) -> bool {
    let said = Command::new("ps").args(["-o", "stat=", "-p", process.trim()]).output().unwrap();
    let state = String::from_utf8(said.stdout).unwrap();
    !(state.trim().is_empty() || state.trim().starts_with('Z'))
}

#[test]
fn a_child_that_holds_stdout_does_not_hold_up_a_trainer_that_is_done() {
    let Some(room) = Room::new() else { return };
    let script = format!("{}\nsleep 20 &\necho $! > sleeper", good());
    room.train(&script, &["--time-limit", "10"]).json();
    assert_eq!(room.published(), ["new"]);
    assert!(!is_running(&fs::read_to_string(room.path("sleeper")).unwrap()));
}

#[test]
fn what_is_no_text_does_not_end_the_listening() {
    let Some(room) = Room::new() else { return };
    room.train(&format!("printf '\\377\\n'\n{}", good()), &[]).json();
    assert_eq!(room.published(), ["new"]);
}

#[test]
fn a_bundle_that_was_being_replaced_comes_back() {
    let Some(room) = Room::new() else { return };
    // What a run leaves that is killed between its two renames.
    let own = room.path("models/.new.unfinished/77");
    let lay_out = || {
        fs::create_dir_all(own.join("bundle")).unwrap();
        fs::rename(room.path("ready"), own.join("old")).unwrap();
    };
    let before = bytes_below(&room.path("ready"));
    lay_out();
    // It is there again, so it is not replaced unless that is asked for.
    let refused = room.train("exit 1", &[]);
    assert!(refused.failure(2).contains("--replace"), "{}", refused.stderr);
    assert_eq!(bytes_below(&room.path("models/new")), before);
    assert_eq!(room.published(), ["new"]);
    fs::rename(room.path("models/new"), room.path("ready")).unwrap();
    lay_out();
    room.train("exit 1", &["--replace"]).failure(1);
    assert_eq!(bytes_below(&room.path("models/new")), before);
    assert_eq!(room.published(), ["new"]);
}

#[test]
fn no_bundle_is_a_result_only_where_the_trainer_is_inconclusive() {
    let Some(room) = Room::new() else { return };
    for result in [r#""verdict":"edge""#, r#""verdict":"no_edge","bundle":null"#, r#""reason":"x""#]
    {
        let failed = room.train(&format!("echo '{{\"event\":\"result\",{result}}}'"), &[]);
        assert!(failed.failure(1).contains("trainer"), "{}", failed.stderr);
        assert_eq!(room.published(), Vec::<String>::new());
    }
}

#[test]
fn a_run_that_is_killed_publishes_nothing_and_the_next_one_does() {
    let Some(room) = Room::new() else { return };
    let script = "cp -r ready \"$OUT\"\necho $$ > trainer\nexec sleep 600";
    let (python, library) = (room.interpreter(script), room.library.clone());
    let arguments = ["train", "--data", "data", "--out", "models/new", "--python", text(&python)];
    let arguments = [&arguments[..], &["--ort-lib", text(&library)]].concat();
    let mut child = program(&arguments, room.folder.path()).spawn().unwrap();
    let trainer = loop {
        match fs::read_to_string(room.path("trainer")) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
    };
    // A second one does not begin while the first one is at it.
    let second = room.train(&good(), &[]);
    assert!(second.failure(2).contains("another process"), "{}", second.stderr);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(room.published(), [".new.unfinished"]);
    room.train(&good(), &[]).json();
    assert_eq!(room.published(), ["new"]);
    // The trainer of the killed run is nobody's child any more.
    Command::new("kill").arg(trainer).status().unwrap();
}

#[test]
fn too_little_to_learn_from_is_a_result_without_a_bundle() {
    let Some(room) = Room::new() else { return };
    let script =
        r#"echo '{"event":"result","verdict":"inconclusive","reason":"few","bundle":null}'"#;
    let result = room.train(script, &[]).json();
    assert_eq!((&result["verdict"], &result["bundle"]), (&"inconclusive".into(), &().into()));
    assert_eq!(room.published(), Vec::<String>::new());
}

#[test]
fn a_bundle_that_says_something_else_here_is_not_published() {
    let Some(room) = Room::new() else { return };
    // Another answer to one golden row, and every hash right.
    let mut bundle = TestBundle::new(&["small"], "", "BTCUSDT");
    let outputs = bundle.files.get_mut("golden/outputs_small.npy").unwrap();
    let last = outputs.len() - 12;
    let other: Vec<u8> = [0.1_f32, 0.0, 0.9].iter().flat_map(|p| p.to_le_bytes()).collect();
    outputs[last..].copy_from_slice(&other);
    fs::remove_dir_all(room.path("ready")).unwrap();
    bundle.write(&room.path("ready"));
    let failed = room.train(&good(), &[]);
    assert!(failed.failure(4).contains("small does not say what it said"), "{}", failed.stderr);
    assert_eq!(room.published(), Vec::<String>::new());
    let parity = room.parity("ready");
    assert!(parity.failure(4).contains("small"), "{}", parity.stderr);
    assert!(parity.stdout.contains("\"equal\": false"), "{}", parity.stdout);
}

#[test]
fn parity_names_every_model() {
    let Some(room) = Room::new() else { return };
    let said = room.parity("ready").json();
    assert_eq!(said["equal"], true);
    let models = said["bundles"][0]["rust"]["models"].as_array().unwrap();
    assert_eq!(models.len(), 2);
    assert!(models.iter().all(|model| model["max_abs"].as_f64().unwrap() <= 1e-5), "{models:?}");
    assert!(said["bundles"][0]["python"].is_null());
    let missing = trainer_bridge(&["parity"], room.folder.path());
    assert!(missing.failure(2).contains("trained/demo"), "{}", missing.stderr);
}

#[test]
fn parity_asks_python_too() {
    let (Some(room), Some(python)) = (Room::new(), fluxo_test_data::python()) else { return };
    let python = std::path::absolute(python).unwrap();
    let root = std::path::absolute(fluxo_test_data::project()).unwrap();
    let bundle = room.path("ready");
    let arguments = ["parity", text(&bundle), "--json", "--python", text(&python)];
    let arguments = [&arguments[..], &["--ort-lib", text(&room.library)]].concat();
    let said = trainer_bridge(&arguments, &root).json();
    let models = said["bundles"][0]["python"].as_array().unwrap();
    assert_eq!(models.len(), 2);
    assert!(models.iter().all(|model| model["max_abs"].as_f64().unwrap() <= 1e-5), "{models:?}");
}

#[test]
fn without_python_one_line_names_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let refused = trainer_bridge(&["train", "--data", ".", "--out", "b"], folder.path());
    assert!(refused.failure(2).contains("cargo setup --python"), "{}", refused.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_real_trainer_says_what_it_can_be_told() {
    let Some(python) = fluxo_test_data::python() else { return };
    let python = std::path::absolute(python).unwrap();
    let root = std::path::absolute(fluxo_test_data::project()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    // There is no such dataset: who asks for help need not have one.
    let arguments = ["train", "--data", "none", "--out", text(&out), "--python", text(&python)];
    for help in [&["--help"][..], &["-h"], &["--rounds", "9", "--help"]] {
        let said = trainer_bridge(&[&arguments[..], &["--"], help].concat(), &root);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{help:?}");
        assert!(said.stdout.starts_with("usage: "), "{}", said.stdout);
        assert!(["--rounds", "--holdout"].iter().all(|word| said.stdout.contains(word)));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_trainer_without_help_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let python = folder.path().join("python");
    for (script, code, word) in [
        (
            "echo '{\"event\":\"error\",\"message\":\"no lib\",\"remedy\":\"get it\"}'; exit 2",
            2,
            "no lib; get it",
        ),
        ("echo no module >&2; exit 1", 1, "no module"),
    ] {
        fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let arguments = ["train", "--data", "none", "--out", "new", "--python", text(&python)];
        let said = trainer_bridge(&[&arguments[..], &["--", "--help"]].concat(), folder.path());
        assert!(said.failure(code).contains(word), "{}", said.stderr);
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn the_real_trainer_says_when_there_is_too_little_data() {
    let (Some(room), Some(python)) = (Room::new(), fluxo_test_data::python()) else { return };
    let python = std::path::absolute(python).unwrap();
    let root = std::path::absolute(fluxo_test_data::project()).unwrap();
    let capture = fluxo_test_data::synthetic_capture(room.folder.path(), "BTCUSDT", 15_000);
    let (data, out) = (room.path("rows"), room.path("models/new"));
    dataset(&[capture], &data, &["--set", "rows.clock=time:1000"]).json();
    let arguments = ["train", "--data", text(&data), "--out", text(&out), "--json"];
    let arguments = [&arguments[..], &["--python", text(&python)]].concat();
    // Directions get warm after ten minutes: there is next to nothing to learn from.
    let result = trainer_bridge(&arguments, &root).json();
    assert_eq!((&result["verdict"], &result["bundle"]), (&"inconclusive".into(), &().into()));
    assert_eq!(room.published(), Vec::<String>::new());
}
