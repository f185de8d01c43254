"""Puts a finished run into a bundle: metadata, evidence, golden rows, and the result in words."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fluxo_train import TRAINER_VERSION, baselines, bundle
from fluxo_train.errors import CommandError
from fluxo_train.events import Reporter
from fluxo_train.experiment import CLASSES, Arguments, Model, Prepared
from fluxo_train.golden import ROWS_MAX, golden_rows
from fluxo_train.judge import Judged
from fluxo_train.onnx_trees import OPSETS
from fluxo_train.parity import difference
from fluxo_train.provenance import provenance

F32 = npt.NDArray[np.float32]


def export(
    models: list[Model],
    prepared: Prepared,
    judged: Judged,
    checked: dict[str, Any],
    arguments: Arguments,
    say: Reporter,
) -> dict[str, Any]:
    """Writes the bundle and says what it is."""
    say.progress("bundle", 0, 1)
    width = len(prepared.names)
    rows_max = min(
        ROWS_MAX,
        bundle.rows_that_fit([m.graph for m in models], width, len(CLASSES) * len(models)),
    )
    thresholds = [tie for model in models for tie in model.forest.thresholds()]
    inputs = golden_rows(prepared.fit.x, thresholds, rows_max)
    report = evidence(models, prepared, judged)
    parts = [
        part(model, inputs, prepared, judged, checked, report, arguments, len(models))
        for model in models
    ]
    decision = {
        "enter": judged.band.enter,
        "leave": judged.band.leave,
        "cost_bps": judged.cost_bps,
    }
    content = bundle.files(arguments.name, inputs, parts, decision)
    record = provenance(arguments, report)
    identity = bundle.write(arguments.out, content, record)
    verified = bundle.check(arguments.out)
    if verified.id != identity:
        raise CommandError(f"{arguments.out} does not read back as it was written")
    say.progress("bundle", 1, 1)
    return {
        "verdict": judged.verdict(),
        "reason": "" if judged.holdout else "nothing is held out, so no row judges",
        "bundle": str(arguments.out),
        "bundle_id": identity,
        "bytes": sum(len(data) for data in content.values()),
        "golden_rows": len(inputs),
        "decision": decision,
        "canaries": checked,
    } | report


def evidence(models: list[Model], prepared: Prepared, judged: Judged) -> dict[str, Any]:
    """The honest numbers, every one with its interval."""
    result = prepared.cut
    against = judged.against_imbalance
    return {
        "rows": {
            "fit": int(result.fit_rows.sum()),
            "validation": int(result.validation_rows.sum()),
            "holdout": int(result.holdout_rows.sum()),
            "purged": result.purged,
        },
        "train_start": result.start,
        "train_end": result.holdout,
        "models": {
            model.name: {
                "rounds": model.fitted.rounds,
                "logloss": round(model.fitted.logloss, 9),
                "logloss_prior": round(prepared.prior_logloss(), 9),
                "onnx_bytes": len(model.graph),
                "parity_max_abs": model.parity.max_abs,
                "parity_rows": model.parity.rows,
            }
            for model in models
        },
        "validation": judged.band.played.as_json(),
        "holdout": None if judged.holdout is None else judged.holdout.as_json(),
        "baselines": baselines.as_json(judged.baselines),
        "against_imbalance": None if against is None else against.as_json(),
        # A model that never trades beats a bad rule, too: it must beat doing nothing as well.
        "complexity_justified": judged.verdict() == "edge"
        and against is not None
        and against.low > 0.0,
    }


def part(
    model: Model,
    inputs: F32,
    prepared: Prepared,
    judged: Judged,
    checked: dict[str, Any],
    report: dict[str, Any],
    arguments: Arguments,
    count: int,
) -> bundle.Part:
    """The manifest's entry of one model, with its answers to the golden rows."""
    dataset = prepared.dataset
    outputs = model.served(inputs)
    golden = difference(outputs, model.fitted.predict(inputs))
    if not golden.holds:
        raise CommandError(f"{model.name}: {golden.max_abs:.3g} away on the golden rows")
    schema_hash = dataset.schema_hash
    metadata: dict[str, Any] = {
        "family": model.name,
        "role": "signal_generation",
        "symbol": dataset.symbol,
        "target": dataset.target,
        "mode": arguments.feature_set,
        "regimes": [-1, 0, 1, 2],
        "opset": OPSETS,
        "inputs": [{"name": "features", "dtype": "f32", "shape": ["B", len(prepared.names)]}],
        "input_set": {
            "set": arguments.feature_set,
            "regime": arguments.regime,
            "consensus": False,
        },
        "outputs": [
            {
                "name": model.forest.output,
                "dtype": "f32",
                "shape": ["B", len(CLASSES)],
                "classes": list(CLASSES),
            }
        ],
        "feature_schema_hash": schema_hash,
        "base_weight": 1.0 / count,
        "dataset": {
            "sha256": dataset.sha256,
            "t_start": prepared.cut.start,
            "t_end": prepared.cut.holdout,
            "code_version": dataset.metadata.get("ds.code_version", {}),
        }
        | row_calibration(dataset.metadata),
        "scaler": {"kind": "none", "fused": True},
        "calibration": {"kind": "none"},
        "decision": {
            "cost_bps": judged.cost_bps,
            "threshold": 0.0,
            "prior_correction": [1, 1, 1],
        },
        "hyperparameters": model.hyperparameters,
        "seed": arguments.seed,
        "n_trials_seen": 1,
        "cv": {key: report[key] for key in ("rows", "validation", "holdout")}
        | report["models"][model.name],
        "baselines": report["baselines"],
        "canaries": checked,
        "parity": {
            "max_abs": max(model.parity.max_abs, golden.max_abs),
            "rows": model.parity.rows + golden.rows,
        },
        "parents": [],
        "trainer_version": TRAINER_VERSION,
    }
    return bundle.Part(model.name, model.graph, outputs, metadata)


def row_calibration(metadata: dict[str, Any]) -> dict[str, Any]:
    """The hash of the file of earlier sessions that the rows rest on, where there was one."""
    sha256 = metadata.get("ds.calibration", {}).get("sha256")
    return {"row_calibration_sha256": sha256} if sha256 else {}
