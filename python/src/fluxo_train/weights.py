"""How much a row counts: labels that overlap share one weight."""

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


def normalised(weights: F64) -> F64:
    """Weights of mean 1 over the rows given, none beyond [0.05, 20]."""
    clipped = np.clip(weights / weights.mean(), WEIGHT_MIN, WEIGHT_MAX)
    return clipped / clipped.mean()
