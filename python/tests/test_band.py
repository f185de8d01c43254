"""Does the band policy pay for what it does, and never earn what a row had already seen?"""

import numpy as np
import pytest

from fluxo_train.band import NEVER, Market, best_region, fit_band, play, positions, smoothed
from fluxo_train.bootstrap import mean_interval, resampled_means


def market(mid: list[float], cost: float = 0.5, segment: list[int] | None = None) -> Market:
    n = len(mid)
    of_rows = np.zeros(n, np.int64) if segment is None else np.array(segment)
    return Market(np.array(mid), np.full(n, cost), of_rows)


def test_positions_flip_only_at_the_other_side_of_the_band() -> None:
    signal = np.array([0.0, 0.2, 0.1, -0.1, np.nan, -0.2, 0.1, 0.3, 0.0])
    one = np.zeros(len(signal), np.int64)
    assert positions(signal, 0.2, one).tolist() == [0, 1, 1, 1, 1, -1, -1, 1, 0]


def test_a_position_does_not_cross_a_gap() -> None:
    signal = np.array([0.3, 0.0, 0.0, 0.0, 0.0])
    held = positions(signal, 0.2, np.array([0, 0, 1, 1, 1]))
    assert held.tolist() == [1, 0, 0, 0, 0]
    gap = market([100, 101, 200, 202, 202], 0.0, [0, 0, 1, 1, 1])
    earned = play(np.array([1.0, 0, 1, 1, 0]), gap)
    np.testing.assert_allclose(earned.net_bps, [100, 0, 100, 0, 0], rtol=1e-9)


def test_a_decision_earns_from_its_row_on_and_pays_for_both_ways() -> None:
    played = play(np.array([0.0, 1.0, -1.0, 0.0]), market([100, 101, 102.01, 102.01], 0.5))
    np.testing.assert_allclose(played.net_bps, [0.0, 100 - 0.5, -1.0, -0.5], atol=1e-9)
    assert (played.units, played.turns) == (4.0, 3)


def test_what_a_row_has_seen_earns_nothing() -> None:
    random = np.random.default_rng(1)
    moves = random.normal(size=20_000)
    mid = 2000 * np.exp(1e-4 * np.cumsum(moves))
    seen = np.sign(moves)  # the move that led to the row
    coming = np.append(np.sign(moves)[1:], 0.0)
    free = market(mid.tolist(), 0.0)
    past = play(positions(seen, 0.5, free.segment), free).estimate()
    future = play(positions(coming, 0.5, free.segment), free).estimate()
    assert past.low < 0 < past.high
    assert future.low > 0.7


def test_the_band_is_never_when_nothing_earns() -> None:
    random = np.random.default_rng(2)
    mid = 2000 * np.exp(1e-4 * np.cumsum(random.normal(size=5000)))
    band = fit_band(random.normal(size=5000) * 0.1, market(mid.tolist(), 5.0))
    assert band.enter == NEVER
    assert band.played.turns == 0
    certain = np.array([1.0, -1.0, 1.0])  # a softmax that rounds to certainty
    assert not positions(certain, band.enter, np.zeros(3, np.int64)).any()
    silent = fit_band(np.zeros(5000), market(mid.tolist(), 0.0))
    assert silent.enter == NEVER, "a band of no width would trade on nothing"


def test_the_band_is_wider_where_trading_costs_more() -> None:
    random = np.random.default_rng(3)
    signal = np.zeros(30_000)
    for at in range(1, len(signal)):
        signal[at] = 0.95 * signal[at - 1] + 0.31 * random.normal()
    mid = 2000 * np.exp(1e-4 * np.concatenate([[0], np.cumsum(0.3 * signal[:-1])]))
    bands = [fit_band(signal, market(mid.tolist(), cost)).enter for cost in (0.1, 0.5, 1.0)]
    assert bands[0] < bands[1] < bands[2]


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    covered = 0
    for _ in range(100):
        values = random.normal(size=500) + 0.3
        found = mean_interval(values, draws=300)
        covered += found.low <= 0.3 <= found.high
    assert 88 <= covered <= 100


def test_the_interval_knows_that_neighbours_are_alike() -> None:
    random = np.random.default_rng(5)
    rough = random.normal(size=8000)
    smooth = np.convolve(rough, np.ones(10) / np.sqrt(10), mode="same")
    independent, dependent = resampled_means(rough), resampled_means(smooth)
    assert dependent.std() > 2.0 * independent.std()
    assert independent.std() == pytest.approx(1 / np.sqrt(8000), rel=0.15)
    again = resampled_means(rough)
    np.testing.assert_array_equal(independent, again)


def test_neighbours_are_averaged_and_ends_go_on() -> None:
    assert smoothed(np.array([1.0, 4.0, 4.0, 10.0]), 1).tolist() == [2.0, 3.0, 6.0, 8.0]
    assert smoothed(np.array([1.0, 2.0, 4.0]), 0).tolist() == [1.0, 2.0, 4.0]


def test_a_lucky_band_does_not_win_over_a_good_region() -> None:
    profits = np.concatenate([np.linspace(-9.0, 1.0, 15), np.ones(25), np.zeros(20)])
    profits[55] = 4.0
    best, around = best_region(profits)
    assert 15 <= best < 40
    assert around == pytest.approx(1.0)
    narrowest = np.concatenate([[3.0], np.full(59, -1.0)])
    assert best_region(narrowest)[1] < 3.0
