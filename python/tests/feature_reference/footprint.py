"""Absorption and the profile of the session: 99, 101, 102."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import (
    Column,
    bps,
    column,
    covered,
    event_means,
    lag_time,
    latest,
    span,
    window_sum,
)
from feature_reference.stream import SECOND, Floats


def absorption(delta: Floats, usual: Floats, move: Floats) -> Floats:
    """-sgn(D) max(0, |D|/Dabs - 1) / (1 + g), in [-10, 10] (99)."""
    sign = np.sign(delta)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(usual > 0, np.abs(delta) / usual - 1.0, 0.0)
    pushed = np.maximum(0.0, sign * move)
    return np.clip(-sign * np.maximum(0.0, excess) / (1.0 + pushed), -10.0, 10.0)


class Profile:
    """Lots by row of price, and the row with the most."""

    def __init__(self, row_ticks: int) -> None:
        """Empty."""
        self.width = row_ticks
        self.lots: dict[int, int] = {}
        self.most: int | None = None

    def add(self, price: int, lots: int) -> None:
        """A print. The row with the most changes only when strictly exceeded."""
        row = price // self.width
        self.lots[row] = self.lots.get(row, 0) + lots
        if self.most is None or self.lots[row] > self.lots[self.most]:
            self.most = row

    def centre(self, row: int) -> float:
        """The middle of a row, in ticks."""
        return row * self.width + (self.width - 1) / 2.0

    def value_area(self) -> tuple[int, int]:
        """Lowest and highest row: from the row with the most, one row at a time, to 70 %."""
        assert self.most is not None
        low = high = self.most
        total, inside = sum(self.lots.values()), self.lots[self.most]
        bottom, top = min(self.lots), max(self.lots)
        while inside * 10 < total * 7:
            above = self.lots.get(high + 1, 0) if high < top else -1
            below = self.lots.get(low - 1, 0) if low > bottom else -1
            if above >= below:
                high, inside = high + 1, inside + above
            if below >= above:
                low, inside = low - 1, inside + below
        return low, high

    def position(self, price: float, area: tuple[int, int]) -> float:
        """clip((P - c) / h, -3, 3) in a value area (102)."""
        low, high = self.centre(area[0]), self.centre(area[1])
        half = (high - low + self.width) / 2.0
        return float(np.clip((price - (high + low) / 2.0) / half, -3.0, 3.0))


def features(market: Market) -> dict[int, Column]:
    """99, 101 and 102 at every row."""
    return {99: absorbed(market)} | profiled(market)


def absorbed(market: Market) -> Column:
    """99 (17.9)."""
    rows, trades = market.rows, market.trades
    if market.first_trade is None:
        return column(np.full(len(rows), np.nan), False)
    signed = trades.side * trades.lots
    # Dabs is sampled from cov(10 s) on, and read before the step of the row's own time.
    grid = span(SECOND, market.first_trade + 10 * SECOND, market.stream.last_ts)
    samples = np.abs(window_sum(trades.ts, signed, grid.times, 10 * SECOND))
    means = np.append(event_means(samples.tolist(), 300), 0.0)
    before = latest(grid.times, rows - 1)  # -1, the 0 at the end, where there is none
    delta = window_sum(trades.ts, signed, rows, 10 * SECOND)
    move = market.price(rows) - market.price(lag_time(rows, 10 * SECOND))
    warm = covered(rows, 60 * SECOND, market.first_trade)
    return column(absorption(delta, means[before], move), warm)


def profiled(market: Market) -> dict[int, Column]:
    """101 and 102, of the session's prints."""
    rows, trades, settings = market.rows, market.trades, market.settings
    session = settings.calendar.session_of
    of_row, of_trade = session(rows).tolist(), session(trades.ts).tolist()
    seconds = (rows // SECOND * SECOND).tolist()
    distance, position = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    at_row, at_second = Profile(settings.profile_row_ticks), Profile(settings.profile_row_ticks)
    area: tuple[int, int] | None = None
    done = done_second = 0
    current = None
    times, prices, lots = trades.ts.tolist(), trades.price.tolist(), trades.lots.tolist()
    area_of = -1
    for i, row in enumerate(rows.tolist()):
        if of_row[i] != current:
            current = of_row[i]
            at_row, at_second = (Profile(settings.profile_row_ticks) for _ in range(2))
            area, area_of = None, -1
        while done < len(times) and times[done] <= row:
            if of_trade[done] == current:
                at_row.add(prices[done], lots[done])
            done += 1
        while done_second < len(times) and times[done_second] <= seconds[i]:
            if of_trade[done_second] == current:
                at_second.add(prices[done_second], lots[done_second])
            done_second += 1
        if seconds[i] != area_of:
            area_of = seconds[i]
            area = at_second.value_area() if at_second.most is not None else None
        if at_row.most is not None:
            price = prices[done - 1]
            centre = at_row.centre(at_row.most)
            distance[i] = bps(np.array([price]), np.array([centre]))[0]
            if area is not None:
                position[i] = at_row.position(price, area)
    return {
        101: column(distance, ~np.isnan(distance)),
        102: column(position, ~np.isnan(position)),
    }
