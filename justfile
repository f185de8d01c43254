# The README's commands, and the rest. `just --list` shows them.

# All of CI.
verify:
    cargo verify

# An hour of a planted market over a socket, traded on paper by models.
demo:
    cargo demo

# ONNX Runtime, and Python's environment.
setup:
    cargo setup --python

# The demo's bundle, trained anew.
demo-bundle *ARGS:
    cargo xtask demo-bundle {{ARGS}}

# The house rules alone.
tidy:
    cargo xtask tidy

# The programs, optimised.
build:
    cargo build --release --workspace --bins

# Every benchmark, with its figures.
bench *ARGS:
    cargo xtask bench {{ARGS}}

# Expected outputs and generated files anew; the diff is the review.
golden:
    UPDATE_GOLDEN=1 UPDATE_EXPECT=1 TRYBUILD=overwrite cargo test --workspace --profile verify
