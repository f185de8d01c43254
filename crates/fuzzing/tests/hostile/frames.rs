//! Frames of a market of our own.

/// A snapshot, then depth updates and trades every 50 ms, each line with its receive time.
pub(crate) fn lines(steps: i64) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", steps);
    let text = std::fs::read(capture).unwrap();
    text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}
