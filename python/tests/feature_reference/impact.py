"""What trading costs and moves, and how the depth comes back: 91, 95..98."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import (
    Column,
    GridSpan,
    Moments,
    bps,
    column,
    decayed_sums,
    latest,
    span,
)
from feature_reference.stream import MS, SECOND, Bools, Floats, Ints

MINUTE = 60 * SECOND
FINE = 100 * MS
MATURE = 50  # buckets of 100 ms: five seconds


def resiliency(depths: Floats, counts: Bools, gate: int = 120) -> Floats:
    """1 - phi at each grid point, in [0, 2]; NaN before so many steps (91)."""
    moments, out = Moments(2, 300), np.full(len(depths), np.nan)
    for k in range(len(depths)):
        if k > 0 and counts[k]:
            moments.step(np.array([depths[k], depths[k - 1]]))
        if moments.steps >= gate and moments.cov[1, 1] > 0:
            out[k] = np.clip(1.0 - moments.cov[0, 1] / moments.cov[1, 1], 0.0, 2.0)
    return out


def regression_slope(
    x: Floats, y: Floats, counts: Bools, half_life: float = 300, gate: int = 120
) -> Floats:
    """EW slope of y on x with intercept at each grid point (95)."""
    moments, out = Moments(2, half_life), np.full(len(x), np.nan)
    for k in range(len(x)):
        if counts[k]:
            moments.step(np.array([x[k], y[k]]))
        if moments.steps >= gate and moments.cov[0, 0] > 0:
            out[k] = moments.cov[0, 1] / moments.cov[0, 0]
    return out


def impulse(x: Floats, r: Floats, counts: Bools, half_life: float = 600, gate: int = 300) -> Floats:
    """EW slope of five steps of returns on the innovation that began them (96, 7.9)."""
    a = 2.0 ** (-1.0 / half_life)
    cross = square = y_u = u_u = 0.0
    pairs = 0
    u = np.full(len(x), np.nan)
    out = np.full(len(x), np.nan)
    phi = 0.0
    for k in range(1, len(x)):
        # While the book is invalid the sums make no step (17.18); trades go on, and so do x and u.
        if counts[k]:
            cross = a * cross + x[k] * x[k - 1]
            square = a * square + x[k - 1] ** 2
            phi = cross / square if square > 0 else 0.0
        u[k] = x[k] - phi * x[k - 1]
        if counts[k] and k >= 4 and not np.isnan(u[k - 4]):
            y = r[k - 4 : k + 1]
            if not np.isnan(y).any():
                y_u = a * y_u + y.sum() * u[k - 4]
                u_u = a * u_u + u[k - 4] ** 2
                pairs += 1
        if pairs >= gate and u_u > 0:
            out[k] = y_u / u_u
    return out


def effective(side: Ints, price: Ints, half_mid: Floats) -> Floats:
    """2e4 s (p - m) / m of prints, with the mid in half-ticks (97)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 2e4 * side * (2.0 * price - half_mid) / half_mid


def features(market: Market) -> dict[int, Column]:
    """91 and 95..98 at every row."""
    return on_seconds(market) | spreads(market)


def on_seconds(market: Market) -> dict[int, Column]:
    """91, 95 and 96."""
    rows = market.rows
    if market.first_book is None or market.first_trade is None:
        undefined = column(np.full(len(rows), np.nan), False)
        return dict.fromkeys((91, 95, 96), undefined)
    batches, trades, last = market.batches, market.trades, market.stream.last_ts

    def put(grid: GridSpan, values: Floats) -> Column:
        at_rows = grid.at(rows, values)
        return column(at_rows, ~np.isnan(at_rows))

    grid = span(SECOND, market.first_book, last)
    five = batches.bid_lots[:, :5].sum(axis=1) + batches.ask_lots[:, :5].sum(axis=1)
    sound = np.where(batches.sound, np.arange(len(five)), -1)
    seen = np.maximum.accumulate(sound)[latest(batches.ts, grid.times)]
    valid = market.valid_at(grid.times)
    out = {91: put(grid, resiliency(np.log(1.0 + five[seen]), valid))}

    both = span(SECOND, max(market.first_book, market.first_trade), last)
    times, valid = both.times, market.valid_at(both.times)
    half_mids = market.half_mid(np.append(times[0] - SECOND, times))
    returns = bps(half_mids[1:], half_mids[:-1])
    signed = np.concatenate([[0], np.cumsum(trades.side * trades.lots)])
    ends = signed[latest(trades.ts, times) + 1]
    flow = ends - signed[latest(trades.ts, times - SECOND) + 1]
    counts = valid & ~np.isnan(returns)
    out[95] = put(both, regression_slope(flow.astype(float), returns, counts))

    parents = market.parents
    weights = np.concatenate([[0.0], np.cumsum(parents.side * np.sqrt(parents.lots))])
    closed = latest(parents.closed, np.append(times[0] - SECOND, times)) + 1
    x = np.diff(weights[closed])
    out[96] = put(both, impulse(x, returns, valid))
    return out


def spreads(market: Market) -> dict[int, Column]:
    """97 and 98."""
    rows, batches, trades = market.rows, market.batches, market.trades
    before = np.searchsorted(batches.seq, trades.seq) - 1  # the last batch before each print
    half_mid = np.where(before >= 0, market.half_mids[np.maximum(before, 0)], 0)
    known = np.flatnonzero((half_mid > 0) & (trades.side != 0))
    ts, side, price = trades.ts[known], trades.side[known], trades.price[known]
    lots, mid = trades.lots[known], half_mid[known].astype(float)
    above = decayed_sums(ts, lots * effective(side, price, mid), rows, MINUTE)
    below = decayed_sums(ts, lots, rows, MINUTE)
    parent = market.parents.of_print[known]
    first = np.flatnonzero(np.diff(parent, prepend=-1) != 0)  # first known print of each parent
    warm = latest(ts[first], rows) + 1 >= 20
    with np.errstate(divide="ignore", invalid="ignore"):
        out = {97: column(above / below, warm)}

    bucket = -(-ts // FINE)
    buckets = np.unique(bucket)
    due = (buckets + MATURE) * FINE
    later = market.half_mid(due)
    numerators, volumes = np.zeros(len(buckets)), np.zeros(len(buckets))
    for i, b in enumerate(buckets.tolist()):
        inside = bucket == b
        s, v, p = side[inside], lots[inside], price[inside]
        numerators[i] = (2e4 * v * s * (2.0 * p - later[i]) / mid[inside]).sum()
        volumes[i] = v.sum()
    above, below = (decayed_sums(due, x, rows, MINUTE) for x in (numerators, volumes))
    matured = (-(-ts[first] // FINE) + MATURE) * FINE
    warm = latest(matured, rows) + 1 >= 20
    with np.errstate(divide="ignore", invalid="ignore"):
        return out | {98: column(above / below, warm)}
