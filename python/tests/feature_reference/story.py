"""Little markets for examples: a few prints and books, told as a story."""

from dataclasses import dataclass, field

import numpy as np

from feature_reference.market import Market
from feature_reference.stream import (
    DEPTH,
    MS,
    Batches,
    Change,
    Settings,
    Stream,
    Trades,
    around_the_clock,
)

SETTINGS = Settings(around_the_clock(), 1, 1, 1, 250 * MS)


Levels = list[tuple[int, int]]


@dataclass
class Story:
    """A little market: prints as (ms, price, signed lots), books as (ms, bids, asks)."""

    prints: list[tuple[int, int, int]] = field(default_factory=list)
    books: list[tuple[int, Levels, Levels]] = field(default_factory=list)
    settings: Settings = SETTINGS

    def market(self, until_ms: int, every_ms: int = 100) -> Market:
        """Told up to a time."""
        prints = np.array(self.prints, dtype=np.int64).reshape(-1, 3)
        ts, lots = prints[:, 0] * MS, np.abs(prints[:, 2])
        # A print sorts before a book of the same time.
        seq = prints[:, 0] * 10
        told = Trades(ts, seq, ts, prints[:, 1], lots, np.sign(prints[:, 2]))
        batches = self.batches()
        first = min([*ts[:1].tolist(), *batches.ts[:1].tolist()])
        stream = Stream(batches, told, None, first, until_ms * MS, self.settings)
        return Market(stream, every_ms * MS)

    def batches(self) -> Batches:
        """The books, the first as a snapshot; each change of a level as it is."""
        count = len(self.books)
        price, lots = np.zeros((2, count, DEPTH), dtype=int), np.zeros((2, count, DEPTH), dtype=int)
        changes: list[list[Change]] = []
        outflow = np.zeros((2, count), dtype=np.int64)
        for i, (_, bids, asks) in enumerate(self.books):
            changes.append([])
            for at, (sign, levels) in enumerate(((1, bids), (-1, asks))):
                for m in range(DEPTH):
                    there = m < len(levels)
                    price[at, i, m] = levels[m][0] if there else levels[-1][0] - sign
                    lots[at, i, m] = levels[m][1] if there else 0
                if i:
                    old = self.books[i - 1][1] if sign > 0 else self.books[i - 1][2]
                    before, after = dict(old), dict(levels)
                    for p in sorted(before | after):
                        delta = after.get(p, 0) - before.get(p, 0)
                        if delta:
                            changes[-1].append(Change(sign, p, delta))
                    best = old[0][0]
                    outflow[at, i] = max(0, before[best] - after.get(best, 0))
        ts = np.array([book[0] for book in self.books], dtype=np.int64)
        zeros = np.zeros(count, dtype=np.int64)
        return Batches(
            ts=ts * MS,
            seq=ts * 10 + 5,
            snapshot=np.arange(count) == 0,
            bid_price=price[0],
            bid_lots=lots[0],
            ask_price=price[1],
            ask_lots=lots[1],
            bids=np.array([min(len(b[1]), DEPTH) for b in self.books], dtype=np.int64),
            asks=np.array([min(len(b[2]), DEPTH) for b in self.books], dtype=np.int64),
            bid_outflow=outflow[0],
            ask_outflow=outflow[1],
            bid_band=zeros,
            ask_band=zeros,
            covered=zeros == 1,
            changes=changes,
        )
