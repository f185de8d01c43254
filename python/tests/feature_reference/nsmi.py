"""The regime vector of section 9, step by step on the grid of seconds."""

from dataclasses import dataclass, field
from math import erf, exp, sqrt

import numpy as np

from feature_reference.primitives import Moments
from feature_reference.stream import Floats

FAST, SLOW, STANDARD = 60, 1800, 4 * 3600
TEST_EVERY = 2 * FAST
DELTA, HAZARD, ALARM = 1.5, 1.0 / 60.0, 720.0
WITH_BOOK = (50, 52, 53, 54, 45, 48, 57, (55, 56), 70, 32, 27, 31)


def inputs(features: dict[int, Floats]) -> Floats:
    """The twelve inputs with a book, [step, input] (9.1)."""
    f = features
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = [
            np.arcsinh(f[50]),
            np.arcsinh(f[52]),
            np.log(f[53] + 0.01),
            np.log(f[54] + 0.01),
            np.log(f[45]),
            f[48],
            f[57],
            np.log(f[55] + f[56]),
            np.arcsinh(f[70]),
            f[32],
            np.log(1.0 + f[27]),
            np.log(f[31]),
        ]
    return np.stack(columns, axis=1)


def shrunk(cov: Floats, rho: float) -> Floats:
    """(1 - rho) S + rho (tr S / n) I (9.3)."""
    n = len(cov)
    return (1.0 - rho) * cov + rho * np.trace(cov) / n * np.eye(n)


def dimension_ratio(cov: Floats) -> float:
    """(tr S)^2 / (n |S|_F^2) (9.4)."""
    return float(np.trace(cov) ** 2 / (len(cov) * (cov**2).sum()))


def spectral_gap(cov: Floats) -> float:
    """(l1 - l2) / (l1 + l2) (9.4)."""
    values = np.linalg.eigh(cov).eigenvalues
    return float((values[-1] - values[-2]) / (values[-1] + values[-2]))


def bhattacharyya(mean_a: Floats, cov_a: Floats, mean_b: Floats, cov_b: Floats) -> float:
    """DB of two Gaussians (9.4)."""
    d, middle = mean_a - mean_b, (cov_a + cov_b) / 2.0

    def log_det(cov: Floats) -> float:
        return float(2.0 * np.log(np.diag(np.linalg.cholesky(cov))).sum())

    apart = float(d @ np.linalg.solve(middle, d)) / 8.0
    return apart + (log_det(middle) - (log_det(cov_a) + log_det(cov_b)) / 2.0) / 2.0


def drift(db: float, n: int) -> float:
    """Hellinger distance for one dimension (9.4)."""
    return sqrt(1.0 - exp(-max(0.0, db) / n))


def null_size(n: int, fast: float, slow: float, both: float) -> float:
    """D0 from the sums of products of the normalised weights (9.5)."""
    return n * (n + 3) * (fast + slow - 2.0 * both) / 16.0


def steady_null_size(n: int) -> float:
    """D0 when both windows are full."""
    a, b = 2.0 ** (-1.0 / FAST), 2.0 ** (-1.0 / SLOW)
    fast, slow = (1 - a) / (1 + a), (1 - b) / (1 + b)
    return null_size(n, fast, slow, (1 - a) * (1 - b) / (1 - a * b))


@dataclass
class ChangeStatistic:
    """Shiryaev-Roberts (9.7)."""

    r: float = 0.0

    def step(self, z: float) -> bool:
        """Whether this step raises the alarm."""
        self.r = (1.0 + self.r) * exp(DELTA * z - DELTA**2 / 2.0)
        return self.r >= ALARM

    @property
    def probability(self) -> float:
        """R / (R + 1/h)."""
        return self.r / (self.r + 1.0 / HAZARD)


def normal(z: float) -> float:
    """The distribution function of the standard normal."""
    return 0.5 * (1.0 + erf(z / sqrt(2.0)))


@dataclass
class Spectrum:
    """`spectral_gap_norm`, `drift_norm` and `dim_ratio` at each step, and the distance behind."""

    gap: list[float] = field(default_factory=list)
    drift: list[float] = field(default_factory=list)
    dims: list[float] = field(default_factory=list)


def standardised(x: Floats, half_life: float = STANDARD) -> Floats:
    """Each input against what was known before it, in [-6, 6]; NaN where there is none (9.2)."""
    steps, n = x.shape
    z = np.full((steps, n), np.nan)
    moments = [Moments(1, half_life) for _ in range(n)]
    for t in range(steps):
        for j in range(n):
            if np.isnan(x[t, j]):
                continue
            before = moments[j]
            if before.steps:
                deviation = max(sqrt(before.cov[0, 0]), 1e-6)
                z[t, j] = np.clip((x[t, j] - before.mean[0]) / deviation, -6.0, 6.0)
            before.step(np.array([x[t, j]]))
    return z


def spectrum(z: Floats, start: int) -> Spectrum:
    """The three values that need no calibration, from the moments that begin at a step (9.10)."""
    n = z.shape[1]
    fast, slow, out = Moments(n, FAST), Moments(n, SLOW), Spectrum()
    a = 2.0 ** (-1.0 / FAST)
    full = (1 + a) / (1 - a)
    rho = n / (n + full)
    gap = distance = np.nan
    for t in range(len(z)):
        dims = np.nan
        if t >= start and not np.isnan(z[t]).any():
            fast.step(z[t])
            slow.step(z[t])
            if fast.steps > full:
                cov_fast, cov_slow = shrunk(fast.cov, rho), shrunk(slow.cov, rho)
                dims = dimension_ratio(cov_fast)
                if fast.steps % n == 0:
                    gap = spectral_gap(cov_fast)
                    distance = drift(bhattacharyya(fast.mean, cov_fast, slow.mean, cov_slow), n)
        out.gap.append(gap)
        out.drift.append(distance)
        out.dims.append(dims)
    return out
