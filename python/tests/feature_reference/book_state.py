"""What the book shows now, and how usual that is: 45..49, 50..68, 78, 79, 83..87."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import Column, bps, column, covered, lag_time, quotient
from feature_reference.stream import DEPTH, MS, SECOND, Batches, Floats, Ints
from feature_reference.trade_flow import balance

USUAL = 300 * SECOND


def pressures(bid_gap: Floats, bid_lots: Ints, ask_gap: Floats, ask_lots: Ints) -> Floats:
    """(PB - PA) / (PB + PA) of levels by their distance to the mid in ticks (49)."""
    return balance((bid_lots / bid_gap).sum(axis=-1), (ask_lots / ask_gap).sum(axis=-1), np.nan)


def slope(gap: Floats, lots: Ints, occupied: Ints) -> Floats:
    """Through the origin: sum d C / sum d^2 over the occupied levels of a side (83)."""
    there = np.arange(lots.shape[-1]) < np.asarray(occupied)[..., None]
    total = np.where(there, gap * np.cumsum(lots, axis=-1), 0.0).sum(axis=-1)
    return quotient(total, np.where(there, gap**2, 0.0).sum(axis=-1))


def spread_quality(spread: Floats, usual: Floats) -> Floats:
    """Usual over usual plus current spread (78)."""
    return usual / (usual + spread)


def liquidity_score(
    depth: Floats, usual_depth: Floats, quality: Floats, imbalance: Floats
) -> Floats:
    """Depth, tightness and balance in one (79)."""
    share = depth / (depth + usual_depth)
    return np.sqrt(share * quality) * (1 - 0.5 * np.abs(imbalance))


def rooted_squares(half_mids: Ints, seconds: float) -> Floats:
    """sqrt(sum r^2 / seconds) of mids on a grid, an unmoved mid giving exactly 0 (53, 54)."""
    returns = bps(half_mids[..., 1:], half_mids[..., :-1])
    return np.sqrt((returns**2).sum(axis=-1) / seconds)


def gaps(batches: Batches) -> tuple[Floats, Floats]:
    """Distance of every level to the mid, bids and asks, in ticks."""
    mid = (batches.bid_price[:, :1] + batches.ask_price[:, :1]) / 2.0
    return mid - batches.bid_price, batches.ask_price - mid


def pressure_of_batches(batches: Batches) -> Floats:
    """Price pressure behind each batch; NaN where the book is not sound."""
    bid_gap, ask_gap = gaps(batches)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = pressures(
            bid_gap[:, :5], batches.bid_lots[:, :5], ask_gap[:, :5], batches.ask_lots[:, :5]
        )
    return np.where(batches.sound, values, np.nan)


def features(market: Market) -> dict[int, Column]:
    """All of them at every row."""
    return levels(market) | returns(market) | usual(market) | shape(market)


def levels(market: Market) -> dict[int, Column]:
    """45..49, 55..58, 60..68; 59 has no table and is undefined."""
    batches, valid, book = market.batches, market.book_valid, market.book
    bid, ask = batches.bid_price[:, 0], batches.ask_price[:, 0]
    spread, mid = ask - bid, (ask + bid) / 2.0
    touch = balance(batches.bid_lots[:, 0], batches.ask_lots[:, 0])
    bid_depth, ask_depth = batches.bid_lots.sum(axis=1), batches.ask_lots.sum(axis=1)
    values = {
        45: spread,
        46: quotient(1e4 * spread, mid),
        47: mid,
        48: touch,
        49: pressure_of_batches(batches),
        55: quotient(bid_depth, batches.bids),
        56: quotient(ask_depth, batches.asks),
        57: balance(bid_depth, ask_depth),
        58: 0.5 * spread * touch,
    }
    for level in range(2, DEPTH + 1):
        at = level - 1
        values[58 + level] = balance(batches.bid_lots[:, at], batches.ask_lots[:, at])
    out = {index: column(book(v), valid) for index, v in values.items()}
    return out | {59: column(np.full(len(market.rows), np.nan), False)}


def returns(market: Market) -> dict[int, Column]:
    """50..54: of the last valid mid."""
    rows, now = market.rows, market.half_mid(market.rows)
    out: dict[int, Column] = {}
    for index, seconds in ((50, 1), (51, 5), (52, 10)):
        before = market.half_mid(lag_time(rows, seconds * SECOND))
        out[index] = column(bps(now, before), before > 0)
    for index, seconds in ((53, 10), (54, 30)):
        steps = np.arange(-seconds * 10, 1)
        times = (rows // (100 * MS))[:, None] + steps
        half_mids = market.half_mid(times * 100 * MS)
        warm = covered(rows, seconds * SECOND, market.first_book)
        out[index] = column(rooted_squares(half_mids, seconds), warm)
    return out


def usual(market: Market) -> dict[int, Column]:
    """78, 79 and 87."""
    batches, rows = market.batches, market.rows
    spread = batches.ask_price[:, 0] - batches.bid_price[:, 0]
    usual_spread = market.time_mean(spread, USUAL, rows)
    usual_depth = market.time_mean(market.depth, USUAL, rows)
    warm = market.book_valid & (market.time_weight(USUAL, rows) >= 0.5)
    quality = spread_quality(market.book(spread), usual_spread)
    imbalance = market.book(balance(batches.bid_lots.sum(axis=1), batches.ask_lots.sum(axis=1)))
    score = liquidity_score(market.book(market.depth), usual_depth, quality, imbalance)
    pressure = market.time_mean(pressure_of_batches(batches), 5 * SECOND, rows)
    return {
        78: column(quality, warm),
        79: column(score, warm),
        87: column(pressure, market.time_weight(5 * SECOND, rows) >= 0.5),
    }


def shape(market: Market) -> dict[int, Column]:
    """83..86."""
    batches, valid = market.batches, market.book_valid
    bid_gap, ask_gap = gaps(batches)
    bid_slope = slope(bid_gap, batches.bid_lots, batches.bids)
    ask_slope = slope(ask_gap, batches.ask_lots, batches.asks)
    known = valid & market.book(batches.covered)
    return {
        83: column(market.book((bid_slope + ask_slope) / 2), valid),
        84: column(market.book(balance(bid_slope, ask_slope)), valid),
        85: column(market.book(np.log(1.0 + batches.bid_band + batches.ask_band)), known),
        86: column(market.book(balance(batches.bid_band, batches.ask_band)), known),
    }
