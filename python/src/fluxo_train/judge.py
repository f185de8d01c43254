"""What the models' common signal earns: a band fitted in training, played once on unseen rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluxo_train import baselines
from fluxo_train.band import Band, Market, Played, fit_band, play, positions
from fluxo_train.bootstrap import Estimate, mean_interval
from fluxo_train.events import Reporter
from fluxo_train.experiment import Model, Prepared

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """The fitted band and what it did on rows that nothing had seen."""

    band: Band
    cost_bps: float
    holdout: Played | None
    baselines: dict[str, Estimate]
    against_imbalance: Estimate | None

    def verdict(self) -> str:
        """`edge` only if the whole interval of the holdout's profit is above zero."""
        if self.holdout is None:
            return "inconclusive"
        return "edge" if self.holdout.estimate().low > 0.0 else "no_edge"


def ensemble_signal(models: list[Model], x: F32) -> F64:
    """The mean of the models' `p_up - p_down`, as the binaries compute it."""
    outputs = [model.served(x).astype(np.float64) for model in models]  # [rows, 3] each
    return np.mean([output[:, 2] - output[:, 0] for output in outputs], axis=0)


def judge(models: list[Model], prepared: Prepared, say: Reporter) -> Judged:
    """Fits the band on validation rows, then plays it once on the holdout."""
    result, rows = prepared.cut, prepared.dataset.rows
    say.progress("judge", 0, 2)
    market = Market.of(rows.take(result.validation_all), prepared.fee_bps)
    signal = ensemble_signal(models, prepared.x[result.validation_all])
    band = fit_band(signal, market)
    say.progress("judge", 1, 2)
    cost = round(float(market.cost_bps.mean()), 6)
    say.say(f"band {band.enter:.4f}, validation {band.played.estimate()} bps a row")
    if not result.holdout_all.any():
        say.progress("judge", 2, 2)
        return Judged(band, cost, None, {}, None)
    unseen = Market.of(rows.take(result.holdout_all), prepared.fee_bps)
    held = positions(
        ensemble_signal(models, prepared.x[result.holdout_all]), band.enter, unseen.segment
    )
    played = play(held, unseen)
    imbalance = prepared.dataset.inputs(["imbalance"])[:, 0].astype(np.float64)
    before = result.validation_all
    measured = baselines.measure(market, imbalance[before], unseen, imbalance[result.holdout_all])
    threshold = baselines.best_threshold(market, imbalance[before])
    simple = play(
        baselines.outside(imbalance[result.holdout_all], threshold, unseen.segment), unseen
    )
    say.say(f"holdout {played.estimate()} bps a row in {played.turns} turns")
    say.progress("judge", 2, 2)
    return Judged(band, cost, played, measured, mean_interval(played.net_bps - simple.net_bps))
