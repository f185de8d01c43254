//! Synthetic markets from the command line to the summary of a run: ordinary lakes, the same bytes
//! every time, and a rule that earns where there is something to earn.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{run, synth, text, verify};

/// The content of every file of a lake but its lock.
fn tree(lake: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![lake.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("lock") {
                files.insert(
                    path.strip_prefix(lake).unwrap().to_owned(),
                    std::fs::read(path).unwrap(),
                );
            }
        }
    }
    files
}

fn make(kind: &str, seed: u32, hours: u32, lake: &Path) -> Value {
    let lake = text(lake);
    synth(&format!("--kind {kind} --seed {seed} --hours {hours} --out {lake} --json")).json()
}

#[test]
fn a_market_is_an_ordinary_lake_without_a_flaw() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["planted", "no-signal"] {
        let lake = folder.path().join(kind);
        let made = make(kind, 3, 1, &lake);
        let verified = verify(&lake).json();
        for nothing in ["gaps", "resyncs", "crossed", "malformed", "foreign", "out_of_range"] {
            assert_eq!(verified[nothing], 0, "{kind}: {nothing}");
        }
        let tickers = verified["book_ticker_compared"].as_u64().unwrap();
        assert_eq!(verified["book_ticker_equal"].as_u64().unwrap(), tickers, "{kind}");
        for (count, said) in [("frames", "frames"), ("trades", "trades"), ("levels", "levels")] {
            assert_eq!(verified[count], made["lake"][said], "{kind}: {count}");
        }
        let trades = verified["trades"].as_u64().unwrap();
        assert!((6_800..7_600).contains(&trades), "{kind}: {trades} trades");
        // Every change of the book is followed by the best prices.
        assert_eq!(verified["depth_updates"].as_u64().unwrap(), tickers, "{kind}");
        assert_eq!(tickers, 3_599 + trades, "{kind}");
    }
}

#[test]
fn a_seed_is_a_lake_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let lake = |name: &str| folder.path().join(name);
    make("planted", 5, 1, &lake("a"));
    make("planted", 5, 1, &lake("b"));
    make("planted", 6, 1, &lake("c"));
    assert_eq!(tree(&lake("a")), tree(&lake("b")));
    assert_ne!(tree(&lake("a")), tree(&lake("c")));
    // Once more into the same folder: nothing is missing, nothing changes.
    let again = make("planted", 5, 1, &lake("a"));
    assert_eq!(again["lake"]["frames_new"], 0);
    assert_eq!(tree(&lake("a")), tree(&lake("b")));
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let of = |path: PathBuf| {
        if path.is_dir() { size(&path) } else { std::fs::metadata(path).map_or(0, |m| m.len()) }
    };
    entries.filter_map(|entry| Some(of(entry.ok()?.path()))).sum()
}

#[test]
fn what_was_killed_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    make("planted", 9, 4, &whole);
    let expected = tree(&whole);
    let mut killed = 0;
    for attempt in 0..8 {
        let lake = folder.path().join(format!("lake-{attempt}"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_backtester"))
            .args(["synth", "--kind", "planted", "--seed", "9", "--hours", "4"])
            .args(["--out", text(&lake)])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while size(&lake) < 200_000 + attempt * 3_000_000 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        let _already_over = child.kill();
        killed += u32::from(child.wait().unwrap().code().is_none());
        make("planted", 9, 4, &lake);
        assert_eq!(tree(&lake), expected, "attempt {attempt}");
        std::fs::remove_dir_all(lake).unwrap();
    }
    assert!(killed >= 3, "only {killed} were killed in their middle");
}

#[test]
fn what_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, occupied) = (folder.path().join("lake"), folder.path().join("occupied"));
    make("planted", 1, 1, &lake);
    std::fs::create_dir(&occupied).unwrap();
    std::fs::write(occupied.join("mine.txt"), "mine").unwrap();
    let before = tree(&lake);
    let refused = |kind: &str, seed: u32, hours: u32, lake: &Path| {
        let words = format!("--kind {kind} --seed {seed} --hours {hours} --out {}", text(lake));
        synth(&words).failure(2).to_owned()
    };
    for (kind, seed, hours) in [("planted", 2, 1), ("no-signal", 1, 1), ("planted", 1, 2)] {
        let line = refused(kind, seed, hours, &lake);
        assert!(line.contains("planted-seed1-1h") && line.contains("choose an empty"), "{line}");
    }
    assert!(refused("planted", 1, 1, &occupied).contains("no lake"));
    assert_eq!(tree(&lake), before);
    for window in ["--from-step 7 --to-step 8", "--to-step 3601", "--from-step 3600"] {
        let said = synth(&format!("--kind planted --seed 1 --hours 1 --oracle {window}"));
        assert!(said.failure(2).contains("--from-step"), "{}", said.stderr);
    }
    for wrong in ["--hours 0 --oracle", "--hours 1", "--hours 1 --oracle --cost-bps -1"] {
        assert_eq!(synth(&format!("--kind planted --seed 1 {wrong}")).code, 2, "{wrong}");
    }
}

#[test]
fn the_truth_can_be_asked_for_without_a_lake() {
    let folder = tempfile::tempdir().unwrap();
    let made = make("planted", 4, 1, &folder.path().join("lake"));
    let asked = synth("--kind planted --seed 4 --hours 1 --oracle --json").json();
    assert_eq!(asked["oracle"], made["oracle"]);
    assert_eq!((&asked["steps"], asked.get("lake")), (&Value::from(3_600), None));
    // Windows that share a step cover all returns.
    let part = |from, to| {
        let words = format!(
            "--kind planted --seed 4 --hours 1 --oracle --json --from-step {from} --to-step {to}"
        );
        synth(&words).json()["oracle"]["returns"].as_u64().unwrap()
    };
    assert_eq!(part(0, 2_000) + part(1_999, 3_600), 3_599);
    let none = synth("--kind no-signal --seed 4 --hours 1 --oracle --json").json();
    assert_eq!((&none["oracle"]["band"], &none["oracle"]["net_bps"]), (&Value::Null, &0.0.into()));
}

/// Net results of the imbalance rule, in basis points of one order, and the oracle's.
fn results(kind: &str, seed: u32) -> (f64, f64) {
    const ORDER: f64 = 1_000.0;
    let folder = tempfile::tempdir().unwrap();
    let (lake, out) = (folder.path().join("lake"), folder.path().join("out"));
    let oracle = make(kind, seed, 4, &lake)["oracle"]["net_bps"].as_f64().unwrap();
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/synthetic.toml");
    let flags = ["--config", text(&config), "--strategy", "imbalance"];
    let summary = run(&[lake], &out, &flags).json();
    for nothing in ["gaps", "crossed", "refusals", "malformed"] {
        assert_eq!(summary[nothing], 0, "{kind} {seed}: {nothing}");
    }
    assert_eq!(summary["spec_source"], "configured");
    let rows = summary["rows"].as_u64().unwrap();
    assert!((14_398..=14_400).contains(&rows), "{kind} {seed}: {rows} rows");
    check_accounts(&summary, &out);
    (summary["net_pnl"].as_f64().unwrap() / ORDER * 10_000.0, oracle)
}

/// The summary's money is what its fills add up to.
fn check_accounts(summary: &Value, out: &Path) {
    let fills = std::fs::read_to_string(out.join("fills.csv")).unwrap();
    let mut lines = fills.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| names.iter().position(|n| *n == name).unwrap();
    let (side, price, size) = (column("side"), column("price"), column("quantity"));
    let (mut position, mut cash, mut turnover, mut count) = (0.0, 0.0, 0.0, 0_u64);
    let mut last_price = 0.0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let [at, lots] = [price, size].map(|cell| cells[cell].parse::<f64>().unwrap());
        let sign = if cells[side] == "buy" { 1.0 } else { -1.0 };
        position += sign * lots;
        cash -= sign * lots * at;
        turnover += lots * at;
        count += 1;
        last_price = at;
    }
    let number = |name: &str| summary[name].as_f64().unwrap();
    // Each order meets a book of half a million lots: it is filled at once, whole, in one piece.
    assert_eq!(summary["orders"], summary["fills"]);
    assert_eq!(summary["orders_ended"], serde_json::json!({}));
    assert_eq!(summary["fills"].as_u64().unwrap(), count);
    assert!(count > 200, "{count} fills");
    assert!((number("position") - position).abs() < 1e-9);
    assert!((number("fees") - turnover * 0.000_025).abs() < 1e-6 * count as f64);
    // The position is valued at the last touch, which is not far from the last fill.
    let valued = number("net_pnl") + number("fees") - cash;
    assert!((valued - position * last_price).abs() < position.abs() * last_price * 0.02 + 1e-6);
}

/// Mean and standard error.
fn summed_up(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

#[test]
fn a_rule_earns_where_there_is_a_signal_and_loses_where_there_is_none() {
    const SEEDS: std::ops::RangeInclusive<u32> = 1..=5;
    let of = |kind: &str| -> (Vec<f64>, Vec<f64>) { SEEDS.map(|seed| results(kind, seed)).unzip() };
    let (planted, oracle) = of("planted");
    let ((mean, error), (best, _)) = (summed_up(&planted), summed_up(&oracle));
    assert!(mean > 2.0 * error, "planted: {mean} ± {error}, of {planted:?}");
    // One look at the book, and a stop between long and short, cost a third of what can be earned.
    assert!((0.5..0.9).contains(&(mean / best)), "planted: {mean} of {best}");
    let (none, oracle) = of("no-signal");
    let (mean, error) = summed_up(&none);
    assert!(mean < -2.0 * error, "no signal: {mean} ± {error}, of {none:?}");
    assert!(oracle.iter().all(|net| net.abs() < 1e-9));
}
