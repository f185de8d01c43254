//! `trainer-bridge features` and `calibrate`, as a quant uses them.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::{Said, bytes_below, dataset, said, text, trainer_bridge};

fn features(arguments: &[&str]) -> Said {
    trainer_bridge(&[&["features"], arguments].concat(), Path::new("."))
}

#[test]
fn everything_is_listed() {
    let list = features(&["--json"]).json();
    let entries = list.as_array().unwrap();
    assert_eq!(entries.len(), 117 + 12);
    let place = |name: &str| {
        let entry = entries.iter().find(|entry| entry["name"] == name).unwrap();
        (entry["kind"].as_str().unwrap(), entry["index"].as_u64().unwrap(), entry["set"].clone())
    };
    assert_eq!(place("ofi_1s"), ("feature", 69, json!("book_enhanced")));
    assert_eq!(place("nonstationarity"), ("regime", 108, json!("regime")));
    assert_eq!(place("flow_aligned"), ("consensus", 116, json!("consensus")));
    assert_eq!(place("tb_label").1, 8);
    let people = features(&[]).stdout;
    assert!(people.contains(" 69  ofi_1s") && people.contains("book_enhanced"), "{people}");
}

#[test]
fn one_value_is_explained() {
    let entry = features(&["--explain", "imbalance", "--json"]).json();
    assert_eq!((&entry["index"], &entry["unit"]), (&json!(48), &json!("1")));
    assert_eq!((&entry["min"], &entry["max"]), (&json!(-1.0), &json!(1.0)));
    assert_eq!(entry["formula"], "(qb1-qa1)/(qb1+qa1)");
    assert!(entry["revision"].as_u64().unwrap() > 0);
    let people = features(&["--explain", "vol_ratio"]).stdout;
    for part in ["ln(rv_60s/rv_300s)", "at most 0.805", "300 s", "tick_only", "300 grid returns"] {
        assert!(people.contains(part), "{part} in {people}");
    }
    let of_sizes = features(&["--explain", "whale_imbalance"]).stdout;
    assert!(of_sizes.contains("size_unit_lots and size_classes"), "{of_sizes}");
    let target = features(&["--explain", "dir_10s"]).stdout;
    assert!(target.contains("theta = max(0.5*sigma_h(T)") && target.contains("T+10s"), "{target}");
    let shouted = features(&["--explain", "SPREAD_ABS"]).stdout;
    assert!(shouted.contains("spread_abs · slot 45"), "{shouted}");
    let regime = features(&["--explain", "drift_norm"]).stdout;
    assert!(regime.contains("Bhattacharyya") && regime.contains("0 to 1"), "{regime}");
}

#[test]
fn the_other_columns_of_a_dataset_are_explained() {
    for (name, role, part) in [
        ("ts", "key", "receive clock"),
        ("warm", "filter", "rows.warm_after_s"),
        ("t1_tb_label", "label end", "min(hit time, T+Tv)"),
        ("u_dir_10s", "weight", "average uniqueness of dir_10s"),
        ("half_spread_bps", "aux", "1e4*(ask-bid)/(ask+bid)"),
    ] {
        let people = features(&["--explain", name]).stdout;
        assert!(people.contains(role) && people.contains(part), "{people}");
        let entry = features(&["--explain", name, "--json"]).json();
        assert_eq!((&entry["name"], &entry["kind"]), (&json!(name), &json!("column")));
    }
    let line = features(&["--explain", "half_spread_bp"]);
    assert!(line.failure(2).ends_with("did you mean half_spread_bps?"), "{}", line.stderr);
}

#[test]
fn an_unknown_name_is_a_line_with_the_nearest() {
    let line = features(&["--explain", "imbalence"]);
    assert!(line.failure(2).ends_with("did you mean imbalance?"), "{}", line.stderr);
    let line = features(&["--explain", "dir10s"]);
    assert!(line.failure(2).ends_with("did you mean dir_10s?"), "{}", line.stderr);
    let line = features(&["--explain", "%%"]);
    assert!(line.failure(2).contains("`trainer-bridge features` lists them"), "{}", line.stderr);
}

#[test]
fn a_dataset_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_400);
    let out = folder.path().join("out");
    dataset(&[capture], &out, &[]).json();
    let found = features(&["--check", text(&out), "--json"]).json();
    assert_eq!((&found["is_fit"], &found["rows"]), (&json!(true), &json!(1_200)));
    let is_imbalance = |column: &&Value| column["name"] == "imbalance";
    let imbalance = found["columns"].as_array().unwrap().iter().find(is_imbalance).unwrap();
    assert_eq!((&imbalance["valid_share"], &imbalance["out_of_range"]), (&json!(1.0), &json!(0)));
    let people = features(&["--check", text(&out)]);
    assert_eq!(people.code, 0, "{}", people.stderr);
    assert!(people.stdout.lines().last().unwrap().trim_start().starts_with("verdict"));
    // A byte that is another is a fault of the file.
    let (part, mut bytes) = bytes_below(&out)
        .into_iter()
        .find(|(name, _)| name.extension().is_some_and(|extension| extension == "parquet"))
        .unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(out.join(part), bytes).unwrap();
    let damaged = features(&["--check", text(&out)]);
    assert!(damaged.failure(4).contains("was changed"), "{}", damaged.stderr);
    let nothing = features(&["--check", text(&folder.path().join("nowhere"))]);
    assert!(nothing.failure(2).contains("holds no dataset"), "{}", nothing.stderr);
}

/// The first minutes of a capture, received a year later.
fn a_year_later(capture: &Path) {
    let recorded = std::fs::read_to_string(capture).expect("the capture was written");
    let later = |line: &str| {
        let (stamp, frame) = line.split_once(' ').expect("a time stands before the frame");
        let stamp: i64 = stamp.parse().expect("a time is a number");
        format!("{} {frame}\n", stamp + 31_536_000_000_000_000)
    };
    let later: String = recorded.lines().take(2_000).map(later).collect();
    std::fs::write(capture, later).expect("the capture can be written");
}

#[test]
fn what_trades_takes_a_calibration_and_its_journal_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_400);
    let [file, journal] = ["calibration.json", "journal"].map(|name| folder.path().join(name));
    let fit = ["calibrate", text(&capture), "--out", text(&file), "--size-unit", "--json"];
    let fitted = trainer_bridge(&fit, Path::new(".")).json();
    a_year_later(&capture);
    let named = format!("rows.calibration={}", text(&file));
    let replay = |capture: &Path| {
        let program = fluxo_test_data::program("paper-trader");
        let arguments =
            ["replay", text(capture), "--journal", text(&journal), "--set", &named, "--json"];
        said(Command::new(program).args(arguments).output())
    };
    let other = fluxo_test_data::synthetic_capture(folder.path(), "ETHUSDT", 400);
    let refused = replay(&other);
    assert!(
        refused.failure(2).contains("was fitted on binance-usdm BTCUSDT"),
        "{}",
        refused.stderr
    );
    let session = replay(&capture).json();
    assert!(session["rows"].as_u64().unwrap() > 0, "{session}");
    // The journal has all of it: neither the file nor its place is needed again.
    std::fs::remove_file(&file).unwrap();
    let program = fluxo_test_data::program("backtester");
    let arguments = ["replay-journal", text(&journal), "--json"];
    let verdict = said(Command::new(program).args(arguments).output()).json();
    assert_eq!(verdict["verdict"], "identical");
    assert_eq!(verdict["actions_sha256"], session["actions_sha256"]);
    assert_eq!(fitted["size_unit"]["lots"], 5_000);
}

#[cfg(unix)]
#[test]
fn a_calibration_that_finds_no_room_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 2_400);
    let place = folder.path().join("fits");
    std::fs::create_dir(&place).unwrap();
    let file = place.join("calibration.json");
    let fit = ["calibrate", text(&capture), "--out", text(&file)];
    let program = Command::new(env!("CARGO_BIN_EXE_trainer-bridge"));
    // No file may grow, as on a disk that is full.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; ulimit -f 0; exec "$@""#, "sh"]);
    let full = said(shell.arg(program.get_program()).args(fit).output());
    assert!(full.failure(2).contains("cannot write"), "{}", full.stderr);
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    // Neither is read to its end.
    for out in ["/dev/zero", text(&place)] {
        let refused = ["calibrate", text(&capture), "--out", out];
        let said = trainer_bridge(&refused, Path::new("."));
        assert!(said.failure(2).contains("is no file; choose another --out"), "{}", said.stderr);
    }
    trainer_bridge(&[&fit[..], &["--json"]].concat(), Path::new(".")).json();
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 1);
}

#[test]
fn a_calibration_is_written_once_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 15_000);
    let file = folder.path().join("calibration.json");
    let calibrate = |more: &[&str]| {
        let all = [&["calibrate", text(&capture), "--out", text(&file)], more].concat();
        trainer_bridge(&all, Path::new("."))
    };
    // The first six minutes are of the 8th.
    let first_day = ["--before", "20240809", "--json"];
    let fitted = calibrate(&first_day).json();
    assert_eq!(
        (&fitted["existed"], &fitted["sessions"]["last"]),
        (&json!(false), &json!(20_240_808))
    );
    assert_eq!(fitted["instrument"]["symbol"], "BTCUSDT");
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(calibrate(&first_day).json()["existed"], json!(true));
    let other = calibrate(&["--size-unit"]);
    assert!(other.failure(2).contains("holds something else"), "{}", other.stderr);
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    let wrong = calibrate(&["--before", "20241301"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    // It knows the first minutes of this recording.
    let out = folder.path().join("out");
    let peeks = dataset(std::slice::from_ref(&capture), &out, &["--calibration", text(&file)]);
    let line = peeks.failure(2);
    assert!(line.contains("was fitted on data up to 2024-08-09 00:00:00 UTC"), "{line}");
    assert!(line.contains("calibrate --before 20240808"), "{line}");
    // Of another instrument its time says nothing.
    let other = fluxo_test_data::synthetic_capture(folder.path(), "ETHUSDT", 400);
    let other = dataset(&[other], &out, &["--calibration", text(&file)]);
    let line = other.failure(2);
    assert!(line.contains("was fitted on binance-usdm BTCUSDT"), "{line}");
    assert!(line.contains("fitted on binance-usdm ETHUSDT"), "{line}");
    // And nothing of the same market a year on.
    a_year_later(&capture);
    dataset(&[capture], &out, &["--calibration", text(&file)]).json();
    let manifest = out.join("book_enhanced/binance-usdm/BTCUSDT/dataset.json");
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    assert_eq!(manifest["ds.calibration"]["sha256"], fitted["sha256"]);
}
