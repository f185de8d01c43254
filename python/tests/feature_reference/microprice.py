"""The table of feature 59: how far the micro-price lies from the mid, by state (7.4)."""

import numpy as np

from feature_reference.stream import Floats

SMALLEST_TERM = 1e-10


def adjustments(q: Floats, r1: Floats, k: Floats, r2: Floats) -> Floats:
    """G* in ticks by state: moves of the mid `k`, expected over all moves to come."""
    stay = np.linalg.inv(np.eye(len(q)) - q)
    term, step = stay @ r1 @ k, stay @ r2
    total = np.zeros(len(q))
    while np.abs(term).max() >= SMALLEST_TERM:
        total = total + term
        term = step @ term
    return total
