"""What came after each row: targets 0..11 of section 11, over unbroken streams."""

from dataclasses import dataclass

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import bps, event_means, latest, span
from feature_reference.stream import MS, SECOND, Bools, Floats, Ints

HORIZONS = (1, 5, 10, 30)
RETURNS_MIN = 600
TB_RETURNS_MIN = 120
CROSSED_SHARE_MAX = 0.01


@dataclass(frozen=True)
class Label:
    """A target at every row, and when it became known."""

    values: Floats  # NaN where there is no label
    t1: Ints  # 0 there


def direction(forward: Floats, sigma: Floats, mid_ticks: Floats) -> Floats:
    """+1, 0 or -1 by the larger of half a sigma and a quarter tick (4..7)."""
    theta = np.maximum(0.5 * np.asarray(sigma), 0.25 * 1e4 / np.asarray(mid_ticks))
    return np.where(forward > theta, 1.0, np.where(forward < -theta, -1.0, 0.0))


@dataclass(frozen=True)
class Barrier:
    """How far and how long (8)."""

    width_bps: float
    seconds: float


def barrier(sigma: float, round_trip: float, c_cost: float = 1.5) -> Barrier:
    """The horizon is the time in which one sigma covers the cost."""
    cost = c_cost * round_trip
    seconds = min(max((cost / sigma) ** 2, 60.0), 900.0)
    return Barrier(max(cost, sigma * seconds**0.5), seconds)


def first_hit(path_bps: Floats, width: float) -> tuple[int, int]:
    """Which point of a path passes a barrier first, and its side; (-1, 0) for none."""
    hits = np.flatnonzero(np.abs(path_bps) >= width)
    if len(hits) == 0:
        return -1, 0
    return int(hits[0]), int(np.sign(path_bps[hits[0]]))


def meta_net(side: int, entry: float, exit_: float, fee_bps: float) -> float:
    """What the primary side earned, in bps (9)."""
    return float(side * 1e4 * np.log(exit_ / entry) - 2 * fee_bps)


def primary_side(ofi_5s: float, imbalance: float) -> int:
    """The rule of the primary model (9)."""
    if abs(ofi_5s) >= 0.5:
        return int(np.sign(ofi_5s))
    return int(np.sign(imbalance)) if abs(imbalance) >= 0.2 else 0


def future_volatility(returns: Floats) -> Floats:
    """sqrt(sum r^2 / seconds) of 1 s returns (10)."""
    return np.sqrt((returns**2).sum(axis=-1) / returns.shape[-1])


class Outlook:
    """What a label may rely on: mids, sound stretches, and the proof that they were whole."""

    def __init__(self, market: Market) -> None:
        """Of a market's rows."""
        self.market, self.rows = market, market.rows
        self.batches = market.batches
        self.now = market.half_mid(self.rows)
        unsound = (market.batches.bids > 0) & (market.batches.asks > 0) & ~market.batches.sound
        self.crossed = np.concatenate([[0], np.cumsum(unsound)])

    def whole(self, since: Ints, until: Ints) -> Bools:
        """Nothing is wrong from a row to its end, and a later depth message proves it."""
        ts, stale = self.batches.ts, self.market.settings.stale
        after = latest(ts, until) + 1
        proof = after < len(ts)
        proof &= ts[np.minimum(after, len(ts) - 1)] - until <= stale
        first = np.maximum(latest(ts, since), 0)
        crossed = self.crossed[after] - self.crossed[first]
        return proof & (self.market.half_mid(since) > 0) & (crossed == 0)

    def label(self, values: Floats, until: Ints, valid: Bools) -> Label:
        """A label where it is valid and whole."""
        good = valid & self.whole(self.rows, until) & ~np.isnan(values)
        return Label(np.where(good, values, np.nan), np.where(good, until, 0))


def matured_sigma(market: Market, horizon: int, half_life: float, least: int) -> Floats:
    """EW root mean square of returns over `horizon` on the grid of seconds, at each row."""
    if market.first_book is None:
        return np.full(len(market.rows), np.nan)
    grid = span(SECOND, market.first_book, market.stream.last_ts)
    half_mids = market.half_mid(grid.times)
    returns = bps(half_mids[horizon:], half_mids[:-horizon])
    valid = market.valid_at(grid.times[horizon:])
    values = np.full(len(half_mids), np.nan)
    squares = event_means((returns[valid] ** 2).tolist(), half_life)
    count = np.cumsum(valid)
    known = count >= least
    values[horizon:][known] = np.sqrt(squares[count[known] - 1])
    return grid.at(market.rows, values)


def targets(market: Market, ofi_5s: Floats, imbalance: Floats) -> dict[int, Label]:
    """All twelve; two features of the row decide the primary side of `tb_meta`."""
    outlook = Outlook(market)
    out: dict[int, Label] = {}
    rows = market.rows
    for at, seconds in enumerate(HORIZONS):
        until = rows + seconds * SECOND
        forward = bps(market.half_mid(until), outlook.now)
        out[at] = outlook.label(forward, until, np.ones(len(rows), dtype=bool))
        sigma = matured_sigma(market, seconds, 1800, RETURNS_MIN)
        with np.errstate(divide="ignore"):
            classes = direction(forward, sigma, outlook.now / 2.0)
        out[4 + at] = outlook.label(classes, until, ~np.isnan(sigma))
    out |= barriers(market, outlook, ofi_5s, imbalance)
    until = rows + 30 * SECOND
    mids = market.half_mid(rows[:, None] + np.arange(31) * SECOND)
    volatility = future_volatility(bps(mids[:, 1:], mids[:, :-1]))
    out[10] = outlook.label(volatility, until, np.ones(len(rows), dtype=bool))
    out[11] = future_spread(market, outlook)
    return out


def barriers(
    market: Market, outlook: Outlook, ofi_5s: Floats, imbalance: Floats
) -> dict[int, Label]:
    """8 and 9, row by row."""
    settings, batches, rows = market.settings, market.batches, market.rows
    sigma = matured_sigma(market, 1, 300, TB_RETURNS_MIN)
    half_mids = market.half_mids
    # mid(u) is the last one with time <= u: one that was left at the same moment never was it.
    stands = np.append(np.diff(batches.ts) > 0, True)
    fee, latency = settings.fee_bps, settings.latency
    spread = 1e4 * (batches.ask_price[:, 0] - batches.bid_price[:, 0]) * 2.0
    spread_bps = np.where(half_mids > 0, spread / np.maximum(half_mids, 1), np.nan)
    count = len(rows)
    values, t1 = np.full(count, np.nan), np.zeros(count, dtype=np.int64)
    meta, meta_t1 = np.full(count, np.nan), np.zeros(count, dtype=np.int64)
    for i, row in enumerate(rows.tolist()):
        if not sigma[i] > 0 or not market.book_valid[i]:
            continue
        at = int(market.batch[i])
        round_trip = float(spread_bps[at]) + 2 * fee + 2 * settings.slip_bps
        limits = barrier(float(sigma[i]), round_trip, settings.c_cost)
        # Nothing later than T + Tv counts, so the end is the last nanosecond up to there.
        end = row + int(limits.seconds * SECOND)
        inside = slice(at + 1, int(latest(batches.ts, np.array([end]))[0]) + 1)
        path = np.where(stands[inside], bps(half_mids[inside], outlook.now[i]), 0.0)
        hit, side = first_hit(path, limits.width_bps)
        values[i], t1[i] = side, end if hit < 0 else int(batches.ts[inside][hit])
        z = primary_side(float(ofi_5s[i]), float(imbalance[i]))
        if z == 0:
            continue
        # Both orders take as long: the one that closes trades at this label's own t1.
        enters = row + latency
        leaves = max(int(t1[i]), enters) + latency
        entry, exit_ = touch(market, enters, z), touch(market, leaves, -z)
        if entry and exit_:
            meta[i] = float(meta_net(z, entry, exit_, fee) > 0)
            meta_t1[i] = leaves
    whole = ~np.isnan(values) & outlook.whole(rows, t1)
    # Each label is proven by what comes after its own end.
    whole_meta = ~np.isnan(meta) & outlook.whole(rows, meta_t1)
    return {
        8: Label(np.where(whole, values, np.nan), np.where(whole, t1, 0)),
        9: Label(np.where(whole_meta, meta, np.nan), np.where(whole_meta, meta_t1, 0)),
    }


def touch(market: Market, at: int, side: int) -> int:
    """The price that a taker of a side gets; 0 where the book is not valid (section 2)."""
    moment = np.array([at])
    if not market.valid_at(moment)[0]:
        return 0
    prices = market.batches.ask_price if side > 0 else market.batches.bid_price
    return int(prices[latest(market.batches.ts, moment)[0], 0])


def future_spread(market: Market, outlook: Outlook) -> Label:
    """11: the time-weighted spread of the next ten seconds."""
    rows, batches = market.rows, market.batches
    until = rows + 10 * SECOND
    spread = batches.ask_price[:, 0] - batches.bid_price[:, 0]
    ends = np.append(batches.ts[1:], market.stream.last_ts + 60 * SECOND)
    values = np.full(len(rows), np.nan)
    for i, (row, end) in enumerate(zip(rows.tolist(), until.tolist(), strict=True)):
        first, last = max(0, int(market.batch[i])), int(latest(batches.ts, np.array([end]))[0])
        here = slice(first, last + 1)
        lasted = np.minimum(ends[here], end) - np.maximum(batches.ts[here], row)
        sound = batches.sound[here]
        total = int(lasted.sum())
        if total == 10 * SECOND and lasted[~sound].sum() <= CROSSED_SHARE_MAX * total:
            values[i] = (lasted * spread[here])[sound].sum() / lasted[sound].sum()
    return outlook.label(values, until, np.ones(len(rows), dtype=bool))


def settled(market: Market, horizon: int, last_ts: int) -> Bools:
    """Rows whose label no longer depends on what a cut stream leaves out."""
    return market.rows + horizon + market.settings.stale + MS <= last_ts
