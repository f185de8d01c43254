"""Time of day and the rest of the session: 42..44."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import Column, column


def features(market: Market) -> dict[int, Column]:
    """42..44 at every row."""
    calendar = market.settings.calendar
    angle = 2 * np.pi * calendar.day_ms(market.rows) / 86_400_000
    values = {42: np.sin(angle), 43: np.cos(angle), 44: calendar.remaining(market.rows)}
    return {index: column(v, True) for index, v in values.items()}
