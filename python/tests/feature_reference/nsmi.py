"""The regime vector of section 9, step by step on the grid of seconds."""

from dataclasses import dataclass
from math import erf, exp, sqrt

import numpy as np

from feature_reference.primitives import Moments
from feature_reference.stream import Floats

FAST, SLOW, STANDARD = 60, 1800, 4 * 3600
TEST_EVERY = 2 * FAST
DELTA, HAZARD, ALARM = 1.5, 1.0 / 60.0, 720.0
HELD_MAX, FINGERPRINTS = 60, 8


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


def standardised(x: Floats, half_life: float = STANDARD) -> Floats:
    """Each input against what was known before it, in [-6, 6]; NaN where there is none (9.2)."""
    steps, n = x.shape
    z = np.full((steps, n), np.nan)
    moments = [Moments(1, half_life) for _ in range(n)]
    last, silent = np.full(n, np.nan), np.zeros(n, dtype=int)
    for t in range(steps):
        for j in range(n):
            known = moments[j]
            if np.isnan(x[t, j]):
                # Its last z is held for at most a minute.
                silent[j] += 1
                z[t, j] = last[j] if silent[j] <= HELD_MAX else np.nan
                continue
            silent[j] = 0
            if known.steps:
                deviation = max(sqrt(known.cov[0, 0]), 1e-6)
                z[t, j] = last[j] = np.clip((x[t, j] - known.mean[0]) / deviation, -6.0, 6.0)
            known.step(np.array([x[t, j]]))
    return z


@dataclass
class Fingerprint:
    """The fast moments of a regime, and when it was last met."""

    name: int
    mean: Floats
    cov: Floats
    met: int


@dataclass
class Calibration:
    """Location and scale of y, learned where nothing changes (9.6)."""

    mean: float = 1.0
    deviation: float = 0.15
    weight: float = 20.0

    def z(self, y: float) -> float:
        """Against what was known before."""
        return min(max((y - self.mean) / self.deviation, -3.0), 5.0)

    def learn(self, y: float) -> None:
        """One step of the recursion of section 3, with a winsorised y."""
        y = min(max(y, self.mean - 3 * self.deviation), self.mean + 3 * self.deviation)
        self.weight = 2.0 ** (-1.0 / 240.0) * self.weight + 1.0
        k, d = 1.0 / self.weight, y - self.mean
        self.mean += k * d
        self.deviation = sqrt((1.0 - k) * (self.deviation**2 + k * d * d))


class Regime:
    """The whole of section 9, a step a second, from standardised inputs."""

    def __init__(self, n: int) -> None:
        """Cold: without a bundle, which would bring the calibration."""
        self.n = n
        self.fast, self.slow = Moments(n, FAST), Moments(n, SLOW)
        a = 2.0 ** (-1.0 / FAST)
        self.full = (1 + a) / (1 - a)
        # The sum over all steps of the products of the fast and the slow weight.
        self.shared = 0.0
        self.skipped = 0
        self.gap = self.drift = self.db = np.nan
        self.statistic, self.calibration = ChangeStatistic(), Calibration()
        self.nonstationarity, self.probability = np.nan, 0.0
        self.refractory_until = self.assigned = 0
        self.name, self.names = -1, 0
        self.known: list[Fingerprint] = []

    def step(self, z: Floats) -> Floats:
        """The six values, in the order of slots 108..113."""
        out = np.full(6, np.nan)
        if np.isnan(z).any():
            return out
        self.skipped += 1
        if self.skipped <= self.full:
            return out
        self.fast.step(z)
        self.slow.step(z)
        self.shared = self.fast.a * self.slow.a * self.shared + 1.0
        t = self.fast.steps
        # n_eff as it is (9.3): a young sample is shrunk more.
        rho = self.n / (self.n + self.fast.effective)
        cov, slow = shrunk(self.fast.cov, rho), shrunk(self.slow.cov, rho)
        if t % self.n == 0:
            self.gap = spectral_gap(cov)
            self.db = bhattacharyya(self.fast.mean, cov, self.slow.mean, slow)
            self.drift = drift(self.db, self.n)
        if t <= self.full:
            return out
        if t % TEST_EVERY == 0:
            self.test(t, cov)
        if t >= SLOW:
            out[0], out[1] = self.nonstationarity, self.probability
            age = t - self.assigned
            kept = (1.0 - out[1]) * (1.0 - 2.0 ** (-age / 300.0))
            out[5] = kept if self.name >= 0 else 0.0
        out[2:5] = self.gap, self.drift, dimension_ratio(cov)
        return out

    def test(self, t: int, cov: Floats) -> None:
        """One test step: y, its z, the statistic, and what an alarm means.

        Until fast and slow are distinct it only teaches the calibration (9.10): that is what the
        null size of the actual weights is for.
        """
        y = (max(0.0, self.db) / self.null_size(t)) ** (1.0 / 3.0)
        z = self.calibration.z(y)
        self.nonstationarity = normal(z)
        quiet, alarm = t < self.refractory_until, False
        if t >= SLOW and not quiet:
            alarm = self.statistic.step(z)
        # What an alarm says stands until the next test, R being 0 (9.7).
        self.probability = self.statistic.probability
        if not quiet and self.probability <= 0.5:
            self.calibration.learn(y)
        if alarm:
            self.statistic.r = 0.0
            self.name, self.refractory_until = -1, t + 2 * TEST_EVERY
        elif t >= SLOW and not quiet and self.name < 0:
            self.identify(t, cov)

    def null_size(self, t: int) -> float:
        """D0: from the weights as they are until both windows are full (9.10)."""
        if t >= SLOW:
            return steady_null_size(self.n)
        fast, slow = self.fast, self.slow
        both = self.shared / (fast.weight * slow.weight)
        return null_size(self.n, 1.0 / fast.effective, 1.0 / slow.effective, both)

    def identify(self, t: int, cov: Floats) -> None:
        """The nearest known fingerprint, or a new one (9.8)."""
        fast = (1 - 2.0 ** (-1.0 / FAST)) / (1 + 2.0 ** (-1.0 / FAST))
        usual = self.calibration.mean + 3 * self.calibration.deviation
        limit = null_size(self.n, fast, fast, 0.0) * usual**3
        distances = [bhattacharyya(self.fast.mean, cov, f.mean, f.cov) for f in self.known]
        if distances and min(distances) <= limit:
            found = self.known[int(np.argmin(distances))]
            found.mean = 0.9 * found.mean + 0.1 * self.fast.mean
            found.cov = 0.9 * found.cov + 0.1 * cov
        else:
            found = Fingerprint(self.names, self.fast.mean.copy(), cov, t)
            self.names += 1
            if len(self.known) == FINGERPRINTS:
                self.known.remove(min(self.known, key=lambda f: f.met))
            self.known.append(found)
        found.met = t
        self.name, self.assigned = found.name, t


def regime(x: Floats) -> Floats:
    """The six values at each step, [step, slot], from the raw inputs."""
    machine = Regime(x.shape[1])
    return np.array([machine.step(z) for z in standardised(x)]).reshape(-1, 6)
