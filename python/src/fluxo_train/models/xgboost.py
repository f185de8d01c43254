"""XGBoost (Chen and Guestrin 2016, second-order boosting grown level by level), three classes.

Deviations from the defaults of our specification (600 rounds, depth 6, rate 0.05, patience 50):
shallower trees and fewer rounds at a higher rate, because a whole bundle with its golden rows stays
under a megabyte and one row must score in microseconds. One thread, histogram splits, rows as
float32. Expect on the planted market: the same as LightGBM within its interval.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb
from xgboost.callback import TrainingCallback

from fluxo_train.models.sample import Sample
from fluxo_train.onnx_trees import Forest, from_xgboost

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

CLASSES = 3


@dataclass(frozen=True)
class Arguments:
    """How the booster is grown."""

    rounds: int = 100
    patience: int = 20
    learning_rate: float = 0.08
    max_depth: int = 3
    min_child_weight: float = 20.0
    subsample: float = 0.8
    colsample_bytree: float = 0.6
    reg_lambda: float = 1.0
    max_bin: int = 256

    def parameters(self, seed: int) -> dict[str, Any]:
        """XGBoost's own words for them."""
        own = asdict(self)
        return {key: own[key] for key in own if key not in ("rounds", "patience")} | {
            "objective": "multi:softprob",
            "num_class": CLASSES,
            "eval_metric": "mlogloss",
            "tree_method": "hist",
            "nthread": 1,
            "seed": seed,
            "verbosity": 0,
        }


@dataclass(frozen=True)
class Fitted:
    """A booster up to its best round."""

    booster: xgb.Booster
    rounds: int
    logloss: float

    def forest(self) -> Forest:
        """The trees as they are served."""
        return from_xgboost(self.booster)

    def predict(self, x: F32) -> F64:
        """Probabilities `[rows, down neutral up]` in the booster's own words."""
        data = xgb.DMatrix(x, nthread=1)
        return np.asarray(self.booster.predict(data, iteration_range=(0, self.rounds)), np.float64)


class _Tell(TrainingCallback):
    def __init__(self, progress: Progress, rounds: int) -> None:
        super().__init__()
        self._progress, self._rounds = progress, rounds

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._progress(epoch + 1, self._rounds)
        return False


def train(
    fit: Sample, validation: Sample, arguments: Arguments, seed: int, progress: Progress
) -> Fitted:
    """Fits until the weighted log-loss of the validation rows has not fallen for a while."""
    parameters = arguments.parameters(seed)
    data = xgb.QuantileDMatrix(
        fit.x, fit.codes, weight=fit.weights, max_bin=arguments.max_bin, nthread=1
    )
    check = xgb.QuantileDMatrix(
        validation.x, validation.codes, weight=validation.weights, ref=data, nthread=1
    )
    booster = xgb.train(
        parameters,
        data,
        arguments.rounds,
        evals=[(check, "validation")],
        early_stopping_rounds=arguments.patience,
        verbose_eval=False,
        callbacks=[_Tell(progress, arguments.rounds)],
    )
    return Fitted(booster, int(booster.best_iteration) + 1, float(booster.best_score))
