//! Any bytes, as a recording: `cargo +nightly fuzz run market`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fluxo_fuzzing::market(bytes);
});
