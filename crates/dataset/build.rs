//! Tells the crate which compiler and which commit it is built from: facts of the build, not of a run.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script things by environment")]

use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = said(&rustc, &["--version"]).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=FLUXO_RUSTC={version}");
    // Without git, or outside a clone, nobody knows the commit.
    let commit = said("git", &["rev-parse", "HEAD"]).unwrap_or_default();
    println!("cargo:rustc-env=FLUXO_GIT_COMMIT={commit}");
    let changes = said("git", &["status", "--porcelain", "--untracked-files=no"]);
    println!("cargo:rustc-env=FLUXO_GIT_DIRTY={}", changes.is_none_or(|list| !list.is_empty()));
    for place in ["HEAD", "logs/HEAD"] {
        if let Some(path) = said("git", &["rev-parse", "--git-path", place]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    for place in ["Cargo.toml", "Cargo.lock", "crates", "bins"] {
        println!("cargo:rerun-if-changed=../../{place}");
    }
}

/// The one line that a program says, when it can.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
