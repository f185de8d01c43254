//! Finds the recorded captures that tests and benches read: `FLUXO_DATA_DIR`, default
//! `../shared/data` beside the project; and ONNX Runtime's library, with bundles to load into it. For
//! tests only: nothing of the product depends on it.
//!
//! Without the folder, or the library, a test prints one loud line and has nothing to iterate over; where `CI=true`
//! it fails instead, so that a missing folder never looks like a pass.

mod models;
mod orders;
mod records;
mod synthetic;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub use models::{TestBundle, project, python, runtime_library, seal};
pub use orders::order_capture;
pub use records::{MBO_SYMBOL, mbo_file};
pub use synthetic::synthetic_capture;

/// Consecutive files of one recording of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The files, in order of time.
    pub files: Vec<PathBuf>,
    /// Whether the first file holds a depth snapshot, so that a book can be synchronised.
    pub has_snapshot: bool,
}

impl Run {
    /// The name of the first file.
    #[must_use]
    pub fn name(&self) -> String {
        self.files[0]
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Whether the capture was made in 2024: there the recorder's clock is seconds off.
    #[must_use]
    pub fn is_of_2024(&self) -> bool {
        self.name().contains("_2024")
    }
}

/// The folder of captures, or `None` (after one loud line) when there is none.
///
/// # Panics
/// Where `CI=true` and the folder is missing.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where the data lies"
)]
#[expect(clippy::print_stderr, reason = "the one loud line of a test that cannot run")]
pub fn data_dir() -> Option<PathBuf> {
    let default = package().join("../../../shared/data");
    let folder = std::env::var("FLUXO_DATA_DIR").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let message = format!(
        "NO CAPTURES: {} does not exist, so this test checks nothing; set FLUXO_DATA_DIR",
        folder.display()
    );
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
    eprintln!("{message}");
    None
}

/// The package that is tested. Cargo tells a test where it lies; what was true when this was compiled
/// may be another clone that shares the build cache. All packages lie at one depth.
fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// Every recording below `binance_raw`, files of one run in order.
///
/// # Panics
/// When a capture cannot be opened.
#[must_use]
pub fn binance_runs() -> Vec<Run> {
    let Some(folder) = data_dir() else { return Vec::new() };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("binance_raw"))
        .expect("binance_raw can be listed")
        .map(|entry| entry.expect("an entry of binance_raw").path())
        .collect();
    files.sort();
    let mut runs: Vec<Run> = Vec::new();
    for file in files {
        let has_snapshot = begins_with_snapshot(&file);
        match runs.last_mut() {
            // A file without a snapshot goes on where its predecessor ended.
            Some(run) if !has_snapshot && stem(&run.files[0]) == stem(&file) => {
                run.files.push(file);
            }
            _ => runs.push(Run { files: vec![file], has_snapshot }),
        }
    }
    runs
}

/// The runs whose book can be synchronised.
#[must_use]
pub fn synchronised_runs() -> Vec<Run> {
    binance_runs().into_iter().filter(|run| run.has_snapshot).collect()
}

/// One capture by its name, for a test or bench that needs a certain one.
#[must_use]
pub fn capture(name: &str) -> Option<PathBuf> {
    let path = data_dir()?.join("binance_raw").join(name);
    path.is_file().then_some(path)
}

/// A file of the data folder by its place in it, for a test or bench that needs a certain one.
#[must_use]
pub fn data_file(place: &str) -> Option<PathBuf> {
    let path = data_dir()?.join(place);
    path.is_file().then_some(path)
}

/// The name without its date: `usdm_btcusdt`.
fn stem(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.rsplit_once('_').map_or(name.clone(), |(stem, _)| stem.to_owned())
}

/// A REST snapshot is a bare object; it comes within the first seconds or not at all.
fn begins_with_snapshot(file: &Path) -> bool {
    const LINES: usize = 5_000;
    let open = File::open(file).expect("a capture can be opened");
    let text: Box<dyn Read> = if file.extension().is_some_and(|extension| extension == "gz") {
        Box::new(flate2::read::MultiGzDecoder::new(open))
    } else {
        Box::new(open)
    };
    BufReader::new(text)
        .lines()
        .take(LINES)
        .any(|line| line.expect("a capture is text").contains(" {\"lastUpdateId\""))
}

/// A program of this workspace, as the test run has built it, from a test of any package.
///
/// # Panics
/// When it was not built: run the tests of the whole workspace.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // target/<profile>/deps/<test>
    let folder =
        test.parent().and_then(Path::parent).expect("a test lies in target/<profile>/deps");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not built: test with --workspace", program.display());
    program
}
