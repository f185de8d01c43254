"""All features of the catalogue at every row of a time clock."""

import numpy as np

from feature_reference import (
    bars,
    book_state,
    calendar_features,
    footprint,
    impact,
    nsmi,
    order_accounting,
    order_by_order,
    order_flow,
    trade_flow,
    trade_prices,
)
from feature_reference.market import Market
from feature_reference.primitives import Column, column, span
from feature_reference.stream import SECOND
from feature_reference.targets import Label, targets

FEATURES = 108


def features(market: Market) -> dict[int, Column]:
    """By index."""
    out: dict[int, Column] = {}
    for group in (
        trade_prices,
        bars,
        trade_flow,
        calendar_features,
        book_state,
        order_flow,
        order_accounting,
        impact,
        footprint,
        order_by_order,
    ):
        out |= group.features(market)
    return dict(sorted(out.items()))


def labels(market: Market, columns: dict[int, Column]) -> dict[int, Label]:
    """The targets, by index; the primary side is that of the row, which is written as float32."""
    ofi_5s, imbalance = (columns[index].values.astype(np.float32) for index in (70, 48))
    return targets(market, ofi_5s, imbalance)


def regime(market: Market) -> dict[int, Column]:
    """The regime vector of section 9 at every row, slots 108..113; its grid is that of seconds."""
    seconds = market.again(SECOND)
    inputs = nsmi.inputs({index: c.values for index, c in features(seconds).items()})
    grid = span(SECOND, seconds.stream.first_ts, seconds.stream.last_ts)
    out: dict[int, Column] = {}
    for index, values in enumerate(nsmi.regime(inputs).T, start=FEATURES):
        at_rows = grid.at(market.rows, values)
        out[index] = column(at_rows, ~np.isnan(at_rows))
    return out
