"""Do the canaries live in clean air, and die when the future leaks in?"""

from dataclasses import replace
from typing import Any

import numpy as np

from fluxo_train.canaries import (
    future_peek,
    rank_correlation,
    repeated_rows,
    shuffled,
    shuffled_labels,
    time_shift,
)
from fluxo_train.models import lightgbm
from fluxo_train.models.sample import Sample

BLOCK = 10
ARGUMENTS = lightgbm.Arguments(rounds=10, patience=10)


def sample(n: int, seed: int) -> Sample:
    """Smooth features and labels that overlap, as a market makes them."""
    random = np.random.default_rng(seed)
    raw = random.normal(size=(n + 50, 6))
    smooth = np.stack([np.convolve(c, np.ones(20) / 20, mode="valid")[:n] for c in raw.T], axis=1)
    score = np.convolve(random.normal(size=n + 50), np.ones(BLOCK), mode="valid")[:n]
    score = score + 10 * smooth[:, 0]
    codes = np.digitize(score, [-1.5, 1.5]).astype(np.int64)
    return Sample(smooth.astype(np.float32), codes, np.ones(n))


def honest(fit: Sample, validation: Sample) -> np.ndarray:
    return lightgbm.train(fit, fit, ARGUMENTS, 1, lambda *_: None).predict(validation.x)


def leaky(fit: Sample, validation: Sample) -> np.ndarray:
    """A pipeline whose rows carry their own label."""

    def with_label(one: Sample) -> Sample:
        column = one.codes[:, None].astype(np.float32)
        return replace(one, x=np.concatenate([one.x, column], axis=1))

    return honest(with_label(fit), with_label(validation))


def test_shuffled_labels_pass_clean_and_fail_leaky() -> None:
    fit, validation = sample(6000, 1), sample(2000, 2)
    learned = validation.logloss(honest(fit, validation))
    assert learned < validation.logloss(fit.prior()), "there is something to learn"
    clean = shuffled_labels(fit, validation, BLOCK, 1, honest)
    assert clean.passed, clean
    leak = shuffled_labels(fit, validation, BLOCK, 1, leaky)
    assert not leak.passed, leak


def test_shuffling_moves_whole_blocks() -> None:
    codes = np.repeat(np.arange(7), 10)[:65]
    moved = shuffled(codes, 10, 3)
    assert sorted(moved.tolist()) == sorted(codes.tolist())
    assert moved.tolist() != codes.tolist()
    assert np.count_nonzero(np.diff(moved)) == 6


def test_a_feature_that_knows_the_next_move_is_found() -> None:
    random = np.random.default_rng(4)
    n = 6000
    move = random.normal(size=n)
    weak = 0.09 * move + random.normal(size=n)
    peek = 0.3 * move + np.sqrt(1 - 0.09) * random.normal(size=n)
    blank = np.full(n, np.nan)
    names = ("weak", "blank", "peek")
    move[-1] = np.nan
    clean = future_peek(np.stack([weak, blank], axis=1).astype(np.float32), names[:2], move)
    assert clean.passed, clean
    leak = future_peek(np.stack([weak, blank, peek], axis=1).astype(np.float32), names, move)
    assert not leak.passed
    assert leak.numbers["features"] == ["peek"]
    assert leak.numbers["screened"] == ["peek"]


def test_a_book_that_honestly_knows_the_next_move_is_only_screened() -> None:
    random = np.random.default_rng(5)
    n = 6000
    noise, state = random.normal(size=(2, n))
    for at in range(1, n):
        state[at] = 0.9 * state[at - 1] + np.sqrt(1 - 0.81) * state[at]
    move = 0.3 * state + np.sqrt(1 - 0.09) * noise  # of a row: the one after it
    # A row that saw its move, and a price that bounces: what is news is gone a row later.
    bounce = -0.3 * np.concatenate([[0.0], noise[:-1]]) + noise
    seen = np.concatenate([[0.0], bounce[:-1]])
    for feature, moves in ((state, move), (seen, bounce)):
        found = future_peek(feature[:, None].astype(np.float32), ("book",), moves)
        assert found.numbers["ic_mean_max"] > 0.2, found
        assert found.passed, found
        assert found.numbers["screened"] == ["book"]
        # The same feature, stamped one row early.
        early = np.roll(feature, -1)[:, None].astype(np.float32)
        if feature is seen:
            assert not future_peek(early, ("book",), moves).passed


def test_the_time_shift_sees_features_that_are_stamped_too_early() -> None:
    random = np.random.default_rng(6)
    n, cut = 9000, 6000
    move = random.normal(size=n + 60)
    label = np.convolve(move, np.ones(BLOCK), mode="valid")[1:]  # the moves after a row
    codes = np.digitize(label[:n], [-1.5, 1.5]).astype(np.int64)
    # What a row may know: its last move; what it may not: the one that is coming.
    shown = np.stack([move, random.normal(size=n + 60)], axis=1).astype(np.float32)

    def samples_of(lag: int) -> Any:
        def samples(shift: int) -> tuple[Sample, Sample]:
            at = np.clip(np.arange(n) + shift + lag, 0, len(shown) - 1)
            x, ones = shown[at], np.ones(n)
            whole = [x, codes, ones]
            return Sample(*(a[:cut] for a in whole)), Sample(*(a[cut:] for a in whole))

        return samples

    clean = time_shift(samples_of(0), BLOCK, honest)
    assert clean.passed, clean
    # Stamped eleven rows early: a row shows the move just after its label, the row before it shows
    # one that the label counts.
    early = time_shift(samples_of(BLOCK + 1), BLOCK, honest)
    assert not early.passed, early


def test_a_day_that_is_there_twice_is_found() -> None:
    fit, validation = sample(2000, 1), sample(500, 2)
    assert repeated_rows(fit.x, validation.x).passed
    twice = np.concatenate([validation.x, fit.x[:100]])
    assert not repeated_rows(fit.x, twice).passed
    blank = np.full((3, 6), np.nan, np.float32)
    assert not repeated_rows(blank, blank).passed, "NaN is equal to NaN here"


def test_rank_correlation() -> None:
    x = np.arange(100.0)
    assert rank_correlation(x, np.exp(x / 10)) == 1.0
    assert rank_correlation(x, -x) == -1.0
    assert rank_correlation(x, np.ones(100)) == 0.0
    assert rank_correlation(x[:10], x[:10]) == 0.0
