"""Do overlapping labels share one weight, by the published numbers?"""

import numpy as np
import pytest

from fluxo_train.weights import (
    concurrency,
    normalised,
    uniqueness,
)

TS = np.array([0, 1, 2, 5])
T1 = np.array([2, 3, 4, 6])
TIMES = np.arange(1, 7)


def test_concurrency_and_uniqueness_of_half_open_labels() -> None:
    assert concurrency(TS, T1, TIMES).tolist() == [1, 2, 2, 1, 0, 1]
    half_open = uniqueness(TS, T1, TIMES)
    assert half_open.tolist() == [0.75, 0.5, 0.75, 1.0]
    # The closed interval [ts, t1] is the other convention: it must give the other numbers.
    closed = uniqueness(TS - 1, T1, np.arange(0, 7))
    np.testing.assert_allclose(closed, [0.6111, 0.4444, 0.6111, 1.0], atol=5e-5)


def test_no_row_outweighs_all_others() -> None:
    weights = normalised(np.array([1e-9, 1.0, 1.0, 1e9]))
    assert weights.mean() == pytest.approx(1.0)
    assert weights.max() / weights.min() == pytest.approx(4.0 / 0.05)
