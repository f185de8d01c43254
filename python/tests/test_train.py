"""Does the whole path find what is planted, say so when nothing is, and repeat itself exactly?"""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pytest

from fluxo_train import bundle
from fluxo_train.cli import main, moment
from fluxo_train.events import Reporter

STEPS = 40_000
HOLDOUT_FROM = 26_000


@pytest.fixture(scope="module")
def markets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("markets")
    for name, rho in (("planted", 0.1), ("silent", 0.0)):
        world = planted.world(STEPS, rho=rho, seed=1)
        planted.write(root / name, planted.columns(world, seed=1))
    return {name: root / name for name in ("planted", "silent")}


def command(*words: str) -> tuple[int, list[dict[str, Any]], str]:
    events, log = io.StringIO(), io.StringIO()
    code = main([str(word) for word in words], Reporter(events, log))
    return code, [json.loads(line) for line in events.getvalue().splitlines()], log.getvalue()


def train(data: Path, out: Path, *more: str) -> tuple[int, list[dict[str, Any]], str]:
    until = str(planted.START + HOLDOUT_FROM * planted.SECOND)
    words = ["--data", str(data), "--out", str(out), "--train-until", until]
    return command("train", *words, *more)


@pytest.fixture(scope="module")
def trained(markets: dict[str, Path]) -> tuple[Path, list[dict[str, Any]]]:
    out = markets["planted"] / "bundle"
    code, events, _ = train(markets["planted"], out)
    assert code == 0
    return out, events


def test_most_of_the_oracles_profit_is_found(trained: tuple[Path, list[dict[str, Any]]]) -> None:
    result = trained[1][-1]
    world = planted.world(STEPS, rho=0.1, seed=1)
    other = planted.world(STEPS, rho=0.1, seed=99)
    oracle = planted.oracle_net(world, other, slice(HOLDOUT_FROM, STEPS)).sum()
    assert oracle > 0.08 * (STEPS - HOLDOUT_FROM), "the oracle itself must be the published one"
    assert result["verdict"] == "edge"
    assert result["holdout"]["net_bps"] >= 0.7 * oracle
    assert result["complexity_justified"]


def test_no_signal_is_no_edge(markets: dict[str, Path]) -> None:
    out = markets["silent"] / "bundle"
    code, events, _ = train(markets["silent"], out, "--model", "lightgbm", "--no-canaries")
    assert code == 0, "no edge is a result"
    result = events[-1]
    assert result["verdict"] == "no_edge"
    assert result["holdout"]["net_bps_per_row"]["low"] <= 0.0
    assert bundle.check(out).id == result["bundle_id"]


def test_the_bundle_is_small_and_complete(trained: tuple[Path, list[dict[str, Any]]]) -> None:
    out, events = trained
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) < 1_000_000
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["decision"] == events[-1]["decision"]
    assert -2.0 <= manifest["decision"]["leave"] == -manifest["decision"]["enter"] < 0.0
    assert manifest["decision"]["cost_bps"] == 0.5
    inputs = np.load(out / manifest["golden"]["inputs"])
    assert inputs.shape == (manifest["golden"]["rows"], 114)
    assert len(inputs) >= 1000
    assert [model["name"] for model in manifest["models"]] == ["lightgbm", "xgboost"]
    for model in manifest["models"]:
        assert set(model) == MODEL_KEYS
        assert model["opset"] == {"": 17, "ai.onnx.ml": 3}
        assert model["inputs"] == [{"name": "features", "dtype": "f32", "shape": ["B", 114]}]
        assert model["base_weight"] == 0.5
        assert model["parity"]["max_abs"] <= 1e-5
        assert model["dataset"]["t_end"] == planted.START + HOLDOUT_FROM * planted.SECOND
        assert model["canaries"]["shuffled_label"]["verdict"] == "pass"


MODEL_KEYS = {
    *("name", "model_id", "family", "role", "symbol", "target", "mode", "regimes", "opset"),
    *("inputs", "input_set", "outputs", "feature_schema_hash", "base_weight", "dataset"),
    *("scaler", "calibration", "decision", "hyperparameters", "seed", "n_trials_seen", "cv"),
    *("baselines", "canaries", "parity", "file", "golden_outputs", "files", "parents"),
    "trainer_version",
}


def test_progress_ends_at_its_total_and_the_result_comes_last(
    trained: tuple[Path, list[dict[str, Any]]],
) -> None:
    events = trained[1]
    assert [event["event"] for event in events].count("result") == 1
    assert events[-1]["event"] == "result"
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for event in events[:-1]:
        assert event["event"] == "progress"
        key = (event["phase"], event.get("model", ""))
        assert event["done"] >= last.get(key, (0, 0))[0]
        last[key] = (event["done"], event["total"])
    assert {phase for phase, _ in last} == {"load", "canaries", "fit", "export", "judge", "bundle"}
    assert all(done == total for done, total in last.values())


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    planted.write(data, planted.columns(planted.world(14_000, rho=0.1, seed=2), seed=2))
    quick = ("--data", str(data), "--rounds", "5", "--holdout", "0.1")
    ids: list[str] = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        out = str(tmp_path / name)
        code, events, _ = command("train", *quick, "--out", out, "--seed", seed)
        assert code == 0
        ids.append(events[-1]["bundle_id"])
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file() and path.name != "provenance.json":
            twin = tmp_path / "b" / path.relative_to(tmp_path / "a")
            assert path.read_bytes() == twin.read_bytes(), path.name


def test_parity_checks_bundles(trained: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    out, events = trained
    code, found, _ = command("parity", str(out))
    assert (code, found[-1]["verdict"]) == (0, "equal")
    assert found[-1]["bundles"][0]["bundle_id"] == events[-1]["bundle_id"]
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in out.rglob("*"):
        if path.is_file():
            (broken / path.relative_to(out)).parent.mkdir(exist_ok=True)
            (broken / path.relative_to(out)).write_bytes(path.read_bytes()[:-1])
    code, found, log = command("parity", str(out), str(broken))
    assert code == 4
    assert found[-1]["event"] == "error"
    assert len(log.splitlines()) == 1


@pytest.mark.parametrize(
    ("steps", "words"),
    [(3000, "effective samples"), (400, "0 rows to fit on"), (290, "no row is warm")],
)
def test_too_little_data_is_inconclusive_not_an_error(
    steps: int, words: str, tmp_path: Path
) -> None:
    planted.write(tmp_path, planted.columns(planted.world(steps, rho=0.1, seed=1), seed=1))
    code, events, log = command("train", "--data", str(tmp_path), "--out", str(tmp_path / "out"))
    assert code == 0
    assert events[-1]["verdict"] == "inconclusive"
    assert events[-1]["bundle"] is None
    assert words in events[-1]["reason"]
    assert words in log
    assert not (tmp_path / "out").exists()


def test_a_canary_that_fails_leaves_no_bundle(tmp_path: Path) -> None:
    data = planted.columns(planted.world(14_000, rho=0.1, seed=2), seed=2)
    # The next move and noise, with a correlation of 0.3.
    move = np.append(data["ret_1s"][1:], 0.0)
    noise = np.random.default_rng(1).normal(size=len(move)) * planted.SIGMA_BPS
    data["ofi_1s"] = (0.3 * move + 0.954 * noise).astype(np.float32)
    planted.write(tmp_path / "data", data)
    out = tmp_path / "out"
    words = ("train", "--data", str(tmp_path / "data"), "--out", str(out), "--rounds", "5")
    code, events, log = command(*words)
    assert code == 0
    result = events[-1]
    assert (result["verdict"], result["bundle"]) == ("inconclusive", None)
    assert not result["complexity_justified"]
    assert result["canaries"]["future_peek"]["features"] == ["ofi_1s"]
    assert "canary" in result["reason"]
    assert result["reason"] in log
    assert not out.exists()


def test_a_bundle_of_everything_says_that_nothing_judged_it(tmp_path: Path) -> None:
    planted.write(tmp_path, planted.columns(planted.world(14_000, rho=0.1, seed=2), seed=2))
    words = ("--data", str(tmp_path), "--rounds", "3", "--holdout", "0", "--no-canaries")
    code, events, _ = command("train", *words, "--out", str(tmp_path / "out"))
    assert code == 0
    result = events[-1]
    assert (result["verdict"], result["holdout"]) == ("inconclusive", None)
    assert "held out" in result["reason"]
    assert not result["complexity_justified"]
    assert bundle.check(tmp_path / "out").id == result["bundle_id"]


def test_a_trainer_ends_with_whoever_started_it() -> None:
    script = "import time; from fluxo_train import lifeline; lifeline.watch(); time.sleep({})"

    def started(seconds: float, **watch: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", script.format(seconds)],
            stdin=subprocess.PIPE,
            env={"PYTHONPATH": str(planted.ROOT / "python" / "src")} | watch,
        )

    child = started(60, FLUXO_TRAIN_WATCH_STDIN="1")
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=30) == 1
    other = started(0.5)
    assert other.stdin is not None
    other.stdin.close()
    assert other.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train"], 2, "required"),
        (["fly"], 2, "invalid choice"),
        (["train", "--data", "nowhere", "--out", "x"], 2, "no folder nowhere"),
        (["train", "--data", ".", "--out", "x", "--target", "fwd_ret_1s"], 2, "three classes"),
        (["train", "--data", ".", "--out", "x", "--target", "dir_7s"], 2, "no target"),
        (["train", "--data", ".", "--out", "x", "--holdout", "1"], 2, "no share"),
        (["train", "--data", ".", "--out", "x", "--rounds", "0"], 2, "not positive"),
        (["train", "--data", ".", "--out", "x", "--train-until", "soon"], 2, "neither"),
        (["train", "--data", ".", "--out", "x", "--seed", "-1"], 2, "not between"),
        (["train", "--data", ".", "--out", "x", "--name", "a/b"], 2, "letters"),
        (["train", "--data", ".", "--out", "x", "--fee-bps", "nan"], 2, "no fee"),
        (["parity", "nowhere"], 2, "no bundle"),
    ],
)
def test_mistakes_are_one_line_and_one_code(
    words: list[str], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found, events, log = command(*words)
    assert found == code
    assert events[-1]["event"] == "error"
    assert events[-1]["code"] == code
    assert message in events[-1]["message"]
    assert events[-1]["remedy"]
    assert log.startswith("error: ")
    assert len(log.splitlines()) == 1


def test_a_missing_environment_is_one_line_and_code_2() -> None:
    # Without site packages there is no numpy: what a machine without the setup sees.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "fluxo_train", "parity", "x"],
        env={"PYTHONPATH": str(planted.ROOT / "python" / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["remedy"] == "run `cargo setup --python`"
    assert len(done.stderr.splitlines()) == 1


def test_a_moment_is_read_exactly() -> None:
    assert moment("2025-01-06T00:00:00Z") == planted.START
    assert moment("2025-01-06") == planted.START
    assert moment("2025-01-06T01:00:00.000001+01:00") == planted.START + 1000
    assert moment(str(planted.START + 1)) == planted.START + 1


def test_the_fee_is_the_instruments_own_unless_told(tmp_path: Path) -> None:
    data = planted.columns(planted.world(3000, rho=0.1, seed=1), seed=1)
    planted.write(tmp_path / "own", data)
    planted.write(tmp_path / "none", data, **{"ds.instrument": "{}"})
    words = ("train", "--out", str(tmp_path / "out"), "--data")
    assert command(*words, str(tmp_path / "own"))[0] == 0
    code, events, _ = command(*words, str(tmp_path / "none"))
    assert (code, events[-1]["remedy"]) == (2, "give --fee-bps")
    assert command(*words, str(tmp_path / "none"), "--fee-bps", "1")[0] == 0


def test_an_unfit_dataset_is_code_4(tmp_path: Path) -> None:
    data = planted.columns(planted.world(2000, rho=0.1, seed=1), seed=1)
    data["imbalance"][50] = np.inf
    planted.write(tmp_path, data)
    code, events, _ = command("train", "--data", str(tmp_path), "--out", str(tmp_path / "out"))
    assert code == 4
    assert "infinite" in events[-1]["message"]
