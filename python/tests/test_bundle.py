"""Does a bundle appear whole, and is a damaged one refused by name?"""

import io
import json
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from fluxo_train import bundle
from fluxo_train.bundle import MANIFEST, PROVENANCE, SUMS, Part, check, files, npy, write
from fluxo_train.errors import UnfitInputError, UsageError
from fluxo_train.onnx_trees import from_lightgbm, to_onnx
from fluxo_train.parity import Served

DECISION = {"enter": 0.1, "leave": -0.1, "cost_bps": 0.5}


def content() -> dict[str, bytes]:
    x = np.random.default_rng(1).normal(size=(400, 4)).astype(np.float32)
    params = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}
    booster = lgb.train(params, lgb.Dataset(x, np.digitize(x[:, 0], [-0.5, 0.5])), 3)
    graph = to_onnx(from_lightgbm(booster))
    part = Part("lightgbm", graph, Served(graph)(x), {"feature_schema_hash": "0" * 64})
    return files("small", x, [part], DECISION)


def written(folder: Path) -> Path:
    out = folder / "bundle"
    write(out, content(), {"created_utc": "now"})
    return out


def test_a_bundle_is_what_its_sums_say(tmp_path: Path) -> None:
    out = written(tmp_path)
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    golden = {"golden/inputs.npy", "golden/outputs_lightgbm.npy"}
    assert names == {SUMS, MANIFEST, PROVENANCE, "lightgbm.onnx"} | golden
    lines = (out / SUMS).read_text().splitlines()
    paths = [line[66:] for line in lines]
    assert paths == sorted(names - {SUMS, PROVENANCE})
    assert all(line[64:66] == "  " for line in lines)
    manifest = json.loads((out / MANIFEST).read_text())
    assert manifest["decision"] == DECISION
    model = manifest["models"][0]
    assert model["files"]["lightgbm.onnx"].startswith(model["model_id"])
    assert len(model["model_id"]) == 16
    found = check(out)
    assert found.id == bundle.sha256((out / SUMS).read_bytes())
    assert found.differences["lightgbm"].max_abs == 0.0
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"], "nothing is left beside it"


def test_arrays_are_npy_1_0_little_endian_c_order() -> None:
    data = npy(np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)))
    assert data[:8] == b"\x93NUMPY\x01\x00"
    assert b"'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)" in data
    assert np.load(io.BytesIO(data)).tolist() == [[0, 1, 2], [3, 4, 5]]


def more_bytes(out: Path) -> None:
    (out / "lightgbm.onnx").write_bytes((out / "lightgbm.onnx").read_bytes() + b"x")


def extra(out: Path) -> None:
    (out / "golden" / "notes.txt").write_text("hello")


def missing(out: Path) -> None:
    (out / "golden" / "inputs.npy").unlink()


def outside(out: Path) -> None:
    (out / SUMS).write_text((out / SUMS).read_text() + "0" * 64 + "  ../secret\n")


def resummed(out: Path, change: Any) -> None:
    change()
    covered = {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in (SUMS, PROVENANCE)
    }
    (out / SUMS).write_bytes(bundle.sums(covered))


def wrong_golden(out: Path) -> None:
    path = out / "golden" / "outputs_lightgbm.npy"
    outputs = np.load(path)
    outputs[17, 1] += 1e-4
    resummed(out, lambda: path.write_bytes(npy(outputs)))


def no_onnx(out: Path) -> None:
    resummed(out, lambda: (out / "lightgbm.onnx").write_bytes(b"not a model"))


def no_manifest(out: Path) -> None:
    resummed(out, lambda: (out / MANIFEST).write_bytes(b"[]"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (more_bytes, "lightgbm.onnx has other bytes"),
        (extra, "notes.txt is not in"),
        (missing, "inputs.npy is missing"),
        (outside, "secret"),
        (wrong_golden, "lightgbm is 0.0001 away"),
        (no_onnx, "cannot load"),
        (no_manifest, "not a manifest"),
    ],
)
def test_a_damaged_bundle_is_refused(tmp_path: Path, damage: Any, words: str) -> None:
    out = written(tmp_path)
    damage(out)
    with pytest.raises(UnfitInputError, match=words):
        check(out)


def test_the_provenance_is_free_to_change(tmp_path: Path) -> None:
    out = written(tmp_path)
    before = check(out).id
    (out / PROVENANCE).write_text("{}")
    assert check(out).id == before
    (out / PROVENANCE).unlink()
    assert check(out).id == before


def test_what_is_there_stays(tmp_path: Path) -> None:
    out = written(tmp_path)
    with pytest.raises(UsageError, match="exists"):
        write(out, content(), {})
    assert json.loads((out / PROVENANCE).read_text()) == {"created_utc": "now"}
    other = tmp_path / "mine"
    other.mkdir()
    with pytest.raises(UsageError, match="exists"):
        write(other, content(), {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "mine"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = bundle._write_synced

    def full(path: Path, data: bytes) -> None:
        if path.name == SUMS:
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(bundle, "_write_synced", full)
    with pytest.raises(UsageError, match="No space left"):
        write(tmp_path / "bundle", content(), {})
    assert list(tmp_path.iterdir()) == []


def test_models_that_leave_no_room_are_refused() -> None:
    assert bundle.rows_that_fit([b"x" * 100_000] * 2, 114, 6) > 1000
    with pytest.raises(UsageError, match="no room") as refused:
        bundle.rows_that_fit([b"x" * 900_000], 114, 3)
    assert "--rounds" in refused.value.remedy
