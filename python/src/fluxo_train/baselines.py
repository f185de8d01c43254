"""What a model has to beat: policies of one line, on the same rows at the same costs."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxo_train.band import Market, flat_at_ends, play, positions
from fluxo_train.bootstrap import Estimate

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

THRESHOLDS: Final = (0.3, 0.5, 0.7, 0.9)
# The hardest of them to beat: what the imbalance at the touch earns without any model.
IMBALANCE: Final = "imbalance_threshold"


def measure(
    fitted_on: Market, fit_imbalance: F64, judged_on: Market, imbalance: F64
) -> dict[str, Estimate]:
    """The net profit per row of each baseline on the judged rows; always-neutral is exactly 0."""
    ones = np.ones(len(judged_on.mid))
    last = np.zeros(len(judged_on.mid))
    last[1:] = np.sign(np.diff(judged_on.mid))
    policies = {
        "buy_and_hold": positions(ones, 0.5, judged_on.segment),
        "sell_and_hold": positions(-ones, 0.5, judged_on.segment),
        "momentum": positions(last, 0.5, judged_on.segment),
        "reversal": positions(-last, 0.5, judged_on.segment),
        IMBALANCE: outside(imbalance, best_threshold(fitted_on, fit_imbalance), judged_on.segment),
    }
    return {name: play(held, judged_on).estimate() for name, held in policies.items()}


def outside(imbalance: F64, threshold: float, segment: I64) -> F64:
    """Long above the threshold, short below its negative, flat between."""
    with np.errstate(invalid="ignore"):
        held = np.where(imbalance > threshold, 1.0, np.where(imbalance < -threshold, -1.0, 0.0))
    return flat_at_ends(held, segment)


def best_threshold(market: Market, imbalance: F64) -> float:
    """The threshold that earned most on the rows it is fitted on."""
    earned = [
        play(outside(imbalance, one, market.segment), market).net_bps.sum() for one in THRESHOLDS
    ]
    return THRESHOLDS[int(np.argmax(earned))]


def as_json(measured: dict[str, Estimate]) -> dict[str, Any]:
    """Net bps per row with intervals."""
    return {"always_neutral": {"value": 0.0}} | {
        name: estimate.as_json() for name, estimate in measured.items()
    }
