"""Do the canaries pass what the product writes, and die when a column of it is stamped too early?

Rows come from the programs themselves: a planted market of six hours, and a session of Nasdaq. Each
is judged as it is, and again with a copy of one of its columns, moved.
"""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import product
import pytest

from fluxo_train.dataset import load
from fluxo_train.events import Reporter
from fluxo_train.experiment import Arguments, Prepared
from fluxo_train.train import prepare, run_canaries, sample

TARGET = "dir_10s"
HORIZON_ROWS = 10  # a row a second


def planted(folder: Path) -> Path:
    lake = folder / "lake"
    words = ("--kind", "planted", "--seed", "1", "--hours", "6", "--out", lake)
    product.run("backtester", "synth", *words)
    return lake


def session(_: Path) -> Path:
    return product.recording("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip")


@cache
def prepared(source: Callable[[Path], Path]) -> tuple[Prepared, Arguments]:
    with TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "rows"
        words = (source(folder), "--out", out, "--clock", "time:1000")
        written = product.run("trainer-bridge", "dataset", *words)
        dataset = load(out, TARGET)
    assert len(dataset.rows) == written["rows"] > 20_000
    assert dataset.sha256 == written["sha256"]
    arguments = Arguments(data=out, out=out, target=TARGET)
    return prepare(dataset, arguments), arguments


def with_early_copy(clean: Prepared, name: str, rows: int) -> Prepared:
    """The same rows with one column more: a copy of one, stamped so many rows too early."""
    at = np.clip(np.arange(len(clean.x)) + rows, 0, len(clean.x) - 1)
    copied = clean.x[at, clean.names.index(name)]
    x = np.concatenate([clean.x, copied[:, None]], axis=1)
    chosen = (clean.cut.fit_rows, clean.cut.validation_rows)
    fit, validation = (sample(x, clean.dataset.rows, mask) for mask in chosen)
    return replace(clean, names=(*clean.names, "early"), x=x, fit=fit, validation=validation)


def judged(rows: Prepared, arguments: Arguments) -> dict[str, Any]:
    return run_canaries(rows, arguments, Reporter(io.StringIO(), io.StringIO()))


@pytest.mark.parametrize("source", [planted, session])
def test_rows_of_the_product_pass(source: Callable[[Path], Path]) -> None:
    rows, arguments = prepared(source)
    checked = judged(rows, arguments)
    assert {name: said["verdict"] for name, said in checked.items()} == dict.fromkeys(
        ("shuffled_label", "time_shift", "repeated_rows", "future_peek", "label_end_audit"), "pass"
    ), checked


@pytest.mark.parametrize("source", [planted, session])
def test_a_copy_that_shows_the_next_move_is_found(source: Callable[[Path], Path]) -> None:
    rows, arguments = prepared(source)
    # The return of the last second, a second before it is over.
    checked = judged(with_early_copy(rows, "ret_1s", 1), arguments)
    assert checked["future_peek"]["verdict"] == "fail", checked
    assert checked["future_peek"]["features"] == ["early"]


@pytest.mark.parametrize("source", [planted, session])
def test_a_copy_that_comes_before_its_time_is_found(source: Callable[[Path], Path]) -> None:
    rows, arguments = prepared(source)
    # A row shows the move just behind its label; the row before it, one that the label counts.
    checked = judged(with_early_copy(rows, "ret_1s", HORIZON_ROWS + 1), arguments)
    assert checked["time_shift"]["verdict"] == "fail", checked
