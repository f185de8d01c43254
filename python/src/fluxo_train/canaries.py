"""Small checks that die first when the future leaks into training.

Each returns numbers and a word. Its tests hold both controls: clean data passes, a planted leak is
found; a canary that cannot die says nothing.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from fluxo_train.models.sample import Sample

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

# Rank correlation with the very next move, beyond which a feature is looked at more closely: an
# order book a tenth of a second before a move may honestly know that much.
IC_MAX: Final = 0.15
# Less than this share of it a row earlier or later is a knowledge that comes and goes with one row.
IC_KEPT_MIN: Final = 0.5
IC_GROUPS: Final = 6
IC_GROUPS_FOUND: Final = 3
# A quiet market repeats a row now and then; a day that is there twice repeats all of its rows.
REPEATED_MAX: Final = 0.01


@dataclass(frozen=True)
class Verdict:
    """What a canary found."""

    passed: bool
    numbers: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """`pass` or `fail`, with the numbers behind it."""
        return {"verdict": "pass" if self.passed else "fail"} | self.numbers


def shuffled(codes: I64, block: int, seed: int) -> I64:
    """Labels permuted in whole blocks of time, so that neighbours stay as alike as they were."""
    order = np.random.default_rng(seed).permutation(-(-len(codes) // block))
    at = (order[:, None] * block + np.arange(block)).ravel()
    return codes[at[at < len(codes)]]


def shuffled_labels(
    fit: Sample, validation: Sample, block: int, seed: int, train: Callable[[Sample, Sample], F64]
) -> Verdict:
    """A model of permuted labels must not predict them better than their prior does.

    `train` fits on its first sample and returns probabilities for its second. The labels of both
    are permuted apart, so whatever beats the prior came in by another way than the features.
    """
    permuted_fit = replace(fit, codes=shuffled(fit.codes, block, seed))
    permuted = replace(validation, codes=shuffled(validation.codes, block, seed + 1))
    predicted = train(permuted_fit, permuted)
    own = predicted[np.arange(len(permuted.codes)), permuted.codes]
    prior = permuted_fit.prior()[permuted.codes]
    gains = permuted.weights * (np.log(np.maximum(own, 1e-15)) - np.log(prior))
    mean, error = _mean_of_blocks(gains, block)
    return Verdict(
        mean <= 2.0 * error,
        {"logloss_gain": round(mean, 9), "standard_error": round(error, 9)},
    )


def future_peek(x: F32, names: tuple[str, ...], next_move: F64) -> Verdict:
    """No single feature may know the next move from one row alone.

    A feature that ranks the next move well in several stretches of time is only `screened`: books
    do that. What a feature knows honestly it either knew a row before, somewhat less, or it is news
    of the move itself, and the row after the move, which has seen it, shows it. One whose rank
    correlation is gone in the rows before and after was stamped too early. What knows several moves
    ahead is `time_shift`'s to find.
    """
    found: list[str] = []
    screened: list[str] = []
    strongest = 0.0
    for column, name in enumerate(names):
        if np.isnan(x[:, column]).all():
            continue
        ics = _rank_correlations(x[:, column], next_move, 0)
        known = float(ics.mean())
        strongest = max(strongest, known)
        if (ics > IC_MAX).sum() < IC_GROUPS_FOUND:
            continue
        screened.append(name)
        beside = [_rank_correlations(x[:, column], next_move, by).mean() for by in (-1, 1)]
        if max(beside) < IC_KEPT_MIN * known:
            found.append(name)
    return Verdict(
        not found,
        {"features": found, "screened": screened, "ic_mean_max": round(strongest, 9)},
    )


def _rank_correlations(values: F32, next_move: F64, shift: int) -> F64:
    """How well the values of `shift` rows later rank the moves in each stretch of time."""
    bounds = np.linspace(0, len(values), IC_GROUPS + 1).astype(np.int64).tolist()
    at = np.clip(np.arange(len(values)) + shift, 0, len(values) - 1)
    pairs = itertools.pairwise(bounds)
    return np.abs([rank_correlation(values[at[a:b]], next_move[a:b]) for a, b in pairs])


def time_shift(
    samples: Callable[[int], tuple[Sample, Sample]],
    block: int,
    train: Callable[[Sample, Sample], F64],
) -> Verdict:
    """Rows of one step later must score better, rows of one step earlier must not.

    The first proves that the score can see a leak at all; the second finds features that are
    stamped too early. `samples(k)` gives the fit and validation samples with the inputs of `k` rows
    later and the labels where they were.
    """
    losses = {shift: _row_losses(*samples(shift), train) for shift in (-1, 0, 1)}
    later, later_error = _mean_of_blocks(losses[0] - losses[1], block)
    earlier, earlier_error = _mean_of_blocks(losses[0] - losses[-1], block)
    return Verdict(
        later > 2.0 * later_error and earlier <= 3.0 * earlier_error,
        {
            "gain_one_later": round(later, 9),
            "gain_one_earlier": round(earlier, 9),
            "standard_error": round(max(later_error, earlier_error), 9),
        },
    )


def _row_losses(fit: Sample, validation: Sample, train: Callable[[Sample, Sample], F64]) -> F64:
    predicted = train(fit, validation)
    own = predicted[np.arange(len(validation.codes)), validation.codes]
    return -validation.weights * np.log(np.maximum(own, 1e-15))


def _mean_of_blocks(values: F64, block: int) -> tuple[float, float]:
    """The mean and its standard error, where rows within a block count as one."""
    blocks = max(len(values) // block, 2)
    means = np.array([part.mean() for part in np.array_split(values, blocks)])
    return float(values.mean()), float(means.std(ddof=1) / np.sqrt(blocks))


def repeated_rows(fit: F32, unseen: F32) -> Verdict:
    """Rows that judge must not be rows that were fitted on, as when a day is there twice."""
    known = {row.tobytes() for row in fit}
    share = sum(row.tobytes() in known for row in unseen) / max(len(unseen), 1)
    return Verdict(share <= REPEATED_MAX, {"share": round(share, 9)})


def rank_correlation(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Spearman's, over the rows where both are known; 0 when there is nothing to rank."""
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    known = np.isfinite(left) & np.isfinite(right)
    if known.sum() < 30:
        return 0.0
    x, y = np.asarray(rankdata(left[known])), np.asarray(rankdata(right[known]))
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0
