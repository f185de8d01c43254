//! Every way in which a bundle can be wrong is refused, with a line that says which file or model.

use crate::support::{bundle, expectations, files, line, runtime, verified};
use fluxo_ensemble::{Bundle, Error, Expectations, Hash};
use fluxo_test_data::{TestBundle, seal};
use serde_json::{Value, json};

/// What is said of a bundle whose manifest was bent, and everything sealed again.
fn refusal(bend: impl FnOnce(&mut TestBundle)) -> String {
    let mut bent = bundle(&["small", "large"]);
    bend(&mut bent);
    line(&verified(bent.sealed()).unwrap_err())
}

/// The same for one value of the first model.
fn claim(key: &str, value: Value) -> String {
    refusal(|bent| bent.manifest["models"][0][key] = value)
}

#[test]
fn a_whole_bundle_is_verified() {
    let whole = verified(bundle(&["small", "large", "brittle"]).sealed()).unwrap();
    assert_eq!(whole.manifest().models.len(), 3);
    // Its name is the hash of its list of hashes.
    let sums = &bundle(&["small", "large", "brittle"]).sealed()["SHA256SUMS"];
    assert_eq!(whole.id().to_string(), Hash::of(sums).to_string());
}

#[test]
fn a_missing_file_is_named() {
    let whole = bundle(&["small"]).sealed();
    for path in whole.keys() {
        let mut rest = whole.clone();
        rest.remove(path);
        assert_eq!(line(&verified(rest).unwrap_err()), format!("{path} is missing"));
        // Also where the list of hashes has forgotten it too.
        if path != "SHA256SUMS" {
            let mut rest = whole.clone();
            rest.remove(path);
            seal(&mut rest);
            assert_eq!(line(&verified(rest).unwrap_err()), format!("{path} is missing"));
        }
    }
}

#[test]
fn a_flipped_byte_is_found_in_every_file() {
    let whole = bundle(&["small"]).sealed();
    for (path, bytes) in &whole {
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = whole.clone();
            flipped.get_mut(path).unwrap()[at] ^= 0x10;
            let refused = line(&verified(flipped).unwrap_err());
            let named = refused.contains(path.as_str()) || path == "SHA256SUMS";
            assert!(named, "{path} at {at}: {refused}");
        }
    }
}

#[test]
fn what_is_not_of_the_bundle_is_refused() {
    let mut more = bundle(&["small"]).sealed();
    more.insert("notes.txt".to_owned(), b"hello".to_vec());
    let refused = line(&verified(more.clone()).unwrap_err());
    assert_eq!(refused, "notes.txt is no part of the bundle: SHA256SUMS does not list it");
    seal(&mut more);
    let refused = line(&verified(more).unwrap_err());
    assert_eq!(refused, "notes.txt is listed in SHA256SUMS, and manifest.json has no use for it");
    let mut outside = bundle(&["small"]).sealed();
    outside.insert("../notes.txt".to_owned(), Vec::new());
    assert!(matches!(files(outside), Err(Error::UnsafePath { .. })));
    let mut large = bundle(&["small"]).sealed();
    large.insert("small.onnx".to_owned(), vec![0; (20 << 20) + 1]);
    assert!(matches!(files(large), Err(Error::FileTooLarge { .. })));
    // What changes from run to run lies beside the hashes.
    let mut told = bundle(&["small"]).sealed();
    told.insert("provenance.json".to_owned(), b"{}".to_vec());
    verified(told).unwrap();
}

#[test]
fn another_feature_schema_is_refused() {
    let other = Expectations { feature_schema: Some(Hash::of(b"other")), ..expectations() };
    let whole = files(bundle(&["small"]).sealed()).unwrap();
    let refused = line(&Bundle::verify(whole, &other).unwrap_err());
    assert!(refused.starts_with("manifest.json: made for rows of feature schema"), "{refused}");
    // Whoever reads no rows accepts any, as long as the bundle agrees with itself.
    let whole = files(bundle(&["small"]).sealed()).unwrap();
    Bundle::verify(whole, &Expectations::default()).unwrap();
    let other = Hash::of(b"other").to_string();
    let refused = claim("feature_schema_hash", json!(other));
    assert!(refused.starts_with("model small: made for rows of feature schema"), "{refused}");
}

#[test]
fn another_instrument_is_refused() {
    let refused = claim("symbol", json!("ETHUSDT"));
    assert_eq!(refused, "model small: trained on ETHUSDT, and the run is of BTCUSDT");
    let mut bent = bundle(&["small"]);
    bent.manifest["models"][0]["symbol"] = json!("ETHUSDT");
    let any = Expectations { symbol: None, ..expectations() };
    Bundle::verify(files(bent.sealed()).unwrap(), &any).unwrap();
}

#[test]
fn a_manifest_is_read_strictly() {
    for (bend, said) in [
        (("/schema", json!(2)), "manifest.json has schema 2"),
        (("/runtime", json!("1.30.0")), "made with ONNX Runtime 1.30.0"),
        (("/surprise", json!(1)), "unknown field `surprise`"),
        (("/models/0/surprise", json!(1)), "unknown field `surprise`"),
        (("/models/0/dataset/surprise", json!(1)), "unknown field `surprise`"),
        (("/models/0/family", json!("catboost")), "unknown variant `catboost`"),
        (("/models/0/role", json!("magic")), "unknown variant `magic`"),
        (("/models/0/mode", json!("some")), "unknown variant `some`"),
        (("/models", json!([])), "0 models, and there must be 1 to 8"),
        (("/decision/enter", json!(-0.1)), "thresholds must satisfy"),
        (("/decision/leave", json!(-0.13)), "thresholds must satisfy"),
        (("/decision/leave", json!(0.12)), "thresholds must satisfy"),
        (("/decision/cost_bps", json!(-1)), "decision.cost_bps must be a number of at least zero"),
        (("/golden/rows", json!(71)), "golden/inputs.npy has 70 rows of 114"),
    ] {
        let ((pointer, value), said) = (bend, said);
        let refused = refusal(|bent| {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            bent.manifest.pointer_mut(parent).unwrap()[key] = value;
        });
        assert!(refused.contains(said), "{pointer}: {refused}");
    }
    for key in ["opset", "base_weight", "file", "seed", "parity"] {
        let refused = refusal(|bent| {
            let model = bent.manifest["models"][1].as_object_mut().unwrap();
            model.insert("model_id".to_owned(), json!("of no file"));
            model.remove(key);
        });
        assert!(refused.contains(&format!("missing field `{key}`")), "{key}: {refused}");
    }
}

#[test]
fn a_model_that_claims_what_cannot_be_is_refused() {
    for (key, value, said) in [
        ("name", json!("large"), "there are two of that name"),
        ("name", json!("a/b"), "a name is made of letters"),
        ("model_id", json!("0123456789abcdef"), "model_id is 0123456789abcdef"),
        ("family", json!("lstm"), "models of the family lstm do not run yet"),
        ("base_weight", json!(0.0), "base_weight must be a number above zero"),
        ("base_weight", json!(-1.0), "base_weight must be a number above zero"),
        ("base_weight", json!(1.1e6), "above zero and at most 1000000, got 1100000"),
        ("role", json!("regime_detection"), "its role is not signal_generation"),
        (
            "input_set",
            json!({"set": "full", "regime": true, "consensus": true}),
            "input_set has the consensus vector, which rows do not carry yet",
        ),
        ("regimes", json!([0, 1]), "regimes must lie"),
        ("regimes", json!([-1, 8]), "regimes must lie"),
        ("mode", json!("tick_only"), "mode and input_set.set differ"),
        ("inputs", json!([]), "inputs must be one"),
        (
            "inputs",
            json!([{"name": "features", "dtype": "f32", "shape": ["B", 113]}]),
            "inputs must be one \"features\" f32[\"B\",114]",
        ),
        (
            "outputs",
            json!([{"name": "probabilities", "dtype": "f32", "shape": ["B", 3],
                "classes": [1, 0, -1]}]),
            "outputs must be one",
        ),
        (
            "files",
            json!({"small.onnx": Hash::of(b"").to_string()}),
            "another SHA-256 of small.onnx",
        ),
        ("opset", json!({"": 18, "ai.onnx.ml": 3}), "manifest.json needs opset 18 of \"\""),
        ("opset", json!({"": 17}), "manifest.json needs opset 0 of \"ai.onnx.ml\""),
        ("opset", json!({"": 17, "ai.onnx.ml": 3, "x": 1}), "needs opset 1 of \"x\""),
    ] {
        let refused = claim(key, value);
        assert!(refused.contains(said), "{key}: {refused}");
    }
}

#[test]
fn models_that_cannot_be_averaged_are_refused() {
    let refused = refusal(|bent| bent.manifest["models"][1]["target"] = json!("dir_60s"));
    assert_eq!(refused, "model large: its target is dir_60s, and that of small is dir_10s");
    let refused = refusal(|bent| {
        let graph = bent.files["small.onnx"].clone();
        bent.files.insert("large.onnx".to_owned(), graph);
        let id = Hash::of(&bent.files["small.onnx"]).to_string();
        for model in bent.manifest["models"].as_array_mut().unwrap() {
            model["model_id"] = json!(id[..16]);
        }
    });
    assert_eq!(refused, "model large: its model_id is that of small, too");
}

#[test]
fn golden_rows_that_no_hash_covers_are_refused() {
    let mut bent = bundle(&["small"]);
    let inputs = bent.files.remove("golden/inputs.npy").unwrap();
    bent.manifest["golden"]["inputs"] = json!("provenance.json");
    let mut all = bent.sealed();
    all.insert("provenance.json".to_owned(), inputs);
    let said = "manifest.json uses provenance.json, and SHA256SUMS does not list it";
    assert_eq!(line(&verified(all).unwrap_err()), said);
}

#[test]
fn golden_outputs_are_probabilities_in_every_row() {
    for value in [f32::NAN, f32::INFINITY, -0.5, 2.0] {
        let refused = refusal(|bent| {
            let outputs = bent.files.get_mut("golden/outputs_large.npy").unwrap();
            let at = outputs.len() - 4 * 3;
            outputs[at..at + 4].copy_from_slice(&value.to_le_bytes());
        });
        let said = "model large: row 69 of its golden_outputs holds no probabilities";
        assert_eq!(refused, said, "{value}");
    }
}

#[test]
fn a_graph_of_other_operators_is_refused_whatever_the_manifest_says() {
    let refused = line(&verified(bundle(&["old_opset"]).sealed()).unwrap_err());
    let said = "model old_opset: old_opset.onnx needs opset 16 of \"\", and there must be 17";
    assert_eq!(refused, said);
    let refused = refusal(|bent| {
        bent.files.insert("small.onnx".to_owned(), b"a text".to_vec());
    });
    assert_eq!(refused, "model small: small.onnx is no ONNX file");
}

#[test]
fn a_graph_that_reads_another_file_is_refused() {
    let refused = refusal(|bent| {
        // More of the graph: an initializer whose numbers are said to lie outside.
        let outside = b"\x3a\x0e\x2a\x0c\x6a\x0a\x0a\x08location";
        bent.files.get_mut("small.onnx").unwrap().extend(outside);
    });
    assert_eq!(refused, "model small: small.onnx takes numbers from another file");
}

#[test]
fn a_graph_that_holds_more_than_a_model_needs_is_refused() {
    for (more, said) in [
        // A node, by its operator and its domain.
        (
            b"\x3a\x15\x0a\x13\x22\x11RandomUniformLike".as_slice(),
            "uses the operator \"RandomUniformLike\" of \"\", which is not allowed",
        ),
        (b"\x3a\x06\x0a\x04\x22\x02If", "uses the operator \"If\" of \"\", which"),
        (
            b"\x3a\x0d\x0a\x0b\x22\x03Add\x3a\x04evil",
            "uses the operator \"Add\" of \"evil\", which",
        ),
        (b"\x3a\x0f\x0a\x0d\x22\x07Softmax\x2a\x02\x32\x00", "has a graph within its graph"),
        (b"\xca\x01\x00", "brings functions of its own"),
        (b"\xa2\x01\x00", "has a graph to be trained by"),
        (b"\x3a\x02\x7a\x00", "has sparse tensors"),
    ] {
        let refused = refusal(|bent| bent.files.get_mut("small.onnx").unwrap().extend(more));
        let said = format!("model small: small.onnx {said}");
        assert!(refused.starts_with(&said), "{refused}");
    }
}

#[test]
fn a_graph_that_does_not_load_is_refused() {
    let Some(runtime) = runtime() else { return };
    // Well-formed as far as its operators go, and cut behind them.
    let mut bent = bundle(&["small"]);
    let imports = b"\x42\x02\x10\x11\x42\x0e\x0a\x0aai.onnx.ml\x10\x03".to_vec();
    bent.files.insert("small.onnx".to_owned(), imports);
    let empty = verified(bent.sealed()).unwrap();
    let refused = line(&empty.ensemble(&runtime).unwrap_err());
    assert!(refused.starts_with("model small: small.onnx is no graph that"), "{refused}");
}

#[test]
fn a_graph_of_another_width_is_refused() {
    let Some(runtime) = runtime() else { return };
    let mut bent = bundle(&["small"]);
    bent.manifest["models"][0]["inputs"][0]["shape"][1] = json!(108);
    bent.manifest["models"][0]["input_set"]["regime"] = json!(false);
    let narrow = verified(bent.sealed()).unwrap();
    let refused = line(&narrow.ensemble(&runtime).unwrap_err());
    assert_eq!(
        refused,
        "model small: small.onnx does not have the inputs that manifest.json declares"
    );
}

#[test]
fn a_model_that_says_something_else_here_is_refused() {
    let Some(runtime) = runtime() else { return };
    let good = verified(bundle(&["small", "large"]).sealed()).unwrap();
    for parity in good.parity(&runtime).unwrap() {
        assert_eq!((parity.rows, parity.beyond), (70, None), "{parity:?}");
        assert!(parity.max_abs <= 1e-5, "{parity:?}");
    }
    // One answer of one row, moved by a little more than the tolerance.
    for (moved, row, class) in [(2e-5, 33, 1), (-3e-5, 69, 2)] {
        let mut bent = bundle(&["small", "large"]);
        let outputs = bent.files.get_mut("golden/outputs_large.npy").unwrap();
        let at = outputs.len() - 4 * 3 * 70 + 4 * (3 * row + class);
        let value = f32::from_le_bytes(outputs[at..at + 4].try_into().unwrap());
        outputs[at..at + 4].copy_from_slice(&(value + moved).to_le_bytes());
        let refused = line(&verified(bent.sealed()).unwrap().ensemble(&runtime).unwrap_err());
        let said = format!("model large: golden row {row}, output {class}, asked ");
        assert!(refused.starts_with(&said), "{refused}");
    }
}
