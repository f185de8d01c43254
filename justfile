# The README's commands, and the rest. `just --list` shows them.

# All of CI.
verify:
    cargo verify

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
