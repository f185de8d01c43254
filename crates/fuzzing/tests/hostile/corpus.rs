//! The corpus of each fuzz target.

use std::path::{Path, PathBuf};

use fluxo_fuzzing::market;

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_corpus_of_the_market_hurts_nobody() {
    let files = corpus("market");
    assert!(files.len() >= 20, "{} files", files.len());
    let mut rows = 0;
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.len() < 64_000, "{} is too large for a corpus", file.display());
        let came = std::panic::catch_unwind(|| market(&bytes));
        let came = came.unwrap_or_else(|_| panic!("{} hurts", file.display()));
        let name = file.file_name().unwrap().to_string_lossy();
        // A plain file must show that the way to a row is open, or the others prove nothing.
        if name.starts_with("plain_") {
            assert!(came.values > 100, "{name}: {came:?}");
        }
        rows += came.rows;
    }
    assert!(rows > 1_000, "{rows} rows");
}
