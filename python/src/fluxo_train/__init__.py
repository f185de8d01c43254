"""The cold path: dataset rows in, a bundle of models with golden vectors out.

Features, targets and simulated fills are computed in Rust only; this package reads rows. Every run
with the same data, seed and arguments writes the same bytes, so it works on one thread.
"""

import os

# Before numpy, LightGBM or XGBoost are loaded: two OpenMP threads on two busy cores were 50 times
# slower than one, and the order of a sum is the order of its threads.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

TRAINER_VERSION = "0.1.0"
