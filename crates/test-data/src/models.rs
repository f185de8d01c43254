//! ONNX Runtime's library and small bundles, for tests and benches that need models.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// ONNX Runtime's library: `ORT_DYLIB_PATH`, or `.ort/libonnxruntime.so` in the project, where
/// `cargo setup` puts it. `None`, after one loud line, when there is none.
///
/// # Panics
/// Where `CI=true` and the library is missing.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where the library lies"
)]
#[expect(clippy::print_stderr, reason = "the one loud line of a test that cannot run")]
pub fn runtime_library() -> Option<PathBuf> {
    let set_up = project().join(".ort/libonnxruntime.so");
    let library = std::env::var("ORT_DYLIB_PATH").map_or(set_up, PathBuf::from);
    if library.is_file() {
        return Some(library);
    }
    let message = format!(
        "NO ONNX RUNTIME: {} does not exist, so this test checks nothing; run `cargo setup`",
        library.display()
    );
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
    eprintln!("{message}");
    None
}

/// The interpreter of the Python environment: `FLUXO_PYTHON`, or `.venv/bin/python` in the project,
/// where `cargo setup --python` puts it. `None`, after one loud line, when there is none.
///
/// # Panics
/// Where `CI=true` and the interpreter is missing.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where the interpreter lies"
)]
#[expect(clippy::print_stderr, reason = "the one loud line of a test that cannot run")]
pub fn python() -> Option<PathBuf> {
    let set_up = project().join(".venv/bin/python");
    let python = std::env::var("FLUXO_PYTHON").map_or(set_up, PathBuf::from);
    if python.is_file() {
        return Some(python);
    }
    let message = format!(
        "NO PYTHON: {} does not exist, so this test checks nothing; run `cargo setup --python`",
        python.display()
    );
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
    eprintln!("{message}");
    None
}

/// The root of the project that this test belongs to.
#[must_use]
pub fn project() -> PathBuf {
    crate::package().join("../..")
}

/// A bundle of the models in `crates/ensemble/tests/fixtures`, which a test may bend before it is
/// sealed.
#[derive(Clone, Debug)]
pub struct TestBundle {
    /// What `manifest.json` will say; the files' hashes are filled in when it is sealed.
    pub manifest: Value,
    /// Every file but the manifest and the list of hashes.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl TestBundle {
    /// A bundle of these models (`small`, `large`, `brittle` or `old_opset`), of equal weights, for
    /// rows of that schema and that instrument.
    ///
    /// # Panics
    /// When a fixture cannot be read.
    #[must_use]
    pub fn new(models: &[&str], feature_schema_text: &str, symbol: &str) -> Self {
        let schema = hex(feature_schema_text.as_bytes());
        let mut files = BTreeMap::from([("golden/inputs.npy".to_owned(), fixture("inputs.npy"))]);
        for name in models {
            let answers = if *name == "old_opset" { "small" } else { name };
            let answers = fixture(&format!("outputs_{answers}.npy"));
            files.insert(format!("golden/outputs_{name}.npy"), answers);
            files.insert(format!("{name}.onnx"), fixture(&format!("{name}.onnx")));
        }
        let models: Vec<Value> = models.iter().map(|name| entry(name, &schema, symbol)).collect();
        let manifest = json!({
            "schema": 1, "bundle": "test", "runtime": "1.31.1", "feature_schema_hash": schema,
            "decision": {"enter": 0.12, "leave": -0.12, "cost_bps": 0.5},
            "golden": {"inputs": "golden/inputs.npy", "rows": 70}, "models": models,
        });
        Self { manifest, files }
    }

    /// All files with their hashes, as they are published.
    ///
    /// # Panics
    /// When the manifest was bent so far that it has no models any more.
    #[must_use]
    pub fn sealed(&self) -> BTreeMap<String, Vec<u8>> {
        let mut manifest = self.manifest.clone();
        for model in manifest["models"].as_array_mut().expect("a manifest has models") {
            for key in ["file", "golden_outputs"] {
                let Some(path) = model[key].as_str().map(str::to_owned) else { continue };
                let hash = self.files.get(&path).map(|bytes| hex(bytes)).unwrap_or_default();
                if key == "file" && model["model_id"].is_null() {
                    model["model_id"] = json!(hash.get(..16).unwrap_or_default());
                }
                if model["files"].get(&path).is_none() {
                    model["files"][path] = json!(hash);
                }
            }
        }
        let mut files = self.files.clone();
        files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
        seal(&mut files);
        files
    }

    /// Writes the sealed files into a folder, with a `provenance.json` beside them.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) {
        for (path, bytes) in self.sealed() {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))
                .expect("the folder of a bundle can be made");
            std::fs::write(path, bytes).expect("a file of a bundle can be written");
        }
        std::fs::write(folder.join("provenance.json"), "{}\n").expect("a file can be written");
    }
}

/// Lists the hash of every file in `SHA256SUMS`, as it is published.
pub fn seal(files: &mut BTreeMap<String, Vec<u8>>) {
    files.remove("SHA256SUMS");
    let mut list = String::new();
    for (path, bytes) in &*files {
        let _infallible = writeln!(list, "{}  {path}", hex(bytes));
    }
    files.insert("SHA256SUMS".to_owned(), list.into_bytes());
}

fn entry(name: &str, schema: &str, symbol: &str) -> Value {
    json!({
        "name": name, "model_id": null, "family": "lightgbm", "role": "signal_generation",
        "symbol": symbol, "target": "dir_10s", "mode": "full", "regimes": [-1, 0, 1, 2],
        "opset": {"": 17, "ai.onnx.ml": 3},
        "inputs": [{"name": "features", "dtype": "f32", "shape": ["B", 114]}],
        "input_set": {"set": "full", "regime": true, "consensus": false},
        "outputs": [{
            "name": "probabilities", "dtype": "f32", "shape": ["B", 3], "classes": [-1, 0, 1],
        }],
        "feature_schema_hash": schema, "base_weight": 0.5,
        "dataset": {"sha256": hex(b""), "t_start": 0, "t_end": 0, "code_version": {}},
        "scaler": {"kind": "none", "fused": true}, "calibration": {"kind": "none"},
        "decision": {"cost_bps": 0.5, "threshold": 0.0, "prior_correction": [1, 1, 1]},
        "hyperparameters": {}, "seed": 1, "n_trials_seen": 1,
        "cv": {}, "baselines": {}, "canaries": {},
        "parity": {"max_abs": 0.0, "rows": 70},
        "file": format!("{name}.onnx"), "golden_outputs": format!("golden/outputs_{name}.npy"),
        "files": {}, "parents": [], "trainer_version": "0.1.0",
    })
}

fn fixture(name: &str) -> Vec<u8> {
    let path = project().join("crates/ensemble/tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
