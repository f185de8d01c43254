"""Order-flow imbalance at the touch, by level and integrated: 69..77, 80..82."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import (
    Column,
    column,
    covered,
    quotient,
    span,
    window_sum,
)
from feature_reference.stream import DEPTH, SECOND, Batches, Bools, Floats, Ints

WINDOWS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600)
USUAL = 300 * SECOND
TEN = 10 * SECOND


def increments(bid_price: Ints, bid_lots: Ints, ask_price: Ints, ask_lots: Ints) -> Ints:
    """Of each state against the one before it, first axis time; 0 for the first (7.1, 7.2)."""
    b, qb, a, qa = bid_price[1:], bid_lots[1:], ask_price[1:], ask_lots[1:]
    b_, qb_, a_, qa_ = bid_price[:-1], bid_lots[:-1], ask_price[:-1], ask_lots[:-1]
    e = (b >= b_) * qb - (b <= b_) * qb_ - (a <= a_) * qa + (a >= a_) * qa_
    return np.concatenate([np.zeros_like(e[:1]), e])


def increments_of(batches: Batches, continues: Bools) -> Ints:
    """[batch, level]: nothing across a snapshot or a book that is not valid."""
    e = increments(batches.bid_price, batches.bid_lots, batches.ask_price, batches.ask_lots)
    return np.where(continues[:, None], e, 0)


def leading_vector(moments: Floats, before: Floats | None) -> Floats | None:
    """The leading eigenvector, pointing up; the one before where its sum says nothing (7.3)."""
    vector = np.linalg.eigh(moments).eigenvectors[:, -1]
    if abs(vector.sum()) < 1e-9:
        return before
    return vector * np.sign(vector.sum())


def integrated(o: Floats, vector: Floats) -> Floats:
    """w1 . o / |w1|_1 (82)."""
    return o @ vector / np.abs(vector).sum()


def features(market: Market) -> dict[int, Column]:
    """69..77 and 80..82 at every row."""
    rows, batches = market.rows, market.batches
    e = increments_of(batches, market.continues)
    ready = market.denominator_ready(rows)
    best = market.time_mean(market.best_lots, USUAL, rows)
    out: dict[int, Column] = {}
    for index, seconds in enumerate(WINDOWS, start=69):
        total = window_sum(batches.ts, e[:, 0], rows, seconds * SECOND)
        warm = covered(rows, seconds * SECOND, market.first_book) & ready
        out[index] = column(quotient(total, best, 0.0), warm)
    usual = market.time_mean(market.depth / (2.0 * DEPTH), USUAL, rows)
    warm = covered(rows, TEN, market.first_book) & ready
    by_level = level_sums(market, e, rows)
    for index, levels in ((80, slice(1, 5)), (81, slice(5, 10))):
        count = levels.stop - levels.start
        values = quotient(by_level[:, levels].sum(axis=1), count * usual, 0.0)
        out[index] = column(values, warm)
    out[82] = integrated_flow(market, e, quotient(by_level, usual[:, None], 0.0))
    return out


def level_sums(market: Market, e: Ints, at: Ints) -> Ints:
    """[time, level]: e over ten seconds."""
    sums = [window_sum(market.batches.ts, e[:, m], at, TEN) for m in range(DEPTH)]
    return np.stack(sums, axis=1)


def integrated_flow(market: Market, e: Ints, o_rows: Floats) -> Column:
    """82 (7.3, 17.20)."""
    rows = market.rows
    if market.first_book is None:
        return column(np.full(len(rows), np.nan), False)
    grid = span(SECOND, market.first_book, market.stream.last_ts)
    times = grid.times
    usual = market.time_mean(market.depth / (2.0 * DEPTH), USUAL, times)
    o = quotient(level_sums(market, e, times), usual[:, None], 0.0)
    samples = covered(times, TEN, market.first_book) & market.denominator_ready(times)
    samples &= market.valid_at(times)
    a = 2.0 ** (-1.0 / 1800)
    moments, count = np.zeros((DEPTH, DEPTH)), 0
    vector: Floats | None = None
    made: list[tuple[int, Floats]] = []
    for i, time in enumerate(times.tolist()):
        if time % (60 * SECOND) == 0 and count >= 300:
            # A scale does not turn an eigenvector, so the debiasing is left out.
            vector = leading_vector(moments, vector)
            if vector is not None:
                made.append((time, vector))
        if samples[i]:
            moments = a * moments + (1 - a) * np.outer(o[i], o[i])
            count += 1
    values, valid = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=bool)
    for time, vector in made:
        here = rows >= time
        values[here], valid[here] = integrated(o_rows[here], vector), True
    ready = market.denominator_ready(rows) & covered(rows, TEN, market.first_book)
    return column(values, valid & ready)
