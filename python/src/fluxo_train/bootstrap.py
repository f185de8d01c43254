"""Stationary bootstrap (Politis and Romano 1994): how far a mean of dependent values may be off.

Blocks of random length keep what neighbours share. The mean block is `max(4, n^(1/3))`, the seed is
fixed, the interval is between percentiles.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

DRAWS: Final = 2000
SEED: Final = 20240101
CHUNK: Final = 100


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval over `n` values."""

    value: float
    low: float
    high: float
    n: int

    def as_json(self) -> dict[str, Any]:
        """Rounded to what a sum of floats can promise."""
        return {
            "value": round(self.value, 9),
            "low": round(self.low, 9),
            "high": round(self.high, 9),
            "n": self.n,
        }

    def __str__(self) -> str:
        """`value [low, high] (n)`."""
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}] (n {self.n})"


def resampled_means(values: F64, draws: int = DRAWS, seed: int = SEED) -> F64:
    """The mean of each stationary resample of `values`, taken as a circle."""
    n = len(values)
    block = max(4.0, n ** (1.0 / 3.0))
    # Sums of blocks are differences of prefix sums; a block never needs more than one turn.
    prefix = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values]))])
    random = np.random.default_rng(seed)
    blocks = int(n / block + 8.0 * np.sqrt(n / block)) + 16
    means = np.empty(draws)
    for at in range(0, draws, CHUNK):
        some = min(CHUNK, draws - at)
        lengths = random.geometric(1.0 / block, size=(some, blocks))  # [draws, blocks]
        lengths[:, -1] = n  # the last block always fills what is left
        ends = np.minimum(np.cumsum(lengths, axis=1), n)
        starts = random.integers(0, n, size=(some, blocks))
        taken = np.diff(ends, axis=1, prepend=0)
        sums = prefix[starts + taken] - prefix[starts]
        means[at : at + some] = sums.sum(axis=1) / n
    return means


def mean_interval(values: F64, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """The mean of `values` with its 95 % interval."""
    if len(values) == 0:
        return Estimate(0.0, 0.0, 0.0, 0)
    low, high = np.percentile(resampled_means(values, draws, seed), [2.5, 97.5])
    return Estimate(float(values.mean()), float(low), float(high), len(values))
