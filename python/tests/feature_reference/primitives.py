"""The primitives of section 3, each by its formula over the whole history."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from feature_reference.stream import Bools, Floats, Ints, ceil_div

LN2 = float(np.log(2.0))


@dataclass(frozen=True)
class Column:
    """One feature at every row: NaN where it is undefined."""

    values: Floats
    valid: Bools


def column(values: Floats, valid: Bools | bool) -> Column:
    """Values with their mask. A value that is defined is finite: the formulas promise that."""
    values = np.asarray(values, dtype=np.float64)
    mask = np.broadcast_to(np.asarray(valid, dtype=bool), values.shape)
    if not np.isfinite(values[mask]).all():
        raise ValueError("a defined value is not finite")
    return Column(np.where(mask, values, np.nan), mask)


def quotient(above: Floats, below: Floats, otherwise: float = np.nan) -> Floats:
    """A quotient; `otherwise` where the denominator is 0."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, otherwise, above / below)


def bps(now: Floats, before: Floats) -> Floats:
    """1e4 ln of a ratio; NaN where a price is missing (0).

    By the rise and not by the ratio: next to one, a ratio has lost the digits of a small move.
    """
    now, before = np.asarray(now, dtype=float), np.asarray(before, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = (now - before) / before
        return np.where((now > 0) & (before > 0), 1e4 * np.log1p(rise), np.nan)


def latest(ts: Ints, at: Ints) -> Ints:
    """Index of the last event at or before each time, -1 where there is none."""
    return np.searchsorted(ts, at, side="right") - 1


def held(ts: Ints, values: Floats, at: Ints, missing: float = 0) -> Floats:
    """The last value at or before each time."""
    index = latest(ts, at)
    if len(values) == 0:
        return np.full(np.shape(at), missing)
    return np.where(index >= 0, np.asarray(values)[np.maximum(index, 0)], missing)


def window_start(at: Ints, window: int, bucket: int) -> Ints:
    """Events later than this are in the window: whole buckets, the last one partial (17.4)."""
    return (ceil_div(at, bucket) - window // bucket) * bucket


def bucket_of(window: int) -> int:
    """The width of the buckets of a window (WSUM)."""
    seconds = 1_000_000_000
    if window <= 30 * seconds:
        return seconds // 10
    return seconds if window <= 300 * seconds else window // 60


def window_sum(ts: Ints, x: Ints, at: Ints, window: int, bucket: int | None = None) -> Ints:
    """WSUM of integers."""
    total = np.concatenate([[0], np.cumsum(x, dtype=np.int64)])
    start = window_start(at, window, bucket or bucket_of(window))
    return total[latest(ts, at) + 1] - total[latest(ts, start) + 1]


def lag_time(at: Ints, lag: int) -> Ints:
    """The time of the grid sample that LAG reads."""
    grid = 100_000_000 if lag <= 60_000_000_000 else 1_000_000_000
    return (at - lag) // grid * grid


def covered(at: Ints, window: int, *first: int | None) -> Bools:
    """cov(W): at least W since the latest of the first events of the inputs (17.14)."""
    if any(ts is None for ts in first):
        return np.zeros(np.shape(at), dtype=bool)
    return at - max(ts for ts in first if ts is not None) >= window


def decayed_sums(ts: Ints, x: Floats, at: Ints, half_life: int) -> Floats:
    """EWT: the sum of x 2^(-(T-t)/H) over the events at or before each time."""
    state = np.zeros(len(ts))
    running, last = 0.0, 0
    for i, (t, value) in enumerate(zip(ts.tolist(), np.asarray(x).tolist(), strict=True)):
        running = running * 2.0 ** (-(t - last) / half_life) + value if i else float(value)
        state[i], last = running, t
    index = latest(ts, at)
    if len(ts) == 0:
        return np.zeros(np.shape(at))
    seen = np.maximum(index, 0)
    return np.where(index >= 0, state[seen] * 2.0 ** (-(at - ts[seen]) / half_life), 0.0)


def event_means(x: Iterable[float], half_life: float) -> Floats:
    """EWN after each event: the mean with weight 2^(-1/h) per event, debiased."""
    a, above, below = 2.0 ** (-1.0 / half_life), 0.0, 0.0
    out: list[float] = []
    for value in x:
        above, below = a * above + value, a * below + 1.0
        out.append(above / below)
    return np.array(out)


class Moments:
    """EWG means and covariance of a vector: all three share their weights."""

    def __init__(self, size: int, half_life: float) -> None:
        """No step made; `half_life` counts steps."""
        self.a = 2.0 ** (-1.0 / half_life)
        self.weight = 0.0
        self.weight_2 = 0.0
        self.steps = 0
        self.mean = np.zeros(size)
        self.cov = np.zeros((size, size))

    def step(self, x: Floats) -> None:
        """One step of the recursion of section 3."""
        self.steps += 1
        self.weight = self.a * self.weight + 1.0
        self.weight_2 = self.a * self.a * self.weight_2 + 1.0
        k = 1.0 / self.weight
        d = x - self.mean
        self.mean = self.mean + k * d
        self.cov = (1.0 - k) * (self.cov + k * np.outer(d, d))

    @property
    def effective(self) -> float:
        """W^2 / W2."""
        return self.weight * self.weight / self.weight_2


@dataclass(frozen=True)
class GridSpan:
    """Consecutive grid points, as multiples of the step."""

    step: int
    first: int
    last: int

    @property
    def times(self) -> Ints:
        """When the points are."""
        return np.arange(self.first, self.last + 1, dtype=np.int64) * self.step

    def at(self, rows: Ints, values: Floats, missing: float = np.nan) -> Floats:
        """The value of the latest point at or before each row (17.4)."""
        index = rows // self.step - self.first
        inside = (index >= 0) & (index < len(values))
        return np.where(inside, np.asarray(values)[np.clip(index, 0, len(values) - 1)], missing)


def span(step: int, since: int, until: int) -> GridSpan:
    """The grid points at or after `since` and at or before `until`."""
    return GridSpan(step, int(ceil_div(since, step)), until // step)


def trailing(y: Floats, n: int, formula: Callable[[Floats], Floats]) -> Floats:
    """The formula over the last n values at each point, NaN before there are n.

    The formula gets [point, n] and returns one value per point.
    """
    out = np.full(len(y), np.nan)
    if len(y) >= n:
        out[n - 1 :] = formula(np.lib.stride_tricks.sliding_window_view(y, n))
    return out
