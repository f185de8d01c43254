"""What the formulas read: the history of one market as plain arrays of integers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

SECOND: Final = 1_000_000_000
MS: Final = 1_000_000
DAY: Final = 86_400 * SECOND
DEPTH: Final = 10

Ints = np.ndarray
Floats = np.ndarray
Bools = np.ndarray


def ceil_div(value: Ints | int, by: int) -> Ints:
    """The ceiling of a quotient of integers, exactly."""
    return -(-np.asarray(value, dtype=np.int64) // by)


@dataclass(frozen=True)
class Calendar:
    """Sessions, times of day, and the interval whose rest is `session_remaining`."""

    session_of: Callable[[Ints], Ints]
    day_ms: Callable[[Ints], Floats]
    remaining: Callable[[Ints], Floats]


def around_the_clock(interval_ns: int = DAY) -> Calendar:
    """The UTC day; `interval_ns` is the funding interval of a perpetual, else the day.

    A moment exactly on a boundary belongs to the interval that ends there (17.24).
    """
    return Calendar(
        session_of=lambda ts: ceil_div(ts, DAY),
        day_ms=lambda ts: (ts % DAY) / MS,
        remaining=lambda ts: (ceil_div(ts, interval_ns) * interval_ns - ts) / interval_ns,
    )


def one_session(midnight: int, opens: int, closes: int) -> Calendar:
    """One exchange session; `midnight` is that of its own time zone, all in ns since 1970."""
    return Calendar(
        session_of=lambda ts: np.zeros(np.shape(ts), dtype=np.int64),
        day_ms=lambda ts: ((ts - midnight) % DAY) / MS,
        remaining=lambda ts: np.clip((closes - ts) / (closes - opens), 0.0, 1.0),
    )


@dataclass(frozen=True)
class Settings:
    """What differs between instruments (sections 2, 14 and 17.28)."""

    calendar: Calendar
    size_unit_lots: int
    profile_row_ticks: int
    footprint_row_ticks: int
    match_ttl: int
    # From how many size units on a parent is medium, large, a block and a whale.
    size_classes: tuple[int, int, int, int] = (5, 20, 50, 100)
    parent_gap: int = 1 * MS
    parent_close: int = 10 * MS
    stale: int = 10_000 * MS
    footprint_min_units: int = 10
    # The half-width of the depth band, as a fraction of the mid: 5 bps.
    band: tuple[int, int] = (5, 10_000)
    fee_bps: float = 5.0
    slip_bps: float = 0.0
    latency: int = 50 * MS
    c_cost: float = 1.5


@dataclass(frozen=True)
class Change:
    """A change of one level that is or was among the ten best of its side."""

    side: int  # +1 bid, -1 ask
    price: int
    delta: int


@dataclass(frozen=True)
class Batches:
    """One entry per consistent book: the state behind the batch, and what the batch did.

    A missing level has no lots and stands one tick beyond the last occupied one (7.2).
    """

    ts: Ints
    seq: Ints
    snapshot: Bools
    bid_price: Ints  # [batch, level]
    bid_lots: Ints
    ask_price: Ints
    ask_lots: Ints
    bids: Ints  # occupied levels among the ten best
    asks: Ints
    # Lots that left the price that was best before the batch.
    bid_outflow: Ints
    ask_outflow: Ints
    # Lots priced within the band, and whether the feed knows all of it.
    bid_band: Ints
    ask_band: Ints
    covered: Bools
    changes: list[list[Change]] = field(repr=False)

    @property
    def sound(self) -> Bools:
        """Both sides there and not crossed; being stale is a matter of time, not of the batch."""
        return (self.bids > 0) & (self.asks > 0) & (self.bid_price[:, 0] < self.ask_price[:, 0])


@dataclass(frozen=True)
class Trades:
    """Prints of the market, in order."""

    ts: Ints
    seq: Ints
    match_ts: Ints
    price: Ints
    lots: Ints
    side: Ints


@dataclass(frozen=True)
class Orders:
    """Order-by-order events, in order; `lots` is what was added or what left."""

    ts: Ints
    seq: Ints
    kind: Ints  # ADD, REDUCE, CANCEL, EXECUTE
    id: Ints
    side: Ints
    price: Ints
    lots: Ints


ADD, REDUCE, CANCEL, EXECUTE = 1, 2, 3, 4


@dataclass(frozen=True)
class Stream:
    """Everything that arrived, and when the first and the last event of any kind did."""

    batches: Batches
    trades: Trades
    orders: Orders | None
    first_ts: int
    last_ts: int
    settings: Settings

    def rows(self, every: int) -> Ints:
        """The times of the rows of a time clock (17.15)."""
        first = int(ceil_div(self.first_ts, every))
        return np.arange(first, self.last_ts // every + 1, dtype=np.int64) * every
