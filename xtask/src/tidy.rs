//! Dead files, words of unfinished work, the world in the wrong layer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// A file of code beyond this wants to be two.
const LINES_MAX: usize = 500;
/// A file beyond this does not belong into a repository.
const BYTES_MAX: u64 = 2_000_000;

/// Words that no file of ours may hold. They are put together here so that this file may hold them.
fn forbidden_words() -> Vec<(String, &'static str)> {
    let word = |parts: &[&str]| parts.concat();
    vec![
        (word(&["TO", "DO"]), "work is finished or in an issue"),
        (word(&["FIX", "ME"]), "work is finished or in an issue"),
        (word(&["todo", "!("]), "work is finished or in an issue"),
        (word(&["unimplemented", "!("]), "work is finished or in an issue"),
        (word(&["#[ign", "ore"]), "a test that does not run tests nothing"),
        (word(&["/wo", "rk/"]), "a path of one machine"),
        (word(&["/ro", "ot/"]), "a path of one machine"),
        (word(&["/ho", "me/"]), "a path of one machine"),
    ]
}

/// What layers 0 to 7 may not touch.
const WORLD: [&str; 6] =
    ["std::fs", "std::net", "std::env", "std::process", "std::thread", "std::time"];
const PURE: [&str; 10] = [
    "core",
    "market-data",
    "features",
    "ensemble",
    "flow-agents",
    "coordinator",
    "risk",
    "execution",
    "engine",
    "sim",
];

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut complaints = Vec::new();
    let files = tracked(root)?;
    for file in &files {
        let path = root.join(file);
        let size = fs::metadata(&path).map(|meta| meta.len()).unwrap_or(0);
        if size > BYTES_MAX {
            complaints.push(format!("{}: {size} bytes", file.display()));
        }
        // What is not text has no words.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        complaints.extend(words(file, &text));
        if file.extension().is_some_and(|extension| extension == "rs") {
            complaints.extend(code(root, file, &text));
        }
    }
    complaints.extend(dependencies(&fs::read_to_string(root.join("Cargo.toml"))?));
    Ok(complaints)
}

/// The files that git tracks, and those that it would.
fn tracked(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("listing the files with git")?;
    anyhow::ensure!(output.status.success(), "git cannot list the files");
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(PathBuf::from)
        .filter(|file| root.join(file).is_file())
        .collect())
}

fn words(file: &Path, text: &str) -> Vec<String> {
    if file.extension().is_some_and(|extension| extension == "lock") {
        return Vec::new();
    }
    let found = |(word, why): &(String, &str)| {
        let line = text.lines().position(|line| line.contains(word.as_str()))?;
        Some(format!("{}:{}: {word}: {why}", file.display(), line + 1))
    };
    forbidden_words().iter().filter_map(found).collect()
}

fn code(root: &Path, file: &Path, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let shown = file.display();
    let is_compile_fail = file.components().any(|part| part.as_os_str() == "ui");
    if !is_compile_fail && !text.starts_with("//!") {
        complaints.push(format!("{shown}: a module opens with what it is"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && !file.ends_with("catalogue.rs") {
        complaints.push(format!("{shown}: {lines} lines; what is the second thing that it does?"));
    }
    if let Some(crate_folder) = pure_crate_of(file) {
        for word in WORLD.iter().filter(|word| text.contains(**word)) {
            complaints.push(format!(
                "{shown}: {word} in crates/{crate_folder}, which does not touch the world"
            ));
        }
    }
    if is_dead(root, file) {
        complaints.push(format!("{shown}: no module declares this file"));
    }
    complaints
}

/// The folder of a crate of layers 0 to 7, for its sources.
fn pure_crate_of(file: &Path) -> Option<&'static str> {
    PURE.into_iter().find(|name| file.starts_with(format!("crates/{name}/src")))
}

/// Whether a source file is part of no module tree.
fn is_dead(root: &Path, file: &Path) -> bool {
    let Some(name) = file.file_stem().and_then(|stem| stem.to_str()) else { return false };
    let in_sources = file.components().any(|part| part.as_os_str() == "src");
    if !in_sources || ["lib", "main"].contains(&name) {
        return false;
    }
    let Some(folder) = file.parent() else { return false };
    // foo/mod.rs and foo/bar.rs are declared next to foo; bar.rs in foo.rs, foo/mod.rs, lib.rs or main.rs.
    let (declared, places) = if name == "mod" {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        (name, parents(folder.parent().unwrap_or(folder)))
    } else {
        (name, parents(folder))
    };
    let declaration = format!("mod {declared};");
    !places.iter().any(|place| {
        fs::read_to_string(root.join(place)).is_ok_and(|text| text.contains(&declaration))
    })
}

/// The files that may declare a module that lies in `folder`.
fn parents(folder: &Path) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        ["lib.rs", "main.rs", "mod.rs"].map(|name| folder.join(name)).into();
    places.push(folder.with_extension("rs"));
    places
}

/// Each hired crate has its reason beside it.
fn dependencies(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('=') && !line.starts_with("fluxo-") && !line.starts_with('#'))
        .filter(|line| !line.contains(" # "))
        .map(|line| format!("Cargo.toml: {line}: a dependency without its reason"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_unfinished_work_are_found() {
        let text = format!("fine\n// {}{}: later\n", "TO", "DO");
        assert_eq!(words(Path::new("a.rs"), &text).len(), 1);
        assert!(words(Path::new("a.rs"), "fine").is_empty());
    }

    #[test]
    fn the_world_stays_outside_of_pure_crates() {
        let root = tempfile::tempdir().unwrap();
        let text = "//! A module.\nuse std::fs;\n";
        assert_eq!(code(root.path(), Path::new("crates/sim/src/lib.rs"), text).len(), 1);
        assert!(code(root.path(), Path::new("crates/lake/src/lib.rs"), text).is_empty());
    }

    #[test]
    fn a_file_that_nobody_declares_is_dead() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("src");
        fs::create_dir_all(source.join("inner")).unwrap();
        fs::write(source.join("lib.rs"), "mod inner;\n").unwrap();
        fs::write(source.join("inner.rs"), "mod alive;\n").unwrap();
        for (file, dead) in
            [("src/inner.rs", false), ("src/inner/alive.rs", false), ("src/inner/lost.rs", true)]
        {
            assert_eq!(is_dead(root.path(), Path::new(file)), dead, "{file}");
        }
    }

    #[test]
    fn a_dependency_needs_a_reason() {
        let manifest =
            "[workspace.dependencies]\na = \"1\" # because\nb = \"2\"\n[other]\nc = \"3\"\n";
        assert_eq!(dependencies(manifest).len(), 1);
    }
}
