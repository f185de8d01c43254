"""The rows on which every implementation of a model must agree, ties first.

A model is wrong long before its average says so: on rows that lie exactly on a threshold, one
float32 beside it, or hold no value at all. Golden rows hold all of these, on top of real ones.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]

ROWS_MAX = 4096
REAL_ROWS = 256


def tie_rows(rows: F32, thresholds: Sequence[tuple[int, np.float32]]) -> F32:
    """One real row for each threshold and float32 neighbour, with that one feature replaced.

    Args:
        rows: real rows, `[rows, features]`.
        thresholds: (feature, threshold) pairs.

    Returns:
        `[3 * thresholds, features]`: on the threshold, below it, above it, in turn.
    """
    features = np.array([feature for feature, _ in thresholds], dtype=np.int64)
    on = np.array([threshold for _, threshold in thresholds], dtype=np.float32)
    with np.errstate(over="ignore", under="ignore"):
        below = np.nextafter(on, np.float32(-np.inf))
        above = np.nextafter(on, np.float32(np.inf))
    values = np.stack([on, below, above], axis=1).reshape(-1)  # [3 * thresholds]
    # An infinity is a defect of a row, so a neighbour beyond the last float stays on the threshold.
    values = np.where(np.isfinite(values), values, np.repeat(on, 3))
    ties = rows[np.arange(len(values)) % len(rows)].copy()
    ties[np.arange(len(values)), np.repeat(features, 3)] = values
    return ties


def real_rows(rows: F32, count: int = REAL_ROWS) -> F32:
    """Rows spread evenly in time, and those that hold a feature's smallest or largest value."""
    spread = np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.int64)
    defined = ~np.all(np.isnan(rows), axis=0)
    known = rows[:, defined]
    extremes = [np.nanargmin(known, axis=0), np.nanargmax(known, axis=0)] if known.size else []
    return rows[np.unique(np.concatenate([spread, *extremes]))]


def golden_rows(
    rows: F32, thresholds: Sequence[tuple[int, np.float32]], rows_max: int = ROWS_MAX
) -> F32:
    """The golden inputs: real rows, a row of zeros, a row of NaN, then as many ties as fit.

    Args:
        rows: rows of the train period, `[rows, features]`.
        thresholds: the (feature, threshold) pairs of all models.
        rows_max: how many rows there may be; ties are thinned evenly to fit.
    """
    width = rows.shape[1]
    real = real_rows(rows)[: rows_max - 2]
    blank = np.stack([np.zeros(width, np.float32), np.full(width, np.nan, np.float32)])
    room = (rows_max - len(real) - len(blank)) // 3
    every = sorted(set(thresholds))
    if len(every) > room:
        kept = np.linspace(0, len(every) - 1, room).astype(np.int64)
        every = [every[at] for at in kept]
    return (
        np.concatenate([real, blank, tie_rows(real, every)]) if every else np.vstack([real, blank])
    )
