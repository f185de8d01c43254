"""Do two implementations of a model say the same? The one rule, and the runtime's side of it.

`|a - b| <= 1e-5 * max(1, |b|)` everywhere: the native booster against ONNX Runtime here, ONNX
Runtime here against the binaries, one batch size against another.
"""

from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from fluxo_train.errors import CommandError, UnfitInputError

F32 = npt.NDArray[np.float32]

TOLERANCE: Final = 1e-5
BATCH_SIZES: Final = (1, 7, 64)


@dataclass(frozen=True)
class Difference:
    """How far two results are apart; `excess` above 1 breaks the rule."""

    max_abs: float
    excess: float
    rows: int

    @property
    def holds(self) -> bool:
        """Whether the rule holds on every value."""
        return self.excess <= 1.0


def difference(a: npt.ArrayLike, b: npt.ArrayLike) -> Difference:
    """Compares `a` with the reference `b`; a value that is not finite breaks the rule."""
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if left.shape != right.shape:
        raise CommandError(f"results of shapes {left.shape} and {right.shape} cannot be compared")
    if left.size == 0:
        return Difference(0.0, 0.0, 0)
    apart = np.abs(left - right)
    excess = apart / (TOLERANCE * np.maximum(1.0, np.abs(right)))
    finite = bool(np.isfinite(apart).all())
    return Difference(
        max_abs=float(apart.max()) if finite else float("inf"),
        excess=float(excess.max()) if finite else float("inf"),
        rows=len(left),
    )


class Served:
    """A model as the binaries serve it: ONNX Runtime, one thread, one order of sums."""

    def __init__(self, model: bytes) -> None:
        """Opens a session over the graph's bytes."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises many types, none of them public
            raise UnfitInputError(f"ONNX Runtime cannot load the model: {error}") from error
        self.input = str(self._session.get_inputs()[0].name)
        self.output = str(self._session.get_outputs()[0].name)

    def __call__(self, rows: F32, batch: int = 4096) -> F32:
        """The model's output for `[rows, features]`, computed `batch` rows at a time."""
        parts = [
            cast(F32, self._session.run([self.output], {self.input: rows[at : at + batch]})[0])
            for at in range(0, len(rows), batch)
        ]
        return np.concatenate(parts)

    def batch_difference(self, rows: F32) -> Difference:
        """The largest difference between batch sizes 1, 7 and 64 on the same rows."""
        results = [self(rows, batch) for batch in BATCH_SIZES]
        return max((difference(result, results[-1]) for result in results), key=_excess)


def _excess(found: Difference) -> float:
    return found.excess
