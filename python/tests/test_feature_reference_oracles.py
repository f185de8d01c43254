"""Does the reference say what the text's own examples say? Tables of sections 9.12, 11 and 12."""

from collections.abc import Callable

import numpy as np
import pytest
from feature_reference import (
    bars,
    book_state,
    calendar_features,
    footprint,
    impact,
    microprice,
    nsmi,
    order_accounting,
    order_by_order,
    order_flow,
    targets,
    trade_flow,
    trade_prices,
)
from feature_reference.binance import Recorder
from feature_reference.market import Market
from feature_reference.primitives import Moments, bps, decayed_sums
from feature_reference.story import Story
from feature_reference.stream import (
    MS,
    SECOND,
    Settings,
    around_the_clock,
)


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def whole(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


BIDS = [(100, 10), (99, 20), (98, 30)]
ASKS = [(102, 5), (103, 15), (104, 25)]


def at_book_a(index: int) -> float:
    """A feature of book A, read at once."""
    market = Story(books=[(100, BIDS, ASKS)]).market(100)
    column = book_state.features(market)[index]
    assert column.valid[-1]
    return float(column.values[-1])


def hundred_parents(*sizes: int) -> Market:
    """A first print, then a minute of parents of these sizes, far apart."""
    prints = [(0, 100, 1)] + [(61_000 + 1000 * i, 100, q) for i, q in enumerate(sizes)]
    return Story(prints=prints).market(60_000 + 1000 * (len(sizes) + 1))


def last(columns: dict, index: int) -> float:  # type: ignore[type-arg]
    column = columns[index]
    assert column.valid[-1], index
    return float(column.values[-1])


def o12() -> float:
    return float(trade_prices.variance_ratio(array(1, 2, -1, 0, 1, -2, 1, 2), 2))


def o13() -> float:
    # A ramp of log prices: D(tau) is proportional to tau squared.
    return float(trade_prices.hurst(np.exp(np.arange(300) * 1e-4)[None, :])[0])


def o17() -> float:
    prints = [(0, 100, 1)] + [(10_100 + 100 * i, 100, 1) for i in range(25)]
    return last(trade_flow.activity(Story(prints=prints).market(20_000)), 27)


def o27() -> float:
    beta = np.log(2.0) / 5.0
    times = whole(0, 5 * SECOND)
    return float(decayed_sums(times, array(beta, beta), whole(5 * SECOND), 5 * SECOND)[0])


def o28() -> float:
    market = Story(prints=[(6 * 3600 * 1000, 100, 1)]).market(6 * 3600 * 1000)
    return last(calendar_features.features(market), 42)


def o37() -> float:
    b, qb = whole(100, 100, 101, 101, 100), whole(10, 14, 3, 3, 14)
    a, qa = whole(101, 101, 102, 102, 102), whole(8, 8, 6, 9, 9)
    e = order_flow.increments(b, qb, a, qa)
    assert e.tolist() == [0, 4, 11, -3, -3]
    return float(e.sum() / 9.0)


def o38() -> float:
    q, r1 = array(0.4, 0.2, 0.2, 0.4), array(0.3, 0.1, 0.1, 0.3)
    r2 = array(0.1, 0.3, 0.3, 0.1)
    tables = (table.reshape(2, 2) for table in (q, r1, r2))
    stay, first, move = tables
    return float(microprice.adjustments(stay, first, array(-0.5, 0.5), move)[1])


def o41() -> float:
    b, a = whole(99, 98), whole(103, 104)
    e = order_flow.increments(
        np.stack([b, b]),
        whole(20, 30, 26, 30).reshape(2, 2),
        np.stack([a, a]),
        whole(15, 25, 15, 15).reshape(2, 2),
    )
    assert e[1].tolist() == [6, 10]
    return float(e.sum() / 8.0 / 2.0)


def o45() -> float:
    return float(trade_flow.balance(array(12), array(8))[0])


def o47() -> float:
    # Until here nothing but what the case says happened in the last ten seconds.
    deep = [(102, 50)]
    story = Story(
        prints=[(0, 101, -1), (40_000, 100, -4)],
        books=[
            (0, [(100, 10)], deep),
            (40_010, [(100, 3)], deep),
            (40_020, [(100, 9)], deep),
        ],
        settings=Settings(around_the_clock(), 1, 1, 1, 250 * MS, stale=60 * SECOND),
    )
    columns = order_accounting.features(story.market(40_100))
    usual = 10.0 * story.market(40_100).time_mean(
        story.market(40_100).depth, 300 * SECOND, whole(40_100 * MS)
    )
    assert last(columns, 89) == pytest.approx(3.0 / usual[0], rel=1e-9)
    return last(columns, 92)


def o48(until_ms: int) -> float:
    prints = [(100, 101, 5), (100, 102, 5), (100, 103, 5)]
    return last(trade_flow.features(Story(prints=prints).market(until_ms)), 93)


def o49() -> float:
    book = [(100, 10)], [(101, 50)]
    story = Story(
        prints=[(1000, 100, -10), (2000, 100, -10)],
        books=[(900, *book), (1050, *book), (2050, *book), (2500, *book)],
    )
    return last(order_accounting.features(story.market(2500)), 94)


def o50() -> float:
    q = array(1, 2, 3, -2)
    slopes = impact.regression_slope(q, 0.5 * q + 0.1, np.ones(4, dtype=bool), 1e12, 2)
    return float(slopes[-1])


def o52() -> float:
    # Twice the prices, so that the mids are 201 and then 201.5; twenty parents in the same state.
    prints = [(1000 + 20 * i, 202, 1) for i in range(20)]
    books = [(500, [(200, 5)], [(202, 5)]), (3000, [(201, 5)], [(202, 5)])]
    return last(impact.spreads(Story(prints, books).market(8000)), 98)


def o57() -> float:
    # A first print long ago, then a minute of parents; a whale is a hundred units.
    prints = [(0, 100, 1), (301_000, 100, 120), (302_000, 100, -150), (303_000, 100, 60)]
    return last(trade_flow.classes(Story(prints=prints).market(304_000, 1000)), 103)


def o55(index: int) -> float:
    profile = footprint.Profile(1)
    for price, lots in ((100, 5), (101, 20), (102, 10), (103, 4)):
        profile.add(price, lots)
    area = profile.value_area()
    assert area == (101, 102)
    if index == 102:
        return profile.position(103.0, area)
    assert profile.most is not None
    return float(bps(array(103), array(profile.centre(profile.most)))[0])


CASES: dict[str, tuple[Callable[[], float], float]] = {
    "O01": (lambda: float(bps(array(10010), array(10000))[0]), 9.995003331),
    "O02": (
        lambda: float(trade_prices.acceleration(array(10005), array(10010), array(10000))[0]),
        -14.99125625,
    ),
    "O03": (lambda: float(trade_prices.ema_distances(array(10000, 10010), 10)[-1]), 4.824370768),
    "O04": (lambda: float(bars.wilder(whole(100, 102, 101, 104, 103), 3)[-1]), 1 / 3),
    "O05": (lambda: float(trade_prices.range_position(whole(100, 110, 108)[None, :])[0]), 0.6),
    "O06": (lambda: float(trade_prices.realised(array(1, -2, 2))), 1.732050808),
    "O07": (lambda: float(trade_prices.jump_ratio(array(1, 1, 1, 10))), 0.7559928036),
    "O08": (lambda: bars.parkinson(array(10010, 10020), array(10000, 10000)), 4.242791944),
    "O09": (
        lambda: bars.garman_klass(array(10000), array(10020), array(9990), array(10010)),
        9.065982229,
    ),
    "O10": (lambda: float(trade_prices.semivariance_asymmetry(array(1, -2, 2))), 1 / 9),
    "O11": (lambda: float(trade_prices.autocorrelation(array(1, -1, 1, -1))), -1.0),
    "O12": (o12, -0.04761904762),
    "O13": (o13, 1.0),
    "O14": (lambda: float(trade_prices.sign_entropy(whole(1, -1, 1, -1, 1))), 0.3154648768),
    "O15": (lambda: float(trade_prices.efficiency(whole(100, 102, 101, 103))), 0.6),
    "O16": (lambda: float(bps(array(102), array((100 * 2 + 102 * 2) / 4))[0]), 98.52296443),
    "O17": (o17, 2.5),
    "O18": (lambda: float(trade_flow.intensity_ratio(array(19), array(270))[0]), 0.6931471806),
    "O19": (lambda: float(trade_flow.burstiness(array(0.3, 0.3, 0.3, 0.3))[-1]), -1.0),
    "O20": (lambda: float(trade_flow.balance(array(30), array(10))[0]), 0.5),
    "O21": (lambda: last(trade_flow.classes(hundred_parents(3, 25, 120, 2)), 33), 0.9666666667),
    "O22": (
        lambda: last(trade_flow.flow(Story([(1, 9, 3), (2, 9, 7), (3, 9, -4)]).market(100)), 35),
        0.4285714286,
    ),
    "O23": (lambda: float(trade_flow.vpin(whole(6, -8, 6), 10, 2)[-1]), 0.2),
    "O24": (
        lambda: float(
            np.nanmean(
                bars.amihud(
                    array(10000, 10010, 10010), array(10010, 10010, 10005), whole(20, 0, 10)
                )
            )
        ),
        0.499687729,
    ),
    "O25": (
        lambda: float(
            trade_flow.roll(trade_flow.successive_products(np.diff(whole(100, 101, 100, 101, 100))))
        ),
        2.0,
    ),
    "O26": (lambda: float(trade_flow.successive_products(whole(1, 1, -1, -1, -1)).mean()), 0.5),
    "O27": (o27, 0.2079441542),
    "O28": (o28, 1.0),
    "O29": (lambda: at_book_a(46), 198.019802),
    "O30": (lambda: at_book_a(48), 1 / 3),
    "O31": (lambda: at_book_a(49), 0.1803278689),
    "O32": (lambda: at_book_a(55), 20.0),
    "O33": (lambda: at_book_a(57), 1 / 7),
    "O34": (lambda: at_book_a(58), 1 / 3),
    "O35": (lambda: at_book_a(60), 1 / 7),
    "O36": (
        lambda: float(book_state.rooted_squares(np.repeat([2000, 2001], [50, 51]), 10)),
        1.580743677,
    ),
    "O37": (o37, 1.0),
    "O38": (o38, 0.1),
    "O39": (lambda: float(book_state.spread_quality(array(2), array(2))[0]), 0.5),
    "O40": (
        lambda: float(
            book_state.liquidity_score(array(105), array(105), array(0.5), array(1 / 7))[0]
        ),
        0.4642857143,
    ),
    "O41": (o41, 1.0),
    "O42": (lambda: float(order_flow.integrated(array(2, 1), array(0.6, 0.8))), 1.428571429),
    "O43": (lambda: at_book_a(83), 15.35714286),
    "O44": (lambda: at_book_a(84), 0.1627906977),
    "O45": (o45, 0.2),
    "O46": (lambda: float(trade_flow.balance(array(6), array(2))[0]), 0.5),
    "O47": (o47, 0.4),
    "O48": (lambda: o48(500), 1.0),
    "O48 later": (lambda: o48(1200), 0.0),
    "O49": (o49, 1.0),
    "O50": (o50, 0.5),
    "O51": (lambda: float(impact.effective(whole(1), whole(101), array(201))[0]), 99.50248756),
    "O52": (o52, 49.75124378),
    "O53": (lambda: float(footprint.absorption(array(-300), array(100), array(0))[0]), 2.0),
    "O54": (lambda: bars.stacked_imbalance([0, 30, 30, 30], [5, 5, 5, 40], 10), 2.0),
    "O55": (lambda: o55(101), 196.0847139),
    "O56": (lambda: o55(102), 1.5),
    "O57": (o57, -0.1111111111),
    "O58": (
        lambda: float(order_accounting.depletion(array(20), array(2), array(10), array(5))[0]),
        1.609437912,
    ),
    "O59": (lambda: float(trade_flow.balance(array(12), array(8))[0]), 0.2),
    "O60": (lambda: order_by_order.concentration([5, 5], [10]), 0.75),
}


@pytest.mark.parametrize("case", CASES)
def test_a_feature_says_what_its_example_says(case: str) -> None:
    formula, expected = CASES[case]
    tolerance = 1e-6 if case == "O13" else 1e-9
    assert formula() == pytest.approx(expected, rel=tolerance, abs=1e-12)


def test_the_band_holds_its_edges() -> None:
    # O45 on a book: mid 10000 ticks, five ticks either way.
    book = Recorder((5, 10_000))
    levels = [(1, 9999, 5), (1, 9995, 7), (1, 9994, 100)]
    levels += [(-1, 10001, 3), (-1, 10005, 5), (-1, 10006, 100)]
    book.apply(1, 1, levels, snapshot=True)
    batches = book.batches()
    assert (batches.bid_band[0], batches.ask_band[0]) == (12, 8)
    assert batches.covered[0]
    book.apply(2, 2, levels[:2] + levels[3:5], snapshot=True)
    assert book.batches().covered[1]
    book.apply(3, 3, levels[:1] + levels[3:5], snapshot=True)
    assert not book.batches().covered[2]


def test_a_forward_return_and_its_class() -> None:
    forward = float(bps(array(10003), array(10000.5))[0])
    assert forward == pytest.approx(2.49956259, rel=1e-9)
    for sigma, expected in ((4.0, 1), (6.0, 0)):
        assert targets.direction(array(forward), array(sigma), array(10000.5))[0] == expected
    tick = float(bps(array(10000.5), array(10000))[0])
    assert tick == pytest.approx(0.4999875004, rel=1e-9)
    assert targets.direction(array(tick), array(0.0), array(10000))[0] == 1


def test_the_barrier_is_as_far_as_the_cost() -> None:
    limits = targets.barrier(0.9, 10.0)
    assert limits.seconds == pytest.approx(277.7777778, rel=1e-9)
    assert limits.width_bps == pytest.approx(15.0, rel=1e-9)
    assert targets.first_hit(array(4, -14.9, 15.188), limits.width_bps) == (2, 1)
    assert targets.first_hit(array(4, -14, 13.9), limits.width_bps) == (-1, 0)
    short = targets.barrier(0.42, 1.4)
    assert short.seconds == 60.0
    assert short.width_bps == pytest.approx(3.253, abs=1e-3)


def test_the_primary_side_pays_its_costs() -> None:
    assert targets.meta_net(1, 100001, 100151, 5.0) == pytest.approx(4.988611464, rel=1e-9)
    assert targets.meta_net(-1, 99999, 100153, 5.0) == pytest.approx(-25.38830790, rel=1e-9)
    assert targets.primary_side(-0.6, 0.9) == -1
    assert targets.primary_side(0.4, 0.3) == 1
    assert targets.primary_side(0.4, 0.1) == 0


def test_the_future_is_measured() -> None:
    returns = np.zeros(30)
    returns[[3, 17]] = 3.0
    assert targets.future_volatility(returns) == pytest.approx(0.7745966692, rel=1e-9)
    one, three = [(100, 5)], [(99, 5)]
    ask = [(101, 5)]
    story = Story(books=[(0, one, ask), (6000, three, [(102, 5)]), (15_000, one, ask)])
    label = targets.future_spread(story.market(16_000), targets.Outlook(story.market(16_000)))
    assert label.values[0] == pytest.approx(1.8, rel=1e-12)
    assert label.t1[0] == 10 * SECOND


@pytest.mark.parametrize(
    ("half_life", "mean", "cov", "dims", "gap"),
    [
        (
            4,
            (0.5580421859, 1.0783721531),
            (1.4182039799, -0.5005213508, 0.4506441888),
            0.6431023218,
            0.7449580587,
        ),
        (
            1,
            (0.8666666667, 1.2),
            (1.7155555556, -0.5066666667, 0.2933333333),
            0.5695869391,
            0.8692860489,
        ),
    ],
)
def test_moments_and_spectrum(
    half_life: float,
    mean: tuple[float, float],
    cov: tuple[float, float, float],
    dims: float,
    gap: float,
) -> None:
    moments = Moments(2, half_life)
    for x in ((1, 0), (0, 1), (-1, 2), (2, 1)):
        moments.step(np.array(x, dtype=float))
    assert moments.mean == pytest.approx(mean, rel=1e-9)
    flat = moments.cov[0, 0], moments.cov[0, 1], moments.cov[1, 1]
    assert flat == pytest.approx(cov, rel=1e-9)
    assert nsmi.dimension_ratio(moments.cov) == pytest.approx(dims, rel=1e-9)
    assert nsmi.spectral_gap(moments.cov) == pytest.approx(gap, rel=1e-9)
    if half_life == 4:
        assert moments.weight == pytest.approx(3.1426067539, rel=1e-9)


def test_the_drift_is_the_distance_of_two_gaussians() -> None:
    fast, slow = np.array([[2, 0.5], [0.5, 1]]), np.array([[1, -0.2], [-0.2, 1.5]])
    mean_fast, mean_slow = array(0.3, 0), array(0, 0.1)
    db = nsmi.bhattacharyya(mean_fast, fast, mean_slow, slow)
    assert db == pytest.approx(0.08296550950, rel=1e-9)
    assert nsmi.drift(db, 2) == pytest.approx(0.2015790671, rel=1e-9)
    assert nsmi.spectral_gap(fast) == pytest.approx(0.4714045208, rel=1e-9)
    assert nsmi.dimension_ratio(fast) == pytest.approx(0.8181818182, rel=1e-9)
    assert nsmi.bhattacharyya(mean_fast, fast, mean_fast, fast) == pytest.approx(0.0, abs=1e-12)
    t = np.array([[1.5, 0.7], [-0.2, 0.9]])
    moved = nsmi.bhattacharyya(t @ mean_fast, t @ fast @ t.T, t @ mean_slow, t @ slow @ t.T)
    assert moved == pytest.approx(db, rel=1e-9)
    assert nsmi.steady_null_size(12) == pytest.approx(0.0587631, rel=1e-5)
    assert nsmi.steady_null_size(8) == pytest.approx(0.0287286, rel=1e-5)


def test_the_change_statistic() -> None:
    statistic = nsmi.ChangeStatistic()
    alarms: list[bool] = []
    for z, r in ((0, 0.3246524674), (1, 1.927357967), (3, 85.54993997), (3, 2529.360007)):
        alarms.append(statistic.step(z))
        assert statistic.r == pytest.approx(r, rel=1e-9)
    assert alarms == [False, False, False, True]
    assert statistic.probability == pytest.approx(0.9768282511, rel=1e-9)


def accounts(*told: tuple[str, int, int]) -> order_accounting.Accounts:
    """Prints of sellers and decreases of the bid at 100, in order: (what, ms, lots)."""
    out = order_accounting.Accounts(250 * MS, 10 * MS)
    for what, ms, lots in told:
        out.expire(ms * MS)
        if what == "print":
            out.on_print(ms * MS, 1, 100, lots)
        else:
            out.on_change(ms * MS, 1, 100, -lots)
    return out


@pytest.mark.parametrize(
    ("told", "cancelled"),
    [
        ([("print", 0, 4), ("fall", 10, 7)], 3),
        ([("fall", 0, 7), ("print", 10, 4)], 3),
        ([("fall", 0, 7), ("print", 250, 4)], 3),
        ([("fall", 0, 7), ("print", 251, 4)], 7),
        ([("print", 0, 4), ("fall", 251, 7)], 7),
        ([("print", 0, 4), ("print", 5, 2), ("fall", 10, 5), ("fall", 20, 5)], 4),
        ([("fall", 0, 3), ("fall", 5, 3), ("print", 10, 5)], 1),
    ],
)
def test_a_decrease_that_a_print_explains_is_no_cancel(
    told: list[tuple[str, int, int]], cancelled: int
) -> None:
    kept = accounts(*told).cancels
    assert order_accounting.booked(kept, whole(1000 * MS)).tolist() == [cancelled]


def test_a_row_knows_of_a_print_only_when_it_came() -> None:
    kept = accounts(("fall", 50, 7), ("print", 210, 4)).cancels
    seen = order_accounting.booked(kept, whole(100 * MS, 200 * MS, 300 * MS, 10_000 * MS))
    assert seen.tolist() == [7, 7, 3, 3]
    assert order_accounting.booked(kept, whole(10_100 * MS)).tolist() == [0]
