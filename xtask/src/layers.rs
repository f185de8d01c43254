//! The layer table, checked against what cargo says: every import points up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Which layer a package lives in. Lower numbers know less of the world.
const LAYERS: [(&str, u8); 24] = [
    ("fluxo-core", 0),
    ("fluxo-market-data", 1),
    ("fluxo-features", 2),
    ("fluxo-ensemble", 2),
    ("fluxo-flow-agents", 3),
    ("fluxo-coordinator", 4),
    ("fluxo-risk", 5),
    ("fluxo-execution", 6),
    ("fluxo-engine", 7),
    ("fluxo-sim", 7),
    ("fluxo-capture", EDGE),
    ("fluxo-fuzzing", EDGE),
    ("fluxo-lake", EDGE),
    ("fluxo-report", EDGE),
    ("fluxo-session", EDGE),
    ("fluxo-test-data", EDGE),
    ("fluxo-venues", EDGE),
    ("fluxo-dataset", EDGE),
    ("collector", 9),
    ("paper-trader", 9),
    ("backtester", 9),
    ("trainer-bridge", 9),
    ("xtask", 9),
    ("book-features", 9),
];
/// The only layer whose packages may import each other: cargo keeps them free of circles.
const EDGE: u8 = 8;

/// Imports that a layer's number alone would allow and its role does not.
const FORBIDDEN: [(&str, &[&str], &str); 3] = [
    (
        "fluxo-sim",
        &[
            "fluxo-features",
            "fluxo-flow-agents",
            "fluxo-coordinator",
            "fluxo-risk",
            "fluxo-execution",
        ],
        "a venue does not know our strategy",
    ),
    ("fluxo-report", &["fluxo-engine", "fluxo-sim"], "a report is told, it does not ask"),
    (
        "fluxo-lake",
        &["fluxo-features", "fluxo-engine", "fluxo-sim"],
        "an archive holds facts, not opinions",
    ),
];

/// Packages that only some of ours may bring in, directly or not.
const RESTRICTED: [(&str, &[&str]); 5] = [
    (
        "ort",
        &[
            "fluxo-ensemble",
            "fluxo-engine",
            "fluxo-session",
            "fluxo-dataset",
            "collector",
            "paper-trader",
            "backtester",
            "trainer-bridge",
        ],
    ),
    (
        "parquet",
        &[
            "fluxo-lake",
            "fluxo-session",
            "fluxo-dataset",
            "collector",
            "paper-trader",
            "backtester",
            "trainer-bridge",
        ],
    ),
    ("arrow-array", &[]),
    (
        "tokio",
        &[
            "fluxo-venues",
            "fluxo-session",
            "fluxo-dataset",
            "collector",
            "paper-trader",
            "backtester",
            "trainer-bridge",
        ],
    ),
    ("polars", &[]),
];

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .exec()
        .context("asking cargo for the dependency graph")?;
    let mut complaints = misplaced(&direct_imports(&metadata));
    complaints.extend(restricted(&metadata)?);
    Ok(complaints)
}

/// Who imports whom, for what runs: imports of tests may point anywhere.
fn direct_imports(metadata: &Metadata) -> Vec<(String, Vec<String>)> {
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|p| p.name.as_str()).collect();
    metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let imports = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal)
                .filter(|dependency| ours.contains(dependency.name.as_str()))
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), imports)
        })
        .collect()
}

fn misplaced(imports: &[(String, Vec<String>)]) -> Vec<String> {
    let layers: BTreeMap<&str, u8> = LAYERS.into_iter().collect();
    let mut complaints = Vec::new();
    for (package, imported) in imports {
        let Some(own) = layers.get(package.as_str()) else {
            complaints.push(format!("{package} has no layer: give it one in xtask/src/layers.rs"));
            continue;
        };
        for other in imported {
            let layer = layers.get(other.as_str()).copied().unwrap_or(u8::MAX);
            if layer > *own || (layer == *own && *own != EDGE) {
                complaints.push(format!(
                    "{package} (layer {own}) imports {other} (layer {layer}): imports point up"
                ));
            }
            for (from, to, why) in FORBIDDEN {
                if package == from && to.contains(&other.as_str()) {
                    complaints.push(format!("{package} imports {other}: {why}"));
                }
            }
        }
    }
    complaints
}

/// Heavy packages stay where they are needed.
fn restricted(metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let resolve = metadata.resolve.as_ref().context("cargo resolved no graph")?;
    let name_of: BTreeMap<_, _> =
        metadata.packages.iter().map(|p| (&p.id, p.name.as_str())).collect();
    let runs_on: BTreeMap<_, Vec<_>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let normal = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            });
            (&node.id, normal.map(|dependency| &dependency.pkg).collect())
        })
        .collect();
    let mut complaints = Vec::new();
    for package in metadata.workspace_packages() {
        let (mut seen, mut queue) = (BTreeSet::new(), vec![&package.id]);
        while let Some(id) = queue.pop() {
            if seen.insert(id) {
                queue.extend(runs_on.get(id).into_iter().flatten());
            }
        }
        for (heavy, allowed) in RESTRICTED {
            let brings = seen.iter().any(|id| name_of.get(*id) == Some(&heavy));
            if brings && !allowed.contains(&package.name.as_str()) {
                complaints
                    .push(format!("{} brings in {heavy}, which it does not need", package.name));
            }
        }
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(package: &str, imports: &[&str]) -> usize {
        misplaced(&[(package.into(), imports.iter().map(|&name| name.to_owned()).collect())]).len()
    }

    #[test]
    fn imports_point_up() {
        assert_eq!(complaints("fluxo-risk", &["fluxo-core"]), 0);
        assert_eq!(complaints("fluxo-risk", &["fluxo-execution"]), 1);
        assert_eq!(complaints("fluxo-engine", &["fluxo-sim"]), 1);
        assert_eq!(complaints("fluxo-lake", &["fluxo-capture"]), 0);
        assert_eq!(complaints("fluxo-core", &["fluxo-lake"]), 1);
    }

    #[test]
    fn a_venue_does_not_know_our_strategy() {
        assert_eq!(complaints("fluxo-sim", &["fluxo-market-data"]), 0);
        assert_eq!(complaints("fluxo-sim", &["fluxo-risk"]), 1);
    }

    #[test]
    fn a_package_without_a_layer_is_noticed() {
        assert_eq!(complaints("fluxo-common", &[]), 1);
    }
}
