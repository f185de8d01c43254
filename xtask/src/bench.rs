//! Runs the benches pinned to one core, and prints median and 99th percentile of each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use crate::step;

/// What criterion keeps of a bench.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
enum Throughput {
    Elements(f64),
    Bytes(f64),
}

/// The passes: how often each sample ran, and how long it took in nanoseconds.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// A bench's figures, in nanoseconds per element.
struct Figures {
    name: String,
    elements: f64,
    median: f64,
    p99: f64,
}

pub(crate) fn run(root: &Path, core: u32, filter: Option<&str>) -> anyhow::Result<()> {
    let target = root.join("target/bench");
    let results = target.join("criterion");
    if results.is_dir() {
        fs::remove_dir_all(&results).context("removing old results")?;
    }
    let core = core.to_string();
    let shown = target.to_string_lossy().into_owned();
    let mut command =
        vec!["taskset", "-c", core.as_str(), "cargo", "bench", "--workspace", "--bench", "*"];
    command.extend(filter.map(|filter| ["--", filter]).into_iter().flatten());
    // Criterion asks the environment where its results go, as cargo does for the programs.
    step::run_with(root, "benches", &command, &[("CARGO_TARGET_DIR", &shown)])?;
    let mut figures = figures(&results)?;
    figures.sort_by(|one, other| one.name.cmp(&other.name));
    println!(
        "\n| bench | elements a pass | median, ns each | p99, ns each | median, M/s |\n|---|---|---|---|---|"
    );
    for Figures { name, elements, median, p99 } in figures {
        println!("| `{name}` | {elements} | {median:.2} | {p99:.2} | {:.2} |", 1e3 / median);
    }
    Ok(())
}

/// Every bench below a folder that has samples.
fn figures(results: &Path) -> anyhow::Result<Vec<Figures>> {
    // A bench that prints its own figures, chosen alone, leaves none.
    let present = results.is_dir().then(|| results.to_owned());
    let (mut figures, mut folders) = (Vec::new(), Vec::from_iter(present));
    while let Some(folder) = folders.pop() {
        if folder.ends_with("new") {
            figures.push(read(&folder)?);
            continue;
        }
        let entries =
            fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?;
        let entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        folders
            .extend(entries.into_iter().filter(|path| path.is_dir() && !path.ends_with("report")));
    }
    Ok(figures)
}

fn read(folder: &Path) -> anyhow::Result<Figures> {
    let text = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    let benchmark: Benchmark = serde_json::from_str(&text("benchmark.json")?)?;
    let sample: Sample = serde_json::from_str(&text("sample.json")?)?;
    let elements = match benchmark.throughput {
        Some(Throughput::Elements(count) | Throughput::Bytes(count)) => count,
        None => 1.0,
    };
    let mut passes: Vec<f64> = sample
        .times
        .iter()
        .zip(&sample.iters)
        .map(|(time, iters)| time / iters / elements)
        .collect();
    passes.sort_by(f64::total_cmp);
    Ok(Figures {
        name: benchmark.full_id,
        elements,
        median: quantile(&passes, 50),
        p99: quantile(&passes, 99),
    })
}

/// The smallest value that at least so many per cent do not exceed.
fn quantile(sorted: &[f64], per_cent: usize) -> f64 {
    let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert!((quantile(&values, 50) - 100.0).abs() < f64::EPSILON);
        assert!((quantile(&values, 99) - 198.0).abs() < f64::EPSILON);
        assert!(quantile(&[], 50).is_nan());
    }

    #[test]
    fn samples_are_per_element() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("group/bench/new");
        fs::create_dir_all(&new).unwrap();
        fs::write(
            new.join("benchmark.json"),
            r#"{"full_id":"group/bench","throughput":{"Elements":10}}"#,
        )
        .unwrap();
        fs::write(new.join("sample.json"), r#"{"iters":[1.0,2.0],"times":[100.0,400.0]}"#).unwrap();
        let figures = figures(folder.path()).unwrap();
        assert_eq!(figures.len(), 1);
        assert!((figures[0].median - 10.0).abs() < 1e-9 && (figures[0].p99 - 20.0).abs() < 1e-9);
    }
}
