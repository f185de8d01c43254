"""What a three-class model is fitted on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Sample:
    """Rows, their classes 0 down, 1 neutral, 2 up, and how much each row counts."""

    x: npt.NDArray[np.float32]  # [rows, inputs]
    codes: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]

    def prior(self) -> npt.NDArray[np.float64]:
        """The weighted share of each class."""
        return np.bincount(self.codes, self.weights, minlength=3) / self.weights.sum()

    def logloss(self, probabilities: npt.NDArray[np.float64]) -> float:
        """The weighted log-loss of `[rows, 3]` (or `[3]`) probabilities on these rows."""
        of_rows = np.broadcast_to(probabilities, (len(self.codes), 3))
        own = of_rows[np.arange(len(self.codes)), self.codes]
        return float(-(self.weights @ np.log(np.maximum(own, 1e-15))) / self.weights.sum())
