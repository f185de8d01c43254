//! An approval cannot be forged.

#[test]
fn only_the_gate_approves() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
