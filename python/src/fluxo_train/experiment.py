"""What a training run is made of: its arguments, its rows cut by time, its fitted models."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from fluxo_train.dataset import Dataset
from fluxo_train.models.sample import Sample
from fluxo_train.onnx_trees import Forest
from fluxo_train.parity import Difference, Served
from fluxo_train.splits import Cut

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

FAMILIES: Final = ("lightgbm", "xgboost")
CLASSES: Final = (-1, 0, 1)


class Fitted(Protocol):
    """What the families have in common once they are fitted."""

    @property
    def rounds(self) -> int:
        """The best round, counted from 1."""
        ...

    @property
    def logloss(self) -> float:
        """The weighted log-loss of the validation rows at that round."""
        ...

    def forest(self) -> Forest:
        """The trees as they are served."""
        ...

    def predict(self, x: F32) -> F64:
        """Probabilities `[rows, 3]` in the booster's own words."""
        ...


@dataclass(frozen=True)
class Arguments:
    """What a run depends on; the same arguments, seed and data give the same bundle."""

    data: Path
    out: Path
    models: tuple[str, ...] = FAMILIES
    target: str = "dir_10s"
    feature_set: str = "full"
    regime: bool = True
    symbol: str | None = None
    name: str = "demo"
    seed: int = 1
    fee_bps: float | None = None  # the instrument's own
    holdout: float = 0.2
    train_until: int | None = None
    rounds: int | None = None
    canaries: bool = True


@dataclass(frozen=True)
class Model:
    """A fitted family with its graph and how far the runtime is from the booster."""

    name: str
    fitted: Fitted
    forest: Forest
    graph: bytes
    served: Served
    parity: Difference
    hyperparameters: dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """Rows cut by time, as samples."""

    dataset: Dataset
    names: tuple[str, ...]
    x: F32
    cut: Cut
    fee_bps: float
    fit: Sample
    validation: Sample
    violations: int  # rows that reach across a cut, counted on the finished cut

    def prior_logloss(self) -> float:
        """What knowing nothing but the classes' shares scores on the validation rows."""
        return self.validation.logloss(self.fit.prior())
