"""Cuts rows by time so that no label reaches across a cut.

Training takes the first rows; the last 15 % of its time decide when to stop and fit the band; what
lies after training is touched once, to judge. A row is on the near side of a cut only if its label
was known an embargo before it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxo_train.errors import TooFewRowsError

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

VALIDATION_SHARE: Final = 0.15


@dataclass(frozen=True)
class Cut:
    """Where validation and the holdout begin, and which rows with labels serve what.

    The masks `validation_all` and `holdout_all` also take rows whose label is not known: a policy
    has to hold its position through them.
    """

    start: int
    validation: int
    holdout: int
    end: int
    fit_rows: Mask
    validation_rows: Mask
    validation_all: Mask
    holdout_rows: Mask
    holdout_all: Mask
    purged: int


def kept(t1: I64, cut: int, embargo_ns: int) -> Mask:
    """Whether a label ends, and its embargo passes, before the cut."""
    return t1 + embargo_ns < cut


def cut(ts: I64, t1: I64, labelled: Mask, usable: Mask, *, train_until: int, embargo: int) -> Cut:
    """Cuts usable rows at the end of training and, inside it, before its last 15 %.

    Args:
        ts: times of the rows.
        t1: when each label was known.
        labelled: rows that have a label.
        usable: rows of warm segments.
        train_until: the first moment after training.
        embargo: the gap before a cut, in nanoseconds.
    """
    start, end = int(ts[usable].min(initial=train_until)), int(ts.max()) + 1
    validation = train_until - int((train_until - start) * VALIDATION_SHARE)
    known = labelled & usable
    fit_side, train_side = ts < validation, ts < train_until
    fit = known & fit_side & kept(t1, validation, embargo)
    checked = known & ~fit_side & train_side & kept(t1, train_until, embargo)
    if not fit.any() or not checked.any():
        raise TooFewRowsError(f"{fit.sum()} rows to fit on, {checked.sum()} to validate")
    return Cut(
        start=start,
        validation=validation,
        holdout=train_until,
        end=end,
        fit_rows=fit,
        validation_rows=checked,
        validation_all=usable & ~fit_side & train_side,
        holdout_rows=known & ~train_side,
        holdout_all=usable & ~train_side,
        purged=int((known & train_side).sum() - fit.sum() - checked.sum()),
    )


def violations(result: Cut, ts: I64, t1: I64, embargo: int) -> int:
    """How many rows break a rule of the cut: the audit of label ends, on the finished cut."""
    fit, checked = result.fit_rows, result.validation_rows
    reaches = (t1[fit] + embargo >= result.validation).sum()
    reaches += (t1[checked] + embargo >= result.holdout).sum()
    wrong_side = (ts[fit] >= result.validation).sum() + (ts[checked] < result.validation).sum()
    wrong_side += (ts[result.holdout_all] < result.holdout).sum()
    return int(reaches + wrong_side)
