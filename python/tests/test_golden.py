"""Do golden rows hold what tells implementations apart?"""

import numpy as np

from fluxo_train.golden import golden_rows, real_rows, tie_rows

ROWS = np.random.default_rng(0).normal(size=(1000, 6)).astype(np.float32)
TIES = [(1, np.float32(0.25)), (4, np.float32(0.0)), (5, np.float32(np.finfo(np.float32).max))]


def test_a_tie_row_differs_from_a_real_row_in_one_feature() -> None:
    ties = tie_rows(ROWS, TIES)
    assert ties.shape == (9, 6)
    for at, row in enumerate(ties):
        feature, threshold = TIES[at // 3]
        changed = np.flatnonzero(row != ROWS[at])
        assert changed.tolist() == [feature]
        side = [row[feature] == threshold, row[feature] < threshold, row[feature] > threshold]
        assert side[at % 3] or threshold == np.finfo(np.float32).max
    assert np.isfinite(ties).all()


def test_extremes_zeros_and_nan_are_there_and_the_cap_holds() -> None:
    rows = ROWS.copy()
    rows[:, 0] = np.nan  # a feature without a value
    golden = golden_rows(rows, TIES)
    for column in range(1, 6):
        for extreme in (rows[:, column].min(), rows[:, column].max()):
            assert (golden[:, column] == extreme).any()
    assert (golden == 0.0).all(axis=1).any()
    assert np.isnan(golden).all(axis=1).any()
    assert len(golden) >= 256 + 2 + 9
    many = [(at % 6, np.float32(at)) for at in range(5000)]
    capped = golden_rows(rows, many, rows_max=400)
    assert 395 <= len(capped) <= 400
    np.testing.assert_array_equal(capped, golden_rows(rows, many[::-1], rows_max=400))
    assert len(real_rows(rows[:3])) <= 3
