"""Bars of trades on the absolute grid, and the features on them: 9, 10, 17, 18, 37, 100."""

from dataclasses import dataclass

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import Column, bps, column
from feature_reference.stream import SECOND, Floats, Ints, ceil_div

FOOTPRINT_ROWS = 127


@dataclass(frozen=True)
class Bars:
    """Closed bars in order, from the first whole one that knows a price."""

    number: Ints  # bar n covers ((n-1) width, n width]
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    previous: Ints  # close of the bar before, or the last print before the first bar; 0 for none


def first_whole(market: Market, width: int) -> int:
    """The number of the first bar that begins at or after the first event of any kind (17.8)."""
    return int(ceil_div(market.stream.first_ts, width)) + 1


def bars_of(market: Market, width: int) -> Bars:
    """Every closed bar."""
    trades = market.trades
    numbers = ceil_div(trades.ts, width)
    first, last = first_whole(market, width), market.stream.last_ts // width
    rows: list[list[int]] = []
    before = int(trades.price[numbers < first][-1]) if (numbers < first).any() else 0
    for number in range(first, last + 1):
        inside = slice(np.searchsorted(numbers, number), np.searchsorted(numbers, number + 1))
        price = trades.price[inside]
        if len(price):
            volume = int(trades.lots[inside].sum())
            bar = [int(price[0]), int(price.max()), int(price.min()), int(price[-1]), volume]
        elif before:
            bar = [before] * 4 + [0]
        else:
            continue
        rows.append([number, *bar, before])
        before = bar[3]
    return Bars(*np.array(rows, dtype=np.int64).reshape(-1, 7).T)


def macd_histogram(closes: Floats, fast: int = 12, slow: int = 26, signal: int = 9) -> Floats:
    """1e4 (M - EMA9(M)) at each bar (9)."""

    def ema(x: Floats, n: int) -> Floats:
        alpha, out = 2.0 / (n + 1), np.array(x, dtype=float)
        for i in range(1, len(out)):
            out[i] = out[i - 1] + alpha * (out[i] - out[i - 1])
        return out

    y = bps(closes, np.full(len(closes), closes[0]))
    m = ema(y, fast) - ema(y, slow)
    return m - ema(m, signal)


def wilder(closes: Ints, n: int = 14) -> Floats:
    """(AU - AD) / (AU + AD) at each bar, NaN before there are n moves (10)."""
    moves = np.diff(closes).astype(float)
    out = np.full(len(closes), np.nan)
    if len(moves) < n:
        return out
    up, down = np.maximum(moves, 0.0), np.maximum(-moves, 0.0)
    average_up, average_down = up[:n].mean(), down[:n].mean()
    for i in range(n - 1, len(moves)):
        if i >= n:
            average_up += (up[i] - average_up) / n
            average_down += (down[i] - average_down) / n
        total = average_up + average_down
        out[i + 1] = (average_up - average_down) / total if total > 0 else 0.0
    return out


def parkinson(high: Floats, low: Floats) -> float:
    """From the ranges of 5 s bars, in bps per square root of a second (17)."""
    return float(np.sqrt((bps(high, low) ** 2).mean() / (4 * np.log(2.0))) / np.sqrt(5.0))


def garman_klass(open_: Floats, high: Floats, low: Floats, close: Floats) -> float:
    """Likewise, with opens and closes (18)."""
    terms = 0.5 * bps(high, low) ** 2 - (2 * np.log(2.0) - 1) * bps(close, open_) ** 2
    return float(np.sqrt(max(0.0, terms.mean())) / np.sqrt(5.0))


def amihud(previous: Floats, close: Floats, volume: Ints) -> Floats:
    """|return| per lot of each bar that counts, NaN for the others (37)."""
    counts = (volume > 0) & (np.asarray(previous) > 0)
    return np.where(counts, np.abs(bps(close, previous)) / np.maximum(volume, 1), np.nan)


def features(market: Market) -> dict[int, Column]:
    """9, 10, 17, 18, 37 and 100 at every row."""
    bars = bars_of(market, 5 * SECOND)
    count = len(bars.number)
    values = {index: np.full(count + 1, np.nan) for index in (9, 10, 17, 18, 37)}
    if count:
        values[9][35:] = macd_histogram(bars.close)[34:]
        values[10][1:] = wilder(bars.close)
        illiquidity = amihud(bars.previous, bars.close, bars.volume)
        for closed in range(1, count + 1):
            last = slice(max(0, closed - 60), closed)
            if closed >= 60:
                values[17][closed] = parkinson(bars.high[last], bars.low[last])
                values[18][closed] = garman_klass(
                    bars.open[last], bars.high[last], bars.low[last], bars.close[last]
                )
            traded = illiquidity[last][~np.isnan(illiquidity[last])]
            if len(traded) >= 10:
                values[37][closed] = traded.mean()
    # So many bars are closed at each row.
    seen = np.searchsorted(bars.number, market.rows // (5 * SECOND), side="right")
    out = {i: column(v[seen], ~np.isnan(v[seen])) for i, v in values.items()}
    return out | {100: stacked(market)}


def longest_run(marked: list[bool]) -> int:
    """Of neighbouring rows."""
    best = run = 0
    for mark in marked:
        run = run + 1 if mark else 0
        best = max(best, run)
    return best


def stacked_imbalance(buys: list[int], sells: list[int], minimum: int) -> int:
    """Longest run of buy-imbalanced rows minus that of sell-imbalanced ones, rows upwards (100)."""
    below = [0, *sells[:-1]]
    above = [*buys[1:], 0]
    bought = [b >= 3 * s and b >= minimum for b, s in zip(buys, below, strict=True)]
    sold = [s >= 3 * b and s >= minimum for s, b in zip(sells, above, strict=True)]
    return longest_run(bought) - longest_run(sold)


def stacked(market: Market) -> Column:
    """100: of the last whole footprint bar."""
    width, trades, settings = 60 * SECOND, market.trades, market.settings
    minimum = settings.footprint_min_units * settings.size_unit_lots
    numbers, lines = ceil_div(trades.ts, width), trades.price // settings.footprint_row_ticks
    first, last = first_whole(market, width), market.stream.last_ts // width
    values = np.zeros(max(0, last - first + 1))
    for number in range(first, last + 1):
        inside = np.flatnonzero(numbers == number)
        buys, sells = [0] * FOOTPRINT_ROWS, [0] * FOOTPRINT_ROWS
        for i in inside.tolist():
            row = int(lines[i] - lines[inside[0]]) + FOOTPRINT_ROWS // 2
            row = min(max(row, 0), FOOTPRINT_ROWS - 1)
            if trades.side[i] > 0:
                buys[row] += int(trades.lots[i])
            elif trades.side[i] < 0:
                sells[row] += int(trades.lots[i])
        values[number - first] = stacked_imbalance(buys, sells, minimum)
    done = market.rows // width - first
    closed = (done >= 0) & (len(values) > 0)
    known = values[np.clip(done, 0, len(values) - 1)] if len(values) else np.zeros(len(done))
    return column(np.where(closed, known, np.nan), closed)
