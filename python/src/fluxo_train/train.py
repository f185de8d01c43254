"""One command from rows to a bundle: fit, export, check, judge, write.

The order keeps the judge honest: models and their band see the training range only; the rows after
it are touched once, at the end, and what they say goes into the bundle as it is. "No edge" is a
result like any other: the bundle is written with its numbers and the verdict says so.
"""

from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxo_train import canaries
from fluxo_train.assemble import export
from fluxo_train.dataset import TARGETS, Dataset, Rows, input_names, load
from fluxo_train.errors import CommandError, TooFewRowsError, UsageError
from fluxo_train.events import Reporter
from fluxo_train.experiment import CLASSES, FAMILIES, Arguments, Fitted, Model, Prepared
from fluxo_train.golden import golden_rows
from fluxo_train.judge import judge
from fluxo_train.models import lightgbm, xgboost
from fluxo_train.models.sample import Sample
from fluxo_train.onnx_trees import Forest, to_onnx
from fluxo_train.parity import Served, difference
from fluxo_train.splits import cut, violations
from fluxo_train.weights import normalised, uniqueness

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Fewer effective samples of a class than this teach nothing about it.
EFFECTIVE_MIN: Final = 200.0
CANARY_ROUNDS: Final = 10
PARITY_ROWS: Final = 2000


def run(arguments: Arguments, say: Reporter) -> dict[str, Any]:
    """Trains and writes; returns the values of the result event."""
    if TARGETS.get(arguments.target, TARGETS["dir_10s"]).kind != "cls3":
        raise UsageError(
            f"{arguments.target} has no three classes",
            "a bundle decides by p_up - p_down: take a dir_* or tb_label target",
        )
    say.progress("load", 0, 1)
    dataset = load(arguments.data, arguments.target, symbol=arguments.symbol)
    for warning in dataset.warnings:
        say.say(f"warning: {warning}")
    try:
        prepared = prepare(dataset, arguments)
    except TooFewRowsError as error:
        say.progress("load", 1, 1, rows=len(dataset.rows))
        say.say(f"{arguments.target} is skipped: {error}")
        return {"verdict": "inconclusive", "reason": str(error), "bundle": None}
    say.progress("load", 1, 1, rows=len(dataset.rows))
    checked = run_canaries(prepared, arguments, say) if arguments.canaries else {}
    failed = [name for name, one in checked.items() if one["verdict"] == "fail"]
    if failed:
        reason = f"canary {failed[0]} failed"
        say.say(f"nothing is trained: {reason}, so no result could be believed")
        return {
            "verdict": "inconclusive",
            "reason": reason,
            "bundle": None,
            "complexity_justified": False,
            "canaries": checked,
        }
    models = [train_model(name, prepared, arguments, say) for name in arguments.models]
    judged = judge(models, prepared, say)
    return export(models, prepared, judged, checked, arguments, say)


def prepare(dataset: Dataset, arguments: Arguments) -> Prepared:
    """Cuts the rows by time and weighs them."""
    rows, fee_bps = dataset.rows, fee(dataset, arguments)
    names = input_names(dataset, arguments.feature_set, regime=arguments.regime)
    usable = rows.warm & np.isfinite(rows.mid) & np.isfinite(rows.half_spread_bps)
    if not usable.any():
        raise TooFewRowsError("no row is warm and has a price")
    first, end = int(rows.ts[usable].min()), int(rows.ts.max()) + 1
    until = arguments.train_until
    if until is None:
        until = end - int((end - first) * arguments.holdout)
    if not first < until <= end:
        raise UsageError(f"training would end at {until}, outside of the data {first}..{end}")
    labelled = ~np.isnan(rows.target)
    embargo = TARGETS[dataset.target].embargo_ns
    result = cut(rows.ts, rows.t1, labelled, usable, train_until=until, embargo=embargo)
    broken = violations(result, rows.ts, rows.t1, embargo)
    if broken:
        raise CommandError(f"{broken} rows reach across a cut")
    x = dataset.inputs(names)
    fit = sample(x, rows, result.fit_rows)
    require_classes(fit, label_uniqueness(rows, result.fit_rows))
    return Prepared(
        dataset=dataset,
        names=names,
        x=x,
        cut=result,
        fee_bps=fee_bps,
        fit=fit,
        validation=sample(x, rows, result.validation_rows),
        violations=broken,
    )


def fee(dataset: Dataset, arguments: Arguments) -> float:
    """What a unit costs one way besides the spread: as told, or the instrument's own fee."""
    own = arguments.fee_bps if arguments.fee_bps is not None else dataset.taker_fee_bps
    if own is None:
        raise UsageError("the dataset names no taker fee", "give --fee-bps")
    return own


def sample(x: F32, rows: Rows, chosen: Mask) -> Sample:
    """The chosen rows with class codes and uniqueness weights."""
    codes = rows.target[chosen].astype(np.int64) + 1
    return Sample(x[chosen], codes, normalised(label_uniqueness(rows, chosen)))


def label_uniqueness(rows: Rows, chosen: Mask) -> F64:
    """As the dataset says; computed over its rows where it does not say for all."""
    own = rows.uniqueness[chosen]
    if np.isnan(own).any():
        return uniqueness(rows.ts[chosen], rows.t1[chosen], np.unique(rows.ts))
    return own


def require_classes(fit: Sample, unique: F64) -> None:
    """Raises when a class has too few effective samples to learn from: overlapping labels share."""
    effective = np.bincount(fit.codes, unique, minlength=len(CLASSES))
    for label, count in zip(CLASSES, effective.tolist(), strict=True):
        if count < EFFECTIVE_MIN:
            raise TooFewRowsError(
                f"class {label} has {count:.0f} effective samples, needs {EFFECTIVE_MIN:.0f}"
            )


def run_canaries(prepared: Prepared, arguments: Arguments, say: Reporter) -> dict[str, Any]:
    """Every check that a leak would not survive."""
    rows, result = prepared.dataset.rows, prepared.cut
    checked = result.validation_rows
    step = max(int(np.median(np.diff(rows.ts))), 1)
    horizon = int(np.median(rows.t1[result.fit_rows] - rows.ts[result.fit_rows]))
    small = lightgbm.Arguments(rounds=CANARY_ROUNDS, patience=CANARY_ROUNDS)

    def train(fit: Sample, validation: Sample) -> F64:
        # It stops by its own rows: validation must choose nothing here.
        fitted = lightgbm.train(fit, fit, small, arguments.seed, lambda _done, _total: None)
        return fitted.predict(validation.x)

    def shifted(by: int) -> tuple[Sample, Sample]:
        # The labels stay, so rows at the ends of the data see themselves: too few to matter.
        at = np.clip(np.arange(len(rows)) + by, 0, len(rows) - 1)
        fit, validation = (prepared.x[at[mask]] for mask in (result.fit_rows, checked))
        return replace(prepared.fit, x=fit), replace(prepared.validation, x=validation)

    block = max(horizon // step, 1)
    say.progress("canaries", 0, 4)
    labels = canaries.shuffled_labels(
        prepared.fit, prepared.validation, block, arguments.seed, train
    )
    say.progress("canaries", 1, 4)
    shift = canaries.time_shift(shifted, block, train)
    say.progress("canaries", 2, 4)
    peek = canaries.future_peek(
        prepared.x[result.fit_rows], prepared.names, next_moves(rows)[result.fit_rows]
    )
    say.progress("canaries", 3, 4)
    repeated = canaries.repeated_rows(
        prepared.fit.x, prepared.x[result.validation_rows | result.holdout_rows]
    )
    say.progress("canaries", 4, 4)
    for name in peek.numbers["screened"]:
        say.say(f"warning: feature {name} ranks the next move better than {canaries.IC_MAX}")
    return {
        "shuffled_label": labels.as_json(),
        "time_shift": shift.as_json(),
        "repeated_rows": repeated.as_json(),
        "future_peek": peek.as_json(),
        "label_end_audit": canaries.Verdict(
            prepared.violations == 0, {"violations": prepared.violations}
        ).as_json(),
    }


def next_moves(rows: Rows) -> F64:
    """The log move of the mid to the next row of the same segment; NaN where there is none."""
    moves = np.full(len(rows), np.nan)
    same = rows.segment[1:] == rows.segment[:-1]
    moves[:-1] = np.where(same, np.diff(np.log(rows.mid)), np.nan)
    return moves


def train_model(name: str, prepared: Prepared, arguments: Arguments, say: Reporter) -> Model:
    """Fits one family, exports it, and compares the runtime with the booster."""

    def progress(done: int, total: int) -> None:
        if done % 10 == 0:
            say.progress("fit", done, total, model=name)

    fitted, hyperparameters, total = fit(name, prepared, arguments, progress)
    say.progress("fit", total, total, model=name)
    say.progress("export", 0, 1, model=name)
    forest = fitted.forest()
    graph = to_onnx(forest, features=len(prepared.names))
    served = Served(graph)
    tested = parity_rows(prepared, forest, arguments.seed)
    found = difference(served(tested), fitted.predict(tested))
    batches = served.batch_difference(tested[: PARITY_ROWS // 4])
    if not (found.holds and batches.holds):
        raise CommandError(
            f"{name}: the exported model is {max(found.max_abs, batches.max_abs):.3g} away from "
            "the booster, or from itself in other batches; this is a bug of the tree writer"
        )
    say.progress("export", 1, 1, model=name, max_abs=found.max_abs)
    say.say(
        f"{name}: best of {fitted.rounds} rounds, log-loss {fitted.logloss:.5f} "
        f"(prior {prepared.prior_logloss():.5f}), {len(graph)} bytes, parity {found.max_abs:.2g}"
    )
    return Model(name, fitted, forest, graph, served, found, hyperparameters)


def fit(
    name: str, prepared: Prepared, arguments: Arguments, progress: lightgbm.Progress
) -> tuple[Fitted, dict[str, Any], int]:
    """The fitted family, its arguments, and how many rounds it may have taken."""
    rounds: dict[str, Any] = {} if arguments.rounds is None else {"rounds": arguments.rounds}
    if name == "lightgbm":
        own = lightgbm.Arguments(**rounds)
        fitted: Fitted = lightgbm.train(
            prepared.fit, prepared.validation, own, arguments.seed, progress
        )
        return fitted, asdict(own), own.rounds
    if name == "xgboost":
        grown = xgboost.Arguments(**rounds)
        fitted = xgboost.train(prepared.fit, prepared.validation, grown, arguments.seed, progress)
        return fitted, asdict(grown), grown.rounds
    raise UsageError(f"there is no model {name!r}", f"one of: {', '.join(FAMILIES)}, all")


def parity_rows(prepared: Prepared, forest: Forest, seed: int) -> F32:
    """Rows of the training range, some with values knocked out, and every tie of the model."""
    random = np.random.default_rng(seed)
    chosen = random.integers(0, len(prepared.fit.x), PARITY_ROWS)
    rows = prepared.fit.x[chosen]
    holes = rows.copy()
    holes[random.random(holes.shape) < 0.05] = np.nan
    ties = golden_rows(rows, forest.thresholds(), rows_max=20_000)
    return np.concatenate([rows, holes, ties])
