"""Does the loader read what the engine wrote, and refuse what would teach something untrue?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pytest

from fluxo_train import dataset
from fluxo_train.dataset import FeatureInfo, input_names, load, schema_hash
from fluxo_train.errors import UnfitInputError, UsageError


def small(steps: int = 900) -> dict[str, np.ndarray]:
    return planted.columns(planted.world(steps, rho=0.1, seed=1), seed=1)


def test_the_schema_hash_is_the_published_one() -> None:
    lines = [
        FeatureInfo("f1", "ofi_1s", "f32", "qty", "window_ns=1000000000"),
        FeatureInfo("f2", "spread_ticks", "f32", "ticks", ""),
    ]
    published = "8cfbb17fe248678d93fd2413f6361d21cd3b2c8643c83daa3f6c5a71efa3ff86"
    assert schema_hash(lines) == published
    assert schema_hash(reversed(lines)) == published
    numbered = [FeatureInfo(f"f{at}", "x", "f32", "1", "") for at in (10, 9)]
    assert dataset.schema_text(numbered).startswith("f9|")


def test_the_target_table_is_that_of_the_catalogue() -> None:
    kinds = {"ternary": "cls3", "binary": "cls2", "regression": "reg"}
    catalogue = {
        entry["name"]: (kinds[entry["kind"]], entry["embargo_ms"] * 1_000_000)
        for entry in planted.catalogue("target")
    }
    ours = {name: (info.kind, info.embargo_ns) for name, info in dataset.TARGETS.items()}
    assert ours == catalogue
    assert list(ours) == list(catalogue)
    assert len(planted.FEATURES) == dataset.FEATURE_COUNT


def test_a_dataset_is_read_as_it_was_written(tmp_path: Path) -> None:
    data = small()
    planted.write(tmp_path, data)
    read = load(tmp_path, "dir_10s")
    names = input_names(read, "full")
    assert len(names) == 114
    assert names[:2] == ("tret_1s", "tret_5s")
    assert names[108] == "nonstationarity"
    x = read.inputs(names)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x[:, names.index("imbalance")], data["imbalance"])
    np.testing.assert_array_equal(read.rows.ts, data["ts"])
    np.testing.assert_array_equal(read.rows.target, data["dir_10s"])
    assert (read.rows.t1[:-10] == data["ts"][:-10] + 10 * planted.SECOND).all()
    assert len(input_names(read, "tick_only", regime=False)) == 45
    assert read.symbol == "SYNTHUSDT"
    assert any("spread_abs is constant" in warning for warning in read.warnings)


def test_an_aux_column_never_enters_a_model(tmp_path: Path) -> None:
    planted.write(tmp_path, small())
    read = load(tmp_path, "dir_10s")
    with pytest.raises(UsageError, match="aux"):
        read.inputs(["imbalance", "mid"])
    with pytest.raises(UsageError, match="not a feature"):
        read.inputs(["fwd_ret_10s"])


def infinite(data: dict[str, Any]) -> None:
    data["imbalance"] = data["imbalance"].copy()
    data["imbalance"][7] = np.inf


def empty(data: dict[str, Any]) -> None:
    data["ofi_1s"] = np.full_like(data["ofi_1s"], np.nan)


def early(data: dict[str, Any]) -> None:
    data["t1_dir_10s"][5] = data["ts"][5]


def backwards(data: dict[str, Any]) -> None:
    data["ts"][8] = data["ts"][6] + 1
    data["ts"][9] = data["ts"][6]


def twice(data: dict[str, Any]) -> None:
    data["ts"][9], data["seq"][9] = data["ts"][8], data["seq"][8]


def swapped(data: dict[str, Any]) -> None:
    # Two segments in the wrong order: within each of them time goes on.
    data["segment_id"][450:] = 1
    for name in ("ts", "seq"):
        data[name] = np.roll(data[name], 450)
    data["t1_dir_10s"] = np.roll(data["t1_dir_10s"], 450)
    data["dir_10s"] = np.roll(data["dir_10s"], 450)


def unknown_class(data: dict[str, Any]) -> None:
    data["dir_10s"][3] = 2.0


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (infinite, "imbalance .* infinite"),
        (empty, "ofi_1s is built"),
        (early, "t1_dir_10s .* not after"),
        (backwards, "backwards"),
        (twice, "share"),
        (swapped, "out of order"),
        (unknown_class, "values other than"),
    ],
)
def test_defects_end_the_run(tmp_path: Path, damage: Any, words: str) -> None:
    data = small()
    damage(data)
    planted.write(tmp_path, data)
    with pytest.raises(UnfitInputError, match=words):
        load(tmp_path, "dir_10s")


def test_a_feature_that_is_not_built_may_be_empty(tmp_path: Path) -> None:
    data = small()
    assert np.isnan(data["tret_1s"]).all()
    planted.write(tmp_path, data)
    load(tmp_path, "dir_10s")


def test_a_short_file_may_lack_what_needs_longer_memory(tmp_path: Path) -> None:
    data = small(280)
    empty(data)
    planted.write(tmp_path, data)
    load(tmp_path, "dir_10s")


def test_many_short_recordings_may_lack_what_needs_longer_memory(tmp_path: Path) -> None:
    data = small(900)
    empty(data)
    data["segment_id"] = (np.arange(900) // 250).astype(np.int32)
    planted.write(tmp_path, data)
    load(tmp_path, "dir_10s")


def test_what_needs_trades_may_be_empty_only_where_there_are_none(tmp_path: Path) -> None:
    built = [
        replace(info, params="rev=1") if info.name in ("tret_1s", "kyle_lambda") else info
        for info in planted.schema()
    ]
    schema = {
        "ds.feature_schema_hash": schema_hash(built),
        "ds.feature_schema": json.dumps([vars(info) for info in built]),
    }
    data = small()
    planted.write(tmp_path, data, **schema)
    load(tmp_path, "dir_10s")
    data["tret_1s"] = np.zeros(900, np.float32)
    planted.write(tmp_path, data, **schema)
    with pytest.raises(UnfitInputError, match="kyle_lambda is built"):
        load(tmp_path, "dir_10s")


def test_a_feed_of_orders_has_all_that_orders_tell_or_nothing(tmp_path: Path) -> None:
    orders = ("l3_order_count_imb", "l3_queue_hhi", "microprice_dev")
    built = [
        replace(info, params="rev=1") if info.name in orders else info for info in planted.schema()
    ]
    schema = {
        "ds.feature_schema_hash": schema_hash(built),
        "ds.feature_schema": json.dumps([vars(info) for info in built]),
    }
    data = small()
    planted.write(tmp_path, data, **schema)
    load(tmp_path, "dir_10s")
    data["l3_queue_hhi"] = np.ones(900, np.float32)
    planted.write(tmp_path, data, **schema)
    with pytest.raises(UnfitInputError, match="l3_order_count_imb is built"):
        load(tmp_path, "dir_10s")


def test_the_inputs_of_features_are_those_of_the_catalogue() -> None:
    words = {"trades": "trades", "L1": "book", "L2": "book", "L3": "book"}
    for at, entry in enumerate(planted.catalogue("feature")):
        needed = {words[word] for word in entry["inputs"] if word != "clock"}
        ours = dataset._inputs(entry["name"], at)
        assert ("trades" in ours) == ("trades" in needed), entry["name"]
        assert needed <= ours, entry["name"]


def later(data: dict[str, Any], first: int) -> dict[str, Any]:
    return {name: values[first:] for name, values in data.items()}


def test_parts_go_together(tmp_path: Path) -> None:
    data = small()
    head = {name: values[:450] for name, values in data.items()}
    planted.write(tmp_path, head)
    folder = planted.write(tmp_path, later(data, 450), "20250107")
    assert len(load(tmp_path, "dir_10s").rows) == 900
    for key in ("ds.instrument", "ds.clock", "ds.mode"):
        planted.write(tmp_path, later(data, 450), "20250107", **{key: '"other"'})
        with pytest.raises(UnfitInputError, match=f"another {key}"):
            load(tmp_path, "dir_10s")
    planted.write(tmp_path, later(data, 400), "20250107")
    with pytest.raises(UnfitInputError, match=r"backwards|out of order"):
        load(tmp_path, "dir_10s")
    listed = json.loads((folder / "dataset.json").read_text())
    del listed["files"]["part-20250107.parquet"]
    (folder / "dataset.json").write_text(json.dumps(listed))
    with pytest.raises(UnfitInputError, match=r"part-20250107\.parquet is not in dataset\.json"):
        load(tmp_path, "dir_10s")


def test_other_bytes_than_the_sidecar_lists_are_refused(tmp_path: Path) -> None:
    folder = planted.write(tmp_path, small())
    part = folder / "part-20250106.parquet"
    part.write_bytes(part.read_bytes() + b"x")
    with pytest.raises(UnfitInputError, match="other bytes"):
        load(tmp_path, "dir_10s")


def test_a_schema_that_does_not_hash_as_said_is_refused(tmp_path: Path) -> None:
    planted.write(tmp_path, small(), **{"ds.feature_schema_hash": "0" * 64})
    with pytest.raises(UnfitInputError, match="schema hashes"):
        load(tmp_path, "dir_10s")


def test_what_is_not_there_is_the_users_to_fix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        load(tmp_path / "nowhere", "dir_10s")
    with pytest.raises(UsageError, match="no part"):
        load(tmp_path, "dir_10s")
    with pytest.raises(UsageError, match="no target"):
        load(tmp_path, "dir_11s")
