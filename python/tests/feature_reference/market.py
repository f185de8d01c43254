"""The views that several groups of features share: rows, parents, the valid book, time weights."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from feature_reference.primitives import GridSpan, held, latest, span
from feature_reference.stream import SECOND, Bools, Floats, Ints, Stream


@dataclass(frozen=True)
class Parents:
    """Parent trades, in order (17.3)."""

    of_print: Ints  # parent of each print, -1 for a print without a side
    running: Ints  # size of the print's parent, up to that print
    start: Ints
    last: Ints
    side: Ints
    lots: Ints
    first_print: Ints
    last_price: Ints
    # The first nanosecond at which the parent is known to be closed.
    closed: Ints


def parents_of(stream: Stream) -> Parents:
    """Joins consecutive prints of one side by the time of their match."""
    gap, close = stream.settings.parent_gap, stream.settings.parent_close
    trades = stream.trades
    of_print = np.full(len(trades.ts), -1)
    running = np.zeros(len(trades.ts), dtype=np.int64)
    parents: list[list[int]] = []  # start, last, side, lots, first print, last price, match, closed
    for i, side in enumerate(trades.side.tolist()):
        if side == 0:
            continue
        ts, match = int(trades.ts[i]), int(trades.match_ts[i])
        price, lots = int(trades.price[i]), int(trades.lots[i])
        last = parents[-1] if parents else None
        joins = (
            last is not None
            and last[2] == side
            and abs(match - last[6]) <= gap
            and ts <= last[1] + close
        )
        if last is not None and joins:
            last[1], last[5], last[6] = ts, price, match
            last[3] += lots
        else:
            if last is not None:
                last[7] = min(last[1] + close + 1, ts)
            parents.append([ts, ts, side, lots, i, price, match, 0])
        of_print[i], running[i] = len(parents) - 1, parents[-1][3]
    if parents:
        parents[-1][7] = parents[-1][1] + close + 1
    table = np.array(parents, dtype=np.int64).reshape(-1, 8).T
    return Parents(of_print, running, *table[:6], table[7])


class Market:
    """A stream and the times of its rows, with what several groups read of it."""

    def __init__(self, stream: Stream, every: int) -> None:
        """Rows every so many nanoseconds."""
        self.stream = stream
        self.settings = stream.settings
        self.rows: Ints = stream.rows(every)
        self.batches, self.trades = stream.batches, stream.trades

    def again(self, every: int) -> "Market":
        """The same stream with other rows."""
        return Market(self.stream, every)

    @cached_property
    def parents(self) -> Parents:
        """Its parent trades."""
        return parents_of(self.stream)

    @cached_property
    def first_trade(self) -> int | None:
        """When the first print came."""
        return int(self.trades.ts[0]) if len(self.trades.ts) else None

    @cached_property
    def first_book(self) -> int | None:
        """When the first valid book came."""
        sound = np.flatnonzero(self.batches.sound)
        return int(self.batches.ts[sound[0]]) if len(sound) else None

    # Trades on the grid of seconds.

    @cached_property
    def trade_grid(self) -> GridSpan:
        """The seconds from the first one that knows a price."""
        return span(SECOND, self.first_trade or self.stream.last_ts, self.stream.last_ts)

    @cached_property
    def grid_price(self) -> Ints:
        """The last trade price at each of those seconds, in ticks."""
        return held(self.trades.ts, self.trades.price, self.trade_grid.times).astype(np.int64)

    def price(self, at: Ints) -> Floats:
        """The last trade price at each time; 0 before the first."""
        return held(self.trades.ts, self.trades.price, at)

    # The book.

    @cached_property
    def batch(self) -> Ints:
        """The batch that each row sees, -1 before the first."""
        return latest(self.batches.ts, self.rows)

    @cached_property
    def book_valid(self) -> Bools:
        """Whether the book is valid at each row."""
        return self.valid_at(self.rows)

    def valid_at(self, at: Ints) -> Bools:
        """Whether the book is valid: sound, and not older than `stale`."""
        index = latest(self.batches.ts, at)
        seen = np.maximum(index, 0)
        fresh = at - self.batches.ts[seen] <= self.settings.stale
        return (index >= 0) & self.batches.sound[seen] & fresh

    def book(self, values: Floats) -> Floats:
        """A number of each batch, read at the rows."""
        return np.asarray(values)[np.maximum(self.batch, 0)]

    @cached_property
    def half_mids(self) -> Ints:
        """The mid of each batch's last valid book in half-ticks, bid + ask; 0 before the first."""
        sums = self.batches.bid_price[:, 0] + self.batches.ask_price[:, 0]
        sound = self.batches.sound
        last = np.maximum.accumulate(np.where(sound, np.arange(len(sums)), -1))
        return np.where(last >= 0, sums[np.maximum(last, 0)], 0)

    def half_mid(self, at: Ints) -> Floats:
        """The last valid mid at or before each time, in half-ticks; 0 where there is none."""
        return held(self.batches.ts, self.half_mids, at)

    @cached_property
    def valid_before(self) -> Bools:
        """Whether the book was valid just before each batch."""
        batches = self.batches
        before = np.zeros(len(batches.ts), dtype=bool)
        fresh = np.diff(batches.ts) <= self.settings.stale
        before[1:] = batches.sound[:-1] & fresh
        return before

    @cached_property
    def continues(self) -> Bools:
        """Whether flow is counted across each batch: valid before and after, no snapshot (17.5)."""
        return self.valid_before & self.batches.sound & ~self.batches.snapshot

    # Means weighted by time, over valid time alone (17.18).

    @cached_property
    def _spans(self) -> Ints:
        """How long each batch's book was valid, up to the next batch."""
        batches = self.batches
        ends = np.append(batches.ts[1:], np.iinfo(np.int64).max)
        return np.where(batches.sound, np.minimum(ends - batches.ts, self.settings.stale), 0)

    @cached_property
    def _accrued(self) -> Ints:
        """Valid time before each batch."""
        return np.concatenate([[0], np.cumsum(self._spans[:-1])])

    def valid_time(self, at: Ints) -> Ints:
        """Valid time up to each moment, in ns."""
        index = latest(self.batches.ts, at)
        seen = np.maximum(index, 0)
        here = np.minimum(at - self.batches.ts[seen], self._spans[seen])
        return np.where(index >= 0, self._accrued[seen] + here, 0)

    def time_mean(self, x: Floats, half_life: int, at: Ints) -> Floats:
        """TWEW of a number of each batch, debiased; NaN before any valid time."""
        above = np.zeros(len(x))
        running = 0.0
        for i in range(1, len(x)):
            d = 2.0 ** (-float(self._spans[i - 1]) / half_life)
            # An unsound book has no valid time: d is 1 and its number, whatever it is, is ignored.
            running = d * running + ((1.0 - d) * float(x[i - 1]) if d < 1.0 else 0.0)
            above[i] = running
        index = np.maximum(latest(self.batches.ts, at), 0)
        here = self.valid_time(at) - self._accrued[index]
        d = 2.0 ** (-here / half_life)
        total = d * above[index] + np.where(here > 0, (1.0 - d) * np.asarray(x)[index], 0.0)
        weight = self.time_weight(half_life, at)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(weight > 0, total / weight, np.nan)

    def time_weight(self, half_life: int, at: Ints) -> Floats:
        """The weight of a TWEW: 1 - 2^(-valid time / H)."""
        return -np.expm1(-np.log(2.0) * self.valid_time(at) / half_life)

    def denominator_ready(self, at: Ints) -> Bools:
        """Whether a TWEW may be a denominator: 30 s of valid book (17.2)."""
        return self.valid_time(at) >= 30 * SECOND

    @cached_property
    def best_lots(self) -> Floats:
        """(qb1 + qa1) / 2 of each batch: what `Dbar` averages."""
        return (self.batches.bid_lots[:, 0] + self.batches.ask_lots[:, 0]) / 2.0

    @cached_property
    def depth(self) -> Ints:
        """QB + QA of each batch: what `Dm` averages."""
        return self.batches.bid_lots.sum(axis=1) + self.batches.ask_lots.sum(axis=1)
