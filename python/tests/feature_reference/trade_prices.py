"""Features 0..26 and 6: returns, trend, volatility and serial structure of trade prices."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import (
    Column,
    bps,
    column,
    covered,
    event_means,
    lag_time,
    quotient,
    trailing,
    window_sum,
)
from feature_reference.stream import SECOND, Floats, Ints

HURST_LAGS = (1, 2, 4, 8, 16)


def acceleration(now: Floats, before: Floats, long_before: Floats) -> Floats:
    """Second difference of the log price, in bps (6)."""
    return bps(now, before) - bps(before, long_before)


def ema_distances(prices: Floats, half_life: float) -> Floats:
    """1e4 (ln P_k - EWG(ln P)_k) at each grid point (7, 8)."""
    # Against the first price, so that the numbers are small: a constant drops out of the mean.
    y = bps(prices, np.full(len(prices), prices[0]))
    return y - event_means(y.tolist(), half_life)


def z_score(prices: Ints) -> Floats:
    """Of the last price among the n, in population deviations; 0 where none moved (11)."""
    y = bps(prices, prices[:, :1])
    deviation = y.std(axis=1)
    return np.where(
        (prices == prices[:, :1]).all(axis=1),
        0.0,
        quotient(y[:, -1] - y.mean(axis=1), deviation, 0.0),
    )


def range_position(prices: Ints) -> Floats:
    """2 (P - lo) / (hi - lo) - 1 (12)."""
    lo, hi = prices.min(axis=1), prices.max(axis=1)
    return quotient(2 * (prices[:, -1] - lo) - (hi - lo), hi - lo, 0.0)


def realised(returns: Floats) -> Floats:
    """Square root of the mean squared 1 s return (13, 14)."""
    return np.sqrt((returns**2).sum(axis=-1) / returns.shape[-1])


def jump_ratio(returns: Floats) -> Floats:
    """max(0, 1 - BV/RV) (16)."""
    n = returns.shape[-1]
    size = np.abs(returns)
    products = (size[..., 1:] * size[..., :-1]).sum(axis=-1)
    bipower = np.pi / 2 * n / (n - 1) * products
    return np.maximum(0.0, 1.0 - quotient(bipower, (returns**2).sum(axis=-1)))


def semivariance_asymmetry(returns: Floats) -> Floats:
    """(RS+ - RS-) / (RS+ + RS-) (19)."""
    up = (np.maximum(returns, 0.0) ** 2).sum(axis=-1)
    down = (np.minimum(returns, 0.0) ** 2).sum(axis=-1)
    return quotient(up - down, up + down, 0.0)


def autocorrelation(returns: Floats) -> Floats:
    """First-order, uncentred (20)."""
    products = (returns[..., 1:] * returns[..., :-1]).sum(axis=-1)
    squares = (returns[..., 1:] ** 2).sum(axis=-1) * (returns[..., :-1] ** 2).sum(axis=-1)
    return quotient(products, np.sqrt(squares))


def variance_ratio(returns: Floats, q: int) -> Floats:
    """VR(q) - 1 (21)."""
    n = returns.shape[-1]
    mu = returns.mean(axis=-1, keepdims=True)
    single = ((returns - mu) ** 2).sum(axis=-1) / (n - 1)
    windows = np.lib.stride_tricks.sliding_window_view(returns, q, axis=-1).sum(axis=-1)
    many = ((windows - q * mu) ** 2).sum(axis=-1) / (q * (n - q + 1) * (1 - q / n))
    return np.where((returns == 0).all(axis=-1), np.nan, quotient(many, single) - 1.0)


def hurst(prices: Ints) -> Floats:
    """Half the slope of ln D on ln tau, in [0, 1] (22)."""
    y = bps(prices, prices[:, :1])
    d = np.stack([((y[:, t:] - y[:, :-t]) ** 2).mean(axis=1) for t in HURST_LAGS], axis=1)
    x = np.log(HURST_LAGS)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.log(d) @ (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    return np.where((d > 0).all(axis=1), np.clip(slope / 2, 0.0, 1.0), np.nan)


def sign_entropy(signs: Ints) -> Floats:
    """Entropy of the words of two signs, over ln 9 (23)."""
    words = 3 * (signs[..., :-1] + 1) + signs[..., 1:] + 1
    p = np.stack([(words == word).mean(axis=-1) for word in range(9)], axis=-1)
    return -np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0.0).sum(axis=-1) / np.log(9.0)


def efficiency(prices: Ints) -> Floats:
    """Net move over the sum of moves (24)."""
    moves = np.abs(np.diff(prices, axis=-1)).sum(axis=-1)
    return quotient(prices[..., -1] - prices[..., 0], moves, 0.0)


def features(market: Market) -> dict[int, Column]:
    """0..8, 11..16, 19..26 at every row."""
    out = lagged(market)
    if market.first_trade is None:
        undefined = column(np.full(len(market.rows), np.nan), False)
        return out | dict.fromkeys((7, 8, 11, 12, 13, 14, 15, 16, *range(19, 27)), undefined)
    return out | on_seconds(market) | vwap(market)


def lagged(market: Market) -> dict[int, Column]:
    """0..6."""
    rows, now = market.rows, market.price(market.rows)
    out: dict[int, Column] = {}
    for index, seconds in enumerate((1, 5, 10, 30, 60, 300)):
        before = market.price(lag_time(rows, seconds * SECOND))
        out[index] = column(bps(now, before), before > 0)
    before, long_before = (market.price(lag_time(rows, s * SECOND)) for s in (10, 20))
    out[6] = column(acceleration(now, before, long_before), long_before > 0)
    return out


def on_seconds(market: Market) -> dict[int, Column]:
    """What lives on the grid of seconds."""
    prices = market.grid_price
    returns, points = bps(prices[1:], prices[:-1]), np.arange(1, len(prices) + 1)
    out: dict[int, Column] = {}

    def put(index: int, values: Floats) -> None:
        at_rows = market.trade_grid.at(market.rows, values)
        out[index] = column(at_rows, ~np.isnan(at_rows))

    def over_returns(n: int, formula: object) -> Floats:
        values = np.full(len(prices), np.nan)
        values[1:] = trailing(returns, n, formula)  # type: ignore[arg-type]
        return values

    put(7, np.where(points >= 20, ema_distances(prices, 10), np.nan))
    put(8, np.where(points >= 120, ema_distances(prices, 60), np.nan))
    put(11, trailing(prices, 60, z_score))
    put(12, trailing(prices, 60, range_position))
    short, long = over_returns(60, realised), over_returns(300, realised)
    put(13, short)
    put(14, long)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(short / long)
    put(15, np.where((short > 0) & (long > 0), ratio, np.nan))
    put(16, over_returns(300, jump_ratio))
    put(19, over_returns(300, semivariance_asymmetry))
    put(20, over_returns(300, autocorrelation))
    put(21, over_returns(300, lambda r: variance_ratio(r, 5)))
    put(22, trailing(prices, 300, hurst))
    values = np.full(len(prices), np.nan)
    values[1:] = trailing(np.sign(np.diff(prices)), 300, sign_entropy)
    put(23, values)
    put(24, trailing(prices, 61, efficiency))
    return out


def vwap(market: Market) -> dict[int, Column]:
    """25 and 26."""
    rows, trades = market.rows, market.trades
    now = market.price(rows)
    money = trades.price * trades.lots
    above = window_sum(trades.ts, money, rows, 300 * SECOND, 5 * SECOND)
    below = window_sum(trades.ts, trades.lots, rows, 300 * SECOND, 5 * SECOND)
    warm = covered(rows, 300 * SECOND, market.first_trade)
    session = market.settings.calendar.session_of
    of_trade, of_row = session(trades.ts), session(rows)
    total = [np.concatenate([[0], np.cumsum(x)]) for x in (money, trades.lots)]
    first = np.searchsorted(of_trade, of_row)
    # Rows see no later trade, and none of an earlier session.
    end = np.maximum(np.searchsorted(trades.ts, rows, side="right"), first)
    money_session, lots_session = (t[end] - t[first] for t in total)
    return {
        25: column(bps(now, quotient(above, below)), warm & (below > 0)),
        26: column(bps(now, quotient(money_session, lots_session)), lots_session > 0),
    }
