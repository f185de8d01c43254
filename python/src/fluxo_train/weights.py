"""How much a row counts: labels that overlap share one weight, old rows fade, rare classes grow."""

from typing import Literal

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

WEIGHT_MIN, WEIGHT_MAX = 0.05, 20.0


def concurrency(ts: I64, t1: I64, times: I64) -> I64:
    """How many labels cover each of the sorted `times`; a label covers `(ts, t1]`."""
    first = np.searchsorted(times, ts, side="right")
    last = np.searchsorted(times, t1, side="right")
    steps = np.zeros(len(times) + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, last, -1)
    return np.cumsum(steps)[:-1]


def uniqueness(ts: I64, t1: I64, times: I64) -> F64:
    """The mean of 1 / concurrency over each label's `(ts, t1]`.

    A label formed at `ts` starts to use information strictly after it, so the interval is open on
    the left. A label that covers none of the times stands alone: 1.
    """
    count = concurrency(ts, t1, times)
    share = np.divide(1.0, count, out=np.zeros(len(times)), where=count > 0)
    upto = np.concatenate([[0.0], np.cumsum(share)])
    first = np.searchsorted(times, ts, side="right")
    last = np.searchsorted(times, t1, side="right")
    covered = last - first
    total = upto[last] - upto[first]
    return np.divide(total, covered, out=np.ones(len(ts)), where=covered > 0)


def linear_uniqueness(unique: F64, oldest: float) -> F64:
    """A decay in cumulative uniqueness: the newest row keeps 1, the start of time gets `oldest`."""
    position = np.cumsum(unique)
    return oldest + (1.0 - oldest) * position / position[-1]


def half_life(ts: I64, half_life_ns: int) -> F64:
    """A decay in time: a row counts half of one that is a half-life younger."""
    return np.exp2(-(ts.max() - ts) / half_life_ns)


def class_weights(
    counts: npt.ArrayLike, form: Literal["balanced", "sqrt", "effective"], beta: float = 0.9999
) -> F64:
    """A weight per class: `n / (K n_k)`, its root, or Cui's effective number; mean 1 over rows."""
    n = np.asarray(counts, np.float64)
    balanced = n.sum() / (len(n) * n)
    raw = {
        "balanced": balanced,
        "sqrt": np.sqrt(balanced),
        "effective": (1.0 - beta) / (1.0 - beta**n),
    }[form]
    return raw / (raw @ n / n.sum())


def prior_corrected(probabilities: F64, weights: F64) -> F64:
    """Undoes class weights in predicted probabilities: `p_k / w_k`, renormalised."""
    restored = probabilities / weights
    return restored / restored.sum(axis=-1, keepdims=True)


def normalised(weights: F64) -> F64:
    """Weights of mean 1 over the rows given, none beyond [0.05, 20]."""
    clipped = np.clip(weights / weights.mean(), WEIGHT_MIN, WEIGHT_MAX)
    return clipped / clipped.mean()
