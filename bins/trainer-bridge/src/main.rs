//! Datasets out, bundles in: drives the cold path.

fn main() {}
