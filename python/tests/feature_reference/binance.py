"""Reads raw Binance captures and puts the book together by the venue's rules."""

import gzip
import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from feature_reference.stream import DEPTH, Batches, Change, Settings, Stream, Trades


class Grid:
    """Exact decimals to whole ticks or lots."""

    def __init__(self, step: str) -> None:
        """One tick or lot is `step`."""
        self.step = Decimal(step)
        self.known: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """So many steps; a value off the grid is an error, never rounded."""
        found = self.known.get(text)
        if found is None:
            steps = Decimal(text) / self.step
            if steps != steps.to_integral_value():
                raise ValueError(f"{text} is no multiple of {self.step}")
            found = self.known[text] = int(steps)
        return found


class BookSide:
    """All levels of one side; keys are ticks of asks and negated ticks of bids: best is least."""

    def __init__(self, sign: int) -> None:
        """`sign` is -1 for bids."""
        self.sign = sign
        self.lots: dict[int, int] = {}
        self.keys: list[int] = []

    def set(self, price: int, lots: int) -> None:
        """Sets the absolute size of a level; zero removes it."""
        key = self.sign * price
        if lots == 0:
            if self.lots.pop(key, None) is not None:
                del self.keys[bisect_left(self.keys, key)]
            return
        if key not in self.lots:
            insort(self.keys, key)
        self.lots[key] = lots

    def clear(self) -> None:
        """Forgets every level."""
        self.lots.clear()
        self.keys.clear()

    def within(self, farthest: int) -> int:
        """Lots of the levels whose key is at most `farthest`."""
        return sum(self.lots[key] for key in self.keys[: bisect_right(self.keys, farthest)])


class Recorder:
    """A book, and a line in the tables of `Batches` for every batch applied to it."""

    def __init__(self, band: tuple[int, int]) -> None:
        """An empty book; `band` is the half-width of the depth band."""
        self.band = band
        self.sides = {1: BookSide(-1), -1: BookSide(1)}
        self.rows: list[list[int]] = []
        self.levels: list[list[int]] = []
        self.changes: list[list[Change]] = []
        self.span = (0, 0)

    def apply(
        self, ts: int, seq: int, levels: list[tuple[int, int, int]], *, snapshot: bool
    ) -> None:
        """Applies (side, price, lots) in order and writes down what is there and what changed."""
        if snapshot:
            for side in self.sides.values():
                side.clear()
        before = {sign: side.keys[:DEPTH] for sign, side in self.sides.items()}
        old: dict[tuple[int, int], int] = {}
        for sign, price, lots in levels:
            side = self.sides[sign]
            key = side.sign * price
            old.setdefault((sign, key), side.lots.get(key, 0))
            side.set(price, lots)
        changes: list[Change] = []
        outflow = {1: 0, -1: 0}
        if not snapshot:
            for (sign, key), was in old.items():
                side = self.sides[sign]
                delta = side.lots.get(key, 0) - was
                if delta == 0:
                    continue
                if key in before[sign] or key in side.keys[:DEPTH]:
                    changes.append(Change(sign, side.sign * key, delta))
                if delta < 0 and before[sign] and key == before[sign][0]:
                    outflow[sign] = -delta
        self.changes.append(changes)
        bids, asks = self.sides[1], self.sides[-1]
        if snapshot:
            self.span = (-bids.keys[-1], asks.keys[-1]) if bids.keys and asks.keys else (0, 0)
        self.levels.append([*self._top(bids), *self._top(asks)])
        flat = [ts, seq, int(snapshot), min(len(bids.keys), DEPTH), min(len(asks.keys), DEPTH)]
        self.rows.append([*flat, outflow[1], outflow[-1], *self._band_sums()])

    def _top(self, side: BookSide) -> list[int]:
        keys = side.keys[:DEPTH]
        missing = DEPTH - len(keys)
        prices = keys + [keys[-1] + 1 if keys else 0] * missing
        return [side.sign * key for key in prices] + [side.lots[k] for k in keys] + [0] * missing

    def _band_sums(self) -> list[int]:
        bids, asks = self.sides[1], self.sides[-1]
        if not bids.keys or not asks.keys:
            return [0, 0, 0]
        # |p - mid| <= x * mid with mid = half / 2 and x = up / down, in whole numbers:
        # p <= half * (down + up) / (2 * down) and p >= half * (down - up) / (2 * down).
        up, down = self.band
        half = asks.keys[0] - bids.keys[0]
        ceiling = half * (down + up) // (2 * down)
        floor = -(-half * (down - up) // (2 * down))
        inside = (
            self.span[0] * 2 * down <= half * (down - up)
            and half * (down + up) <= self.span[1] * 2 * down
        )
        return [bids.within(-floor), asks.within(ceiling), int(inside)]

    def batches(self) -> Batches:
        """Everything written down so far."""
        table = np.array(self.rows, dtype=np.int64).reshape(-1, 10)
        levels = np.array(self.levels, dtype=np.int64).reshape(-1, 4, DEPTH)
        return Batches(
            ts=table[:, 0],
            seq=table[:, 1],
            snapshot=table[:, 2] == 1,
            bid_price=levels[:, 0],
            bid_lots=levels[:, 1],
            ask_price=levels[:, 2],
            ask_lots=levels[:, 3],
            bids=table[:, 3],
            asks=table[:, 4],
            bid_outflow=table[:, 5],
            ask_outflow=table[:, 6],
            bid_band=table[:, 7],
            ask_band=table[:, 8],
            covered=table[:, 9] == 1,
            changes=self.changes,
        )


def lines(path: Path, until: int | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Receive time in ns and message of each line, up to the time `until`."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            stamp, _, text = line.partition(" ")
            ts = int(stamp) * (1_000 if len(stamp) == 16 else 1)
            if until is not None and ts > until:
                return
            yield ts, json.loads(text)


class Synchroniser:
    """Joins snapshot and increments: spot counts on, futures name their predecessor."""

    def __init__(self, *, spot: bool, price: Grid, lots: Grid) -> None:
        """Nothing seen yet."""
        self.spot, self.price, self.lots = spot, price, lots
        self.waiting: list[dict[str, Any]] = []
        self.snapshot: dict[str, Any] | None = None
        self.last_id: int | None = None

    def levels(self, bids: Any, asks: Any) -> list[tuple[int, int, int]]:
        """The levels of a message as (side, ticks, lots)."""
        return [
            (sign, self.price(price), self.lots(lots))
            for sign, side in ((1, bids), (-1, asks))
            for price, lots in side
        ]

    def on_depth(self, data: dict[str, Any]) -> list[tuple[int, int, int]] | None:
        """What to apply now; `None` while the message waits or is old."""
        if self.last_id is None:
            self.waiting.append(data)
            return None
        if data["u"] <= self.last_id:
            return None
        follows = data["U"] <= self.last_id + 1 if self.spot else data["pu"] == self.last_id
        if not follows:
            raise ValueError("the chain of updates broke: the reference covers unbroken streams")
        self.last_id = data["u"]
        return self.levels(data["b"], data["a"])

    def join(self) -> list[tuple[int, int, int]] | None:
        """Snapshot and what waits as one batch, once they bridge."""
        if self.last_id is not None or self.snapshot is None:
            return None
        known = self.snapshot["lastUpdateId"]
        if self.spot:
            fresh = [data for data in self.waiting if data["u"] > known]
            bridged = bool(fresh) and fresh[0]["U"] <= known + 1
        else:
            fresh = [data for data in self.waiting if data["u"] >= known]
            bridged = bool(fresh) and (fresh[0]["U"] <= known or fresh[0]["pu"] <= known)
        if not bridged:
            return None
        levels = self.levels(self.snapshot["bids"], self.snapshot["asks"])
        for data in fresh:
            levels += self.levels(data["b"], data["a"])
        self.last_id = fresh[-1]["u"]
        self.waiting.clear()
        return levels


def read(
    paths: Iterable[Path],
    settings: Settings,
    *,
    spot: bool,
    tick: str,
    lot: str,
    until: int | None = None,
) -> Stream:
    """The stream of captures of one run, in order, up to the receive time `until`."""
    sync = Synchroniser(spot=spot, price=Grid(tick), lots=Grid(lot))
    book = Recorder(settings.band)
    prints: list[list[int]] = []
    first = last = seq = 0
    last_trade = -1
    for path in paths:
        for stamp, message in lines(path, until):
            # A late message is applied at the watermark.
            ts = max(stamp, last)
            seq += 1
            data = message.get("data", message)
            kind = data.get("e", "snapshot" if "lastUpdateId" in data else "bookTicker")
            levels, joined = None, False
            if kind == "depthUpdate":
                levels = sync.on_depth(data)
            if kind == "snapshot" and sync.last_id is None:
                sync.snapshot = data
            if levels is None and kind in ("depthUpdate", "snapshot"):
                levels, joined = sync.join(), True
            if levels is not None:
                book.apply(ts, seq, levels, snapshot=joined)
            elif kind == "trade" and data["t"] > last_trade:
                last_trade = data["t"]
                # Prints of the insurance fund and the like are not of the market: an event, but
                # no price and no volume.
                if data.get("X", "MARKET") == "MARKET":
                    side = -1 if data["m"] else 1
                    price, lots = sync.price(data["p"]), sync.lots(data["q"])
                    prints.append([ts, seq, data["T"] * 1_000_000, price, lots, side])
            elif kind != "bookTicker":
                continue
            first = first or ts
            last = ts
    table = np.array(prints, dtype=np.int64).reshape(-1, 6).T
    return Stream(book.batches(), Trades(*table), None, first, last, settings)
