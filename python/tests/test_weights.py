"""Do overlapping labels share one weight, by the published numbers?"""

import numpy as np
import pytest

from fluxo_train.weights import (
    class_weights,
    concurrency,
    half_life,
    linear_uniqueness,
    normalised,
    prior_corrected,
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


def test_decays() -> None:
    unique = uniqueness(TS, T1, TIMES)
    np.testing.assert_allclose(
        linear_uniqueness(unique, 0.5), [0.625, 0.70833, 0.83333, 1.0], atol=5e-6
    )
    day = 86_400_000_000_000
    ages = np.array([0, 90, 180]) * day
    assert half_life(ages, 90 * day).tolist() == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("balanced", [66.67, 0.3367, 66.67]),
        ("sqrt", [12.44, 0.884, 12.44]),
        ("effective", [17.16, 0.837, 17.16]),
    ],
)
def test_class_weights(form: str, expected: list[float]) -> None:
    found = class_weights([500, 99_000, 500], form)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_the_prior_comes_back() -> None:
    weights = class_weights([500, 99_000, 500], "balanced")
    restored = prior_corrected(np.array([0.4, 0.2, 0.4]), weights)
    np.testing.assert_allclose(restored, [0.0099, 0.9802, 0.0099], atol=5e-5)


def test_no_row_outweighs_all_others() -> None:
    weights = normalised(np.array([1e-9, 1.0, 1.0, 1e9]))
    assert weights.mean() == pytest.approx(1.0)
    assert weights.max() / weights.min() == pytest.approx(4.0 / 0.05)
