"""The band policy: what a signal earns after costs, and the band that earned most.

Long at `signal >= enter`, short at `signal <= -enter`, in between whatever it was: the only way out
of a position is into the other one. Costs make every turn expensive, so the band is the whole art.
A decision on row i is executed after that row, at its own price and half a spread away from its
mid, and earns from there to the mid of row i + 1; it never earns anything that the row had seen.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxo_train.bootstrap import Estimate, mean_interval
from fluxo_train.dataset import Rows

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

# A band that says "do not trade", earning zero: no p_up - p_down gets there, not even that of a
# softmax which rounds to certainty and says exactly 1.
NEVER: Final = 2.0
# A band that trades less often than this was lucky, not right.
TURNS_MIN: Final = 20
GRID: Final = 60
NEIGHBOURS: Final = 12


@dataclass(frozen=True)
class Market:
    """What trading on rows would have met, row by row."""

    mid: F64
    cost_bps: F64  # of one unit traded: half a spread and the fee
    segment: I64

    @staticmethod
    def of(rows: Rows, fee_bps: float) -> "Market":
        """The market of rows; one whose mid is unknown cannot be traded on."""
        return Market(rows.mid, rows.half_spread_bps + fee_bps, rows.segment)


@dataclass(frozen=True)
class Played:
    """What a policy did: its profit in bps of one unit for each row, and how often it turned."""

    net_bps: F64
    gross_bps: F64
    units: float
    turns: int

    def estimate(self) -> Estimate:
        """The mean net profit of a row with its interval."""
        return mean_interval(self.net_bps)

    def as_json(self) -> dict[str, Any]:
        """The result in numbers, with its interval."""
        spread = float(self.net_bps.std(ddof=1)) if len(self.net_bps) > 1 else 0.0
        mean = float(self.net_bps.mean()) if len(self.net_bps) else 0.0
        return {
            "net_bps_per_row": self.estimate().as_json(),
            "net_bps": round(float(self.net_bps.sum()), 6),
            "gross_bps": round(float(self.gross_bps.sum()), 6),
            "sharpe_per_row": round(mean / spread, 9) if spread > 0 else None,
            "units_traded": self.units,
            "turns": self.turns,
        }


def positions(signal: F64, enter: float, segment: I64) -> F64:
    """The position after each row, in units; flat at a segment's start and at its last row.

    A signal that is not a number is no opinion: the position stays.
    """
    n = len(signal)
    with np.errstate(invalid="ignore"):
        wanted = np.where(signal >= enter, 1.0, np.where(signal <= -enter, -1.0, 0.0))
    fresh = np.concatenate([[True], segment[1:] != segment[:-1]])
    at = np.arange(n)
    last_wish = np.maximum.accumulate(np.where((wanted != 0.0) | fresh, at, 0))
    return flat_at_ends(wanted[last_wish], segment)


def flat_at_ends(held: F64, segment: I64) -> F64:
    """The same positions, closed at the last row of each segment."""
    last = np.concatenate([segment[1:] != segment[:-1], [True]])
    return np.where(last, 0.0, held)


def play(held: F64, market: Market) -> Played:
    """What holding these positions earned, costs of every change included."""
    same = market.segment[1:] == market.segment[:-1]
    change = np.diff(held, prepend=0.0)
    returns = np.zeros(len(held))
    step = 1e4 * (market.mid[1:] / market.mid[:-1] - 1.0)
    returns[:-1] = np.where(same, step, 0.0)
    gross = held * returns
    units = np.abs(change)
    return Played(
        net_bps=gross - units * market.cost_bps,
        gross_bps=gross,
        units=float(units.sum()),
        turns=int(np.count_nonzero(change)),
    )


@dataclass(frozen=True)
class Band:
    """A fitted band and what it earned on the rows that it was fitted on."""

    enter: float
    leave: float
    played: Played


def fit_band(signal: F64, market: Market) -> Band:
    """The band in the middle of those that earned well; `NEVER` when none earns anything.

    The profit of one band is mostly noise, and the single best of many is the luckiest: on planted
    markets of twelve hours it earned 0.059 bps a row afterwards, the best average over a fifth of
    the scale to both sides 0.08, where 0.1 was possible.
    """
    sizes = np.abs(signal[np.isfinite(signal)])
    widest = float(np.quantile(sizes, 0.995)) if len(sizes) else 0.0
    never = Band(NEVER, -NEVER, play(np.zeros(len(signal)), market))
    if widest <= 0.0:
        return never
    candidates = [round(widest * (at + 1) / GRID, 6) for at in range(GRID)]
    played = [play(positions(signal, enter, market.segment), market) for enter in candidates]
    best, around = best_region(np.array([one.net_bps.sum() for one in played]))
    found = Band(candidates[best], -candidates[best], played[best])
    earns = around > 0.0 and found.played.net_bps.sum() > 0.0
    return found if earns and found.played.turns >= TURNS_MIN and found.enter > 0.0 else never


def best_region(profits: F64) -> tuple[int, float]:
    """Where the profit averaged over `NEIGHBOURS` to both sides is largest, and that average."""
    around = smoothed(profits, NEIGHBOURS)
    best = int(np.argmax(around))
    return best, float(around[best])


def smoothed(values: F64, reach: int) -> F64:
    """The mean of each value and `reach` neighbours on both sides; the ends go on as they are.

    Averages over fewer values at the ends would favour the narrowest band, whose bad neighbours
    are missing.
    """
    wide = np.pad(values, reach, mode="edge")
    upto = np.concatenate([[0.0], np.cumsum(wide)])
    span = 2 * reach + 1
    return (upto[span:] - upto[:-span]) / span
