"""Reads LOBSTER's message and order book files: a batch for each message that changes a level; the
file's rows are the book. A hidden execution leaves the book alone: it is a print, and no batch.

Orders, prints and levels are all in one ordered feed, so `match_ttl` is 0. Prices are whole ticks and
every print counts in price and volume, so a hidden execution at half a cent needs a tick: the one
where its taker pays less, which the mirror of section 5 turns into itself.
"""

import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from feature_reference.stream import (
    ADD,
    CANCEL,
    DAY,
    EXECUTE,
    REDUCE,
    SECOND,
    Batches,
    Calendar,
    Ints,
    Orders,
    Settings,
    Stream,
    Trades,
    ceil_div,
    one_session,
)

HIDDEN, HALT = 5, 7
MISSING = 9_999_999_999


@dataclass(frozen=True)
class Sample:
    """The tables of one file: messages and the ten levels behind each."""

    ts: Ints
    kind: Ints
    id: Ints
    lots: Ints
    price: Ints  # 1e-4 USD
    side: Ints  # of the resting order
    book: Ints  # [message, level, (ask price, ask lots, bid price, bid lots)]


def midnight(day: str, zone: str = "America/New_York") -> int:
    """Local midnight of a day, in ns since 1970."""
    local = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    return int(local.timestamp()) * SECOND


def calendar(day: str) -> Calendar:
    """The session of 09:30 to 16:00 in New York."""
    start = midnight(day)
    hours = timedelta(hours=9.5).seconds * SECOND, timedelta(hours=16).seconds * SECOND
    return one_session(start, start + hours[0], start + hours[1])


def nanoseconds(text: str) -> int:
    """Seconds after midnight, exactly."""
    whole, _, part = text.partition(".")
    return int(whole) * SECOND + int(part.ljust(9, "0"))


def load(path: Path, until_seconds: int | None = None) -> Sample:
    """Reads the two files in the zip, up to so many seconds after the first message's second."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        message = next(n for n in names if "GOOG" in n and "message_10" in n)
        day = message.split("_")[1]
        text = archive.read(message).decode().split()
        book = archive.read(message.replace("message", "orderbook")).decode().split()
    fields = [line.split(",") for line in text]
    times = np.array([nanoseconds(row[0]) for row in fields], dtype=np.int64)
    if until_seconds is not None:
        count = int(np.searchsorted(times, times[0] // SECOND * SECOND + until_seconds * SECOND))
        fields, book, times = fields[:count], book[:count], times[:count]
    table = np.array([[int(v) for v in row[1:]] for row in fields], dtype=np.int64)
    levels = np.array([[int(v) for v in line.split(",")] for line in book], dtype=np.int64)
    if (table[:, 0] == HALT).any() or (np.diff(times) < 0).any():
        raise ValueError("the reference covers unbroken streams: a halt, or time that goes back")
    return Sample(midnight(day) + times, *table.T, levels.reshape(len(levels), -1, 4))


def batches(sample: Sample, tick: int, band: tuple[int, int]) -> Batches:
    """The book behind each message, in ticks."""
    said = np.isin(sample.kind, (ADD, REDUCE, CANCEL, EXECUTE))
    said[0] = True
    at = np.flatnonzero(said)
    ask_price, ask_lots, bid_price, bid_lots = np.moveaxis(sample.book[at], 2, 0).copy()
    has_bid, has_ask = bid_price != -MISSING, ask_price != MISSING
    bid_price, ask_price = bid_price // tick, ceil_div(ask_price, tick)
    for price, there, beyond in ((bid_price, has_bid, -1), (ask_price, has_ask, 1)):
        for row in np.flatnonzero(~there.all(axis=1)):
            occupied = there[row].sum()
            price[row, occupied:] = price[row, occupied - 1] + beyond if occupied else 0
    half = bid_price[:, :1] + ask_price[:, :1]
    up, down = band
    in_bid = has_bid & (bid_price * 2 * down >= half * (down - up))
    in_ask = has_ask & (ask_price * 2 * down <= half * (down + up))
    bids, asks = has_bid.sum(axis=1), has_ask.sum(axis=1)
    last_bid = np.take_along_axis(bid_price, np.maximum(bids - 1, 0)[:, None], axis=1)
    last_ask = np.take_along_axis(ask_price, np.maximum(asks - 1, 0)[:, None], axis=1)
    # Every row is the whole of what the feed shows, so it covers the band that it reaches across.
    covered = (last_bid * 2 * down <= half * (down - up)) & (
        half * (down + up) <= last_ask * 2 * down
    )
    return Batches(
        ts=sample.ts[at],
        seq=at * 2 + 1,
        snapshot=at == 0,
        bid_price=bid_price,
        bid_lots=bid_lots,
        ask_price=ask_price,
        ask_lots=ask_lots,
        bids=bids,
        asks=asks,
        bid_outflow=outflow(bid_price, bid_lots),
        ask_outflow=outflow(ask_price, ask_lots),
        bid_band=np.where(in_bid, bid_lots, 0).sum(axis=1),
        ask_band=np.where(in_ask, ask_lots, 0).sum(axis=1),
        covered=covered[:, 0],
        changes=[[] for _ in at],
    )


def outflow(price: Ints, lots: Ints) -> Ints:
    """Lots that left the price that was best in the row before."""
    there = np.where(price[1:] == price[:-1, :1], lots[1:], 0).sum(axis=1)
    return np.concatenate([[0], np.maximum(lots[:-1, 0] - there, 0)])


def trades(sample: Sample, tick: int) -> Trades:
    """Executions, visible and hidden: the aggressor is on the other side of the resting order.

    A print is sequenced before the batch of its own message: it met the book as it was.
    """
    at = np.flatnonzero(np.isin(sample.kind, (EXECUTE, HIDDEN)))
    ts, side, price = sample.ts[at], -sample.side[at], sample.price[at]
    ticks = np.where(side > 0, price // tick, ceil_div(price, tick))
    return Trades(ts, at * 2, ts, ticks, sample.lots[at], side)


def orders(sample: Sample, tick: int) -> Orders:
    """Events of visible orders."""
    at = np.flatnonzero(np.isin(sample.kind, (ADD, REDUCE, CANCEL, EXECUTE)))
    price = sample.price[at] // tick
    kind, side = sample.kind[at], sample.side[at]
    return Orders(sample.ts[at], at * 2 + 1, kind, sample.id[at], side, price, sample.lots[at])


def read(
    path: Path, settings: Settings, *, tick: int = 100, until_seconds: int | None = None
) -> Stream:
    """The stream of a sample; `tick` is in 1e-4 USD."""
    sample = load(path, until_seconds)
    assert int(sample.ts[-1] - sample.ts[0]) < DAY
    return Stream(
        batches(sample, tick, settings.band),
        trades(sample, tick),
        orders(sample, tick),
        int(sample.ts[0]),
        int(sample.ts[-1]),
        settings,
    )
