"""Does no label reach across a cut?"""

from dataclasses import replace

import numpy as np
import pytest

from fluxo_train.errors import TooFewRowsError
from fluxo_train.splits import cut, violations

N, HORIZON, EMBARGO = 1000, 10, 60
TS = np.arange(N)
T1 = TS + HORIZON
EVERY = np.ones(N, np.bool_)


def test_rows_near_a_cut_serve_nobody() -> None:
    warm = TS >= 100
    labelled = TS < N - HORIZON
    found = cut(TS, T1, labelled, warm, train_until=800, embargo=EMBARGO)
    assert (found.start, found.validation, found.holdout, found.end) == (100, 695, 800, 1000)
    fit, validation = TS[found.fit_rows], TS[found.validation_rows]
    assert (fit.min(), fit.max()) == (100, 695 - HORIZON - EMBARGO - 1)
    assert (validation.min(), validation.max()) == (695, 800 - HORIZON - EMBARGO - 1)
    assert TS[found.validation_all].max() == 799
    assert (TS[found.holdout_rows].min(), TS[found.holdout_rows].max()) == (800, 989)
    assert TS[found.holdout_all].max() == 999
    assert found.purged == 2 * (HORIZON + EMBARGO)
    assert violations(found, TS, T1, EMBARGO) == 0


def test_the_audit_sees_a_row_that_reaches_across() -> None:
    found = cut(TS, T1, EVERY, EVERY, train_until=800, embargo=EMBARGO)
    leaky = found.fit_rows.copy()
    leaky[found.validation - HORIZON - EMBARGO] = True
    assert violations(replace(found, fit_rows=leaky), TS, T1, EMBARGO) == 1
    longer = np.where(TS == 5, 900, T1)
    assert violations(found, TS, longer, EMBARGO) == 1


def test_too_few_rows_are_said_to_be() -> None:
    with pytest.raises(TooFewRowsError, match="15 rows to fit on, 0 to validate"):
        cut(TS, T1, EVERY, EVERY, train_until=100, embargo=EMBARGO)
