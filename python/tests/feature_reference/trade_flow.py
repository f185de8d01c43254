"""Prints and parents: activity, flow, toxicity, sweeps, whales (27..36, 38..41, 93, 103)."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import (
    LN2,
    Column,
    column,
    covered,
    decayed_sums,
    event_means,
    latest,
    quotient,
    window_start,
    window_sum,
)
from feature_reference.stream import SECOND, Floats, Ints

HAWKES_HALF_LIFE = 5 * SECOND
PRODUCTS = 256


def balance(more: Floats, less: Floats, otherwise: float = 0.0) -> Floats:
    """(a - b) / (a + b)."""
    more, less = np.asarray(more, dtype=float), np.asarray(less, dtype=float)
    return quotient(more - less, more + less, otherwise)


def intensity_ratio(short: Floats, long: Floats) -> Floats:
    """ln((N_10s + 1) / (N_300s / 30 + 1)) (28)."""
    return np.log((np.asarray(short) + 1.0) / (np.asarray(long) / 30.0 + 1.0))


def burstiness(durations: Floats, half_life: float = 100.0) -> Floats:
    """(sd - mu) / (sd + mu) after each duration (30)."""
    # Around the first duration, so that equal ones have exactly no variance.
    shifted = np.asarray(durations, dtype=float) - durations[0]
    mean = event_means(shifted.tolist(), half_life)
    square = event_means((shifted**2).tolist(), half_life)
    deviation = np.sqrt(np.maximum(0.0, square - mean**2))
    return quotient(deviation - (mean + durations[0]), deviation + mean + durations[0])


def vpin(signed_lots: Ints, bucket_lots: int, buckets: int = 50) -> Floats:
    """After each print with a side; NaN before so many buckets are full (36)."""
    full: list[int] = []
    fill = flow = 0
    out = np.full(len(signed_lots), np.nan)
    for i, signed in enumerate(signed_lots.tolist()):
        rest, side = abs(signed), 1 if signed > 0 else -1
        while rest:
            part = min(rest, bucket_lots - fill)
            fill, flow, rest = fill + part, flow + side * part, rest - part
            if fill == bucket_lots:
                full.append(abs(flow))
                fill = flow = 0
        if len(full) >= buckets:
            out[i] = sum(full[-buckets:]) / (buckets * bucket_lots)
    return out


def successive_products(x: Ints) -> Ints:
    """x_i x_{i-1}."""
    return x[1:] * x[:-1]


def roll(products: Ints) -> Floats:
    """2 sqrt(max(0, -mean)) (38)."""
    return 2.0 * np.sqrt(np.maximum(0.0, -np.asarray(products).mean(axis=-1)))


def last_of(values: Ints, n: int) -> Ints:
    """The windows of the last n values, one for each end."""
    if len(values) < n:
        return np.empty((0, n), dtype=np.int64)
    return np.lib.stride_tricks.sliding_window_view(values, n)


def features(market: Market) -> dict[int, Column]:
    """27..36, 38..41, 93 and 103 at every row."""
    return (
        activity(market)
        | flow(market)
        | classes(market)
        | {36: toxicity(market)}
        | successive(market)
        | intensities(market)
        | {93: sweeps(market)}
    )


def activity(market: Market) -> dict[int, Column]:
    """27..31."""
    rows, parents = market.rows, market.parents
    ones = np.ones(len(parents.start), dtype=np.int64)
    short = window_sum(parents.start, ones, rows, 10 * SECOND)
    long = window_sum(parents.start, ones, rows, 300 * SECOND)
    warm = [covered(rows, s * SECOND, market.first_trade) for s in (10, 300)]
    out = {
        27: column(short / 10.0, warm[0]),
        28: column(intensity_ratio(short, long), warm[1]),
    }
    durations = np.diff(parents.start) / SECOND
    seen = latest(parents.start, rows)  # so many durations are known
    means = np.append(np.nan, event_means(durations.tolist(), 20))
    bursts = np.append(np.nan, burstiness(durations) if len(durations) else [])
    known = np.maximum(seen, 0)
    out[29] = column(means[known], seen >= 20)
    out[30] = column(bursts[known], (seen >= 50) & ~np.isnan(bursts[known]))
    sizes = np.append(np.nan, event_means(parents.lots.tolist(), 100))
    closed = latest(parents.closed, rows) + 1
    out[31] = column(sizes[closed], closed >= 50)
    return out


def flow(market: Market) -> dict[int, Column]:
    """32, 34 and 35."""
    rows, trades = market.rows, market.trades
    signed = trades.side * trades.lots
    buys = window_sum(trades.ts, np.maximum(signed, 0), rows, 10 * SECOND)
    sells = window_sum(trades.ts, np.maximum(-signed, 0), rows, 10 * SECOND)
    delta = window_sum(trades.ts, signed, rows, 60 * SECOND)
    warm = [covered(rows, s * SECOND, market.first_trade) for s in (10, 60)]
    session = market.settings.calendar.session_of
    of_row, of_trade = session(rows), session(trades.ts)
    first = np.searchsorted(of_trade, of_row)
    end = np.maximum(np.searchsorted(trades.ts, rows, side="right"), first)
    sums = [np.concatenate([[0], np.cumsum(x)]) for x in (signed, np.abs(signed))]
    above, below = (s[end] - s[first] for s in sums)
    return {
        32: column(balance(buys, sells), warm[0]),
        34: column(delta, warm[1]),
        35: column(quotient(above, below, 0.0), end > first),
    }


def parent_lots(market: Market, window: int, units: int, side: int) -> Ints:
    """Lots of the parents of a side that are so large by now, booked at their first print."""
    parents, rows = market.parents, market.rows
    least = units * market.settings.size_unit_lots
    counted = np.flatnonzero(market.parents.of_print >= 0)
    start = window_start(rows, window, SECOND)
    out = np.zeros(len(rows), dtype=np.int64)
    for at, row in enumerate(rows.tolist()):
        prints = counted[: np.searchsorted(market.trades.ts[counted], row, side="right")]
        if len(prints) == 0:
            continue
        # All but the newest parent have their whole size; the newest one may still grow.
        newest = int(parents.of_print[prints[-1]])
        since = int(np.searchsorted(parents.start, start[at], side="right"))
        sizes = parents.lots[since : newest + 1].copy()
        if len(sizes) == 0:
            continue
        sizes[-1] = parents.running[prints[-1]]
        mine = (parents.side[since : newest + 1] == side) & (sizes >= least)
        out[at] = sizes[mine].sum()
    return out


def classes(market: Market) -> dict[int, Column]:
    """33 and 103."""
    rows, trades = market.rows, market.trades
    window = 60 * SECOND
    _, large_units, _, whale_units = market.settings.size_classes
    large = parent_lots(market, window, large_units, 1)
    large = large + parent_lots(market, window, large_units, -1)
    total = parent_lots(market, window, 0, 1) + parent_lots(market, window, 0, -1)
    total = total + window_sum(trades.ts, np.where(trades.side == 0, trades.lots, 0), rows, window)
    warm = [covered(rows, s * SECOND, market.first_trade) for s in (60, 300)]
    buys, sells = (parent_lots(market, 300 * SECOND, whale_units, side) for side in (1, -1))
    return {
        33: column(quotient(large, total), warm[0] & (total > 0)),
        103: column(balance(buys, sells), warm[1]),
    }


def toxicity(market: Market) -> Column:
    """36, without earlier sessions: the bucket comes from the hour after the first print."""
    trades, rows = market.trades, market.rows
    if market.first_trade is None:
        return column(np.full(len(rows), np.nan), False)
    end = market.first_trade + 3600 * SECOND
    volume = int(trades.lots[trades.ts <= end].sum())
    bucket = max(1, (2 * volume + 50) // 100)  # volume / 50, half up
    later = (trades.ts > end) & (trades.side != 0)
    values = vpin((trades.side * trades.lots)[later], bucket)
    seen = latest(trades.ts[later], rows)
    at_rows = np.append(values, np.nan)[seen]
    return column(at_rows, (rows > end) & ~np.isnan(at_rows))


def successive(market: Market) -> dict[int, Column]:
    """38 and 39: the step is made when the parent closes (17.7)."""
    parents = market.parents
    closed = latest(parents.closed, market.rows) + 1
    out: dict[int, Column] = {}
    # Products of moves need three parents, of sides two.
    moves, signs = np.diff(parents.last_price), parents.side
    for index, x, needed in ((38, moves, 2), (39, signs, 1)):
        windows = last_of(successive_products(x), PRODUCTS)
        values = roll(windows) if index == 38 else windows.mean(axis=-1)
        ends = closed - needed - PRODUCTS
        known = np.clip(ends, 0, max(0, len(values) - 1))
        at_rows = values[known] if len(values) else np.full(len(closed), np.nan)
        out[index] = column(at_rows, (ends >= 0) & (len(values) > 0))
    return out


def intensities(market: Market) -> dict[int, Column]:
    """40 and 41."""
    parents, rows = market.parents, market.rows
    beta = LN2 / 5.0
    warm = covered(rows, 25 * SECOND, market.first_trade)
    out: dict[int, Column] = {}
    for index, side in ((40, 1), (41, -1)):
        starts = parents.start[parents.side == side]
        sums = decayed_sums(starts, np.full(len(starts), beta), rows, HAWKES_HALF_LIFE)
        out[index] = column(sums, warm)
    return out


def third_price(prices: list[int], side: int) -> int | None:
    """Which print of a parent is at its third price, all of them moving its way (93)."""
    distinct = 1
    for i in range(1, len(prices)):
        move = side * (prices[i] - prices[i - 1])
        if move < 0:
            return None
        distinct += move > 0
        if distinct == 3:
            return i
    return None


def sweeps(market: Market) -> Column:
    """93: the latch of one second."""
    parents, trades, rows = market.parents, market.trades, market.rows
    times: list[int] = []
    sides: list[int] = []
    of_parent: dict[int, list[int]] = {}
    for i, parent in enumerate(parents.of_print.tolist()):
        if parent >= 0:
            of_parent.setdefault(parent, []).append(i)
    for parent, prints in of_parent.items():
        third = third_price(trades.price[prints].tolist(), int(parents.side[parent]))
        if third is not None:
            times.append(int(trades.ts[prints[third]]))
            sides.append(int(parents.side[parent]))
    return latch(np.array(times, dtype=np.int64), sides, rows, SECOND, market.first_trade)


def latch(times: Ints, sides: list[int], rows: Ints, hold: int, since: int | None) -> Column:
    """The latest side, shown for t <= T < t + hold, else 0."""
    seen = latest(times, rows)
    at = np.maximum(seen, 0)
    if len(times) == 0:
        values = np.zeros(len(rows))
    else:
        shown = (seen >= 0) & (rows < times[at] + hold)
        values = np.where(shown, np.array(sides)[at], 0)
    valid = np.zeros(len(rows), dtype=bool) if since is None else rows >= since
    return column(values, valid)
