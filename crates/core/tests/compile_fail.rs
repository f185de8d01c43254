//! Programs that must not compile.

#[test]
fn units_do_not_mix() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
