//! A file that looks like ONNX Runtime's library and is none. A binary of its own: a process has one
//! runtime, and here there is never one.

use fluxo_ensemble::{RUNTIME_VERSION, Runtime, RuntimeError};

/// What is looked at before a library is loaded: a header of ELF, the version, the entry.
fn counterfeit() -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01".to_vec();
    bytes.resize(0x40, 0);
    bytes.extend(format!("OrtGetApiBase\0VERS_{RUNTIME_VERSION}\0").bytes());
    bytes
}

#[test]
fn what_looks_like_the_library_and_is_none_does_not_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libonnxruntime.so");
    std::fs::write(&path, counterfeit()).unwrap();
    for path in [path, folder.path().join("gone.so")] {
        let refused = Runtime::load(&path, &counterfeit()).unwrap_err();
        assert!(matches!(refused, RuntimeError::Load(_)), "{refused}");
    }
}
