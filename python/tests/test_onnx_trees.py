"""Do exported trees say what the booster says, on every row that could tell them apart?"""

from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import onnx
import pytest
import xgboost as xgb
from onnx import helper

from fluxo_train import onnx_trees
from fluxo_train.errors import UnsupportedModelError
from fluxo_train.golden import golden_rows
from fluxo_train.onnx_trees import Forest, floor32, from_lightgbm, from_xgboost, to_onnx
from fluxo_train.parity import Difference, Served, difference

WIDTH = 12
ROWS = 1500
LIGHTGBM: dict[str, Any] = {
    "verbose": -1,
    "num_threads": 1,
    "num_leaves": 15,
    "min_data_in_leaf": 5,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
}
XGBOOST: dict[str, Any] = {"nthread": 1, "max_depth": 5, "seed": 1, "tree_method": "hist"}


def rows(seed: int, *, nan_share: float = 0.05) -> np.ndarray:
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, WIDTH)).astype(np.float32)
    x[:, 3] = np.round(x[:, 3] * 2)  # a feature with few values, zero among them
    x[:, 4] *= np.float32(1e-3)
    x[random.random(x.shape) < nan_share] = np.nan
    return x


def labels(x: np.ndarray, kind: str) -> np.ndarray:
    known = np.nan_to_num(x, nan=0.3).astype(np.float64)
    score = known[:, 0] + 0.5 * known[:, 1] * known[:, 2] + 0.3 * known[:, 3] + 300 * known[:, 4]
    if kind == "regression":
        return score
    return np.digitize(score, [0.0] if kind == "binary" else [-0.5, 0.5]).astype(np.float64)


def lightgbm_booster(kind: str, x: np.ndarray, **extra: Any) -> lgb.Booster:
    objective = {"multiclass": {"objective": "multiclass", "num_class": 3}}
    params = LIGHTGBM | objective.get(kind, {"objective": kind}) | extra
    label_kind = "regression" if kind == "huber" else kind
    return lgb.train(params, lgb.Dataset(x, labels(x, label_kind)), 20)


def xgboost_booster(kind: str, x: np.ndarray, **extra: Any) -> xgb.Booster:
    objective: dict[str, Any] = {
        "multiclass": {"objective": "multi:softprob", "num_class": 3},
        "binary": {"objective": "binary:logistic"},
        "regression": {"objective": "reg:squarederror"},
    }[kind]
    return xgb.train(XGBOOST | objective | extra, xgb.DMatrix(x, labels(x, kind)), 20)


def hard_rows(forest: Forest, x: np.ndarray) -> np.ndarray:
    """Random rows, every tie and its neighbours, and NaN in each feature in turn."""
    ties = golden_rows(x[:300], forest.thresholds(), rows_max=1_000_000)
    one_nan = x[:WIDTH].copy()
    one_nan[np.arange(WIDTH), np.arange(WIDTH)] = np.nan
    return np.concatenate([x, ties, one_nan])


def native(booster: lgb.Booster | xgb.Booster, x: np.ndarray) -> np.ndarray:
    if isinstance(booster, lgb.Booster):
        raw = np.asarray(booster.predict(x))
    else:
        best = booster.attributes().get("best_iteration")
        end = 0 if best is None else int(best) + 1
        raw = booster.predict(xgb.DMatrix(x), iteration_range=(0, end))
    return raw if raw.ndim == 2 else raw[:, None]


def compare(forest: Forest, booster: lgb.Booster | xgb.Booster, x: np.ndarray) -> Difference:
    tested = hard_rows(forest, x)
    served = Served(to_onnx(forest))
    assert served.batch_difference(tested[:500]).holds
    result = served(tested)
    # The booster's word for a binary model is the probability of its second class.
    return difference(result[:, 1:] if forest.kind == "binary" else result, native(booster, tested))


def read(booster: lgb.Booster | xgb.Booster) -> Forest:
    return from_lightgbm(booster) if isinstance(booster, lgb.Booster) else from_xgboost(booster)


@pytest.mark.parametrize("kind", ["multiclass", "binary", "regression", "huber"])
@pytest.mark.parametrize("nan_share", [0.05, 0.0], ids=["nan-seen", "nan-unseen"])
def test_lightgbm_is_exported_exactly(kind: str, nan_share: float) -> None:
    booster = lightgbm_booster(kind, rows(1, nan_share=nan_share))
    found = compare(from_lightgbm(booster), booster, rows(2))
    assert found.holds, found
    assert found.rows > ROWS + 300


@pytest.mark.parametrize("kind", ["multiclass", "binary", "regression"])
@pytest.mark.parametrize("nan_share", [0.05, 0.0], ids=["nan-seen", "nan-unseen"])
def test_xgboost_is_exported_exactly(kind: str, nan_share: float) -> None:
    booster = xgboost_booster(kind, rows(1, nan_share=nan_share))
    found = compare(from_xgboost(booster), booster, rows(2))
    assert found.holds, found
    assert found.rows > ROWS + 300


def test_xgboost_with_many_targets_is_exported_exactly() -> None:
    x = rows(1)
    params = XGBOOST | {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}
    data = xgb.QuantileDMatrix(x, labels(x, "regression"))
    booster = xgb.train(params, data, 20)
    forest = from_xgboost(booster)
    assert len(forest.base_values) == 3
    assert compare(forest, booster, rows(2)).holds


def test_only_trees_up_to_the_best_iteration_are_exported() -> None:
    x, unseen = rows(1), rows(3)
    y, noise = labels(x, "multiclass"), np.random.default_rng(5).integers(0, 3, ROWS)
    light = lgb.train(
        LIGHTGBM | {"objective": "multiclass", "num_class": 3},
        lgb.Dataset(x, y),
        60,
        valid_sets=[lgb.Dataset(unseen, noise)],
        callbacks=[lgb.early_stopping(3, verbose=False)],
    )
    grown = xgb.train(
        XGBOOST | {"objective": "multi:softprob", "num_class": 3},
        xgb.DMatrix(x, y),
        60,
        evals=[(xgb.DMatrix(unseen, noise), "noise")],
        early_stopping_rounds=3,
        verbose_eval=False,
    )
    for booster, all_rounds, best in (
        (light, light.current_iteration(), light.best_iteration),
        (grown, grown.num_boosted_rounds(), grown.best_iteration + 1),
    ):
        forest = read(booster)
        assert len(forest.trees) == 3 * best
        assert best < all_rounds or isinstance(booster, lgb.Booster)
        assert compare(forest, booster, rows(2)).holds


def test_a_row_wider_than_the_booster_is_served() -> None:
    booster = lightgbm_booster("multiclass", rows(1))
    wide = np.concatenate([rows(2), np.full((ROWS, 3), np.nan, np.float32)], axis=1)
    served = Served(to_onnx(from_lightgbm(booster), features=WIDTH + 3))
    assert difference(served(wide), native(booster, rows(2))).holds


def test_floor32_is_the_largest_float32_not_above() -> None:
    assert float(floor32(0.1)) == 0.09999999403953552
    assert float(floor32(0.5)) == 0.5
    assert floor32(1e300) == np.finfo(np.float32).max
    assert floor32(-1e300) == -np.inf
    assert floor32(1e-60) == 0.0
    assert floor32(-1e-60) < 0.0
    for value in np.random.default_rng(0).normal(size=2000):
        low = floor32(float(value))
        assert float(low) <= value < float(np.nextafter(low, np.float32(np.inf)))


def test_values_that_lightgbm_takes_for_zero_fall_on_zeros_side() -> None:
    tiny = np.float32(1e-35)
    x = np.array([[-1], [0], [1]] * 400, np.float32)
    above = lgb.train(LIGHTGBM | {"objective": "regression"}, lgb.Dataset(x, x[:, 0] > 0), 3)
    below = lgb.train(LIGHTGBM | {"objective": "regression"}, lgb.Dataset(x, x[:, 0] < 0), 3)
    edges = [tiny, np.nextafter(tiny, np.float32(1)), np.nextafter(tiny, np.float32(0)), 1e-40, 0]
    tested = np.array([[sign * edge] for edge in edges for sign in (1, -1)], np.float32)
    for booster in (above, below):
        served = Served(to_onnx(from_lightgbm(booster)))(tested)
        assert len(np.unique(served)) == 2, "the rows lie on both sides of the threshold"
        assert difference(served, native(booster, tested)).holds


def test_thresholds_rounded_to_nearest_fail_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two neighbouring float32 values tell the classes apart, so the float64 threshold lies between.
    low = np.float32(0.1)
    high = np.nextafter(low, np.float32(1.0))
    random = np.random.default_rng(0)
    x = np.where(random.random((ROWS, 1)) < 0.5, low, high).astype(np.float32)
    y = (x[:, 0] > low).astype(np.float64) * 10
    params = LIGHTGBM | {"objective": "regression", "num_leaves": 2}
    booster = lgb.train(params, lgb.Dataset(x, y), 30)
    dumped = booster.dump_model()["tree_info"][0]["tree_structure"]["threshold"]
    assert float(low) < dumped < float(high), "the data must put a threshold between two floats"

    right = difference(Served(to_onnx(from_lightgbm(booster)))(x), native(booster, x))
    assert right.holds
    # A rounding that goes up on this threshold, as rounding to nearest does on half of them.
    monkeypatch.setattr(
        onnx_trees, "floor32", lambda value: max(np.float32(value), np.float32(high))
    )
    wrong = difference(Served(to_onnx(from_lightgbm(booster)))(x), native(booster, x))
    assert not wrong.holds
    assert wrong.max_abs > 1.0


def test_rounding_to_nearest_fails_on_the_tie_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    # Values one float32 apart around many places, so that half of all thresholds round up.
    base = random.uniform(0.1, 1.0, 40).astype(np.float32)
    ladder = np.stack([base, np.nextafter(base, np.float32(2.0))])
    at = random.integers(0, 40, ROWS)
    up = random.integers(0, 2, ROWS)
    x = ladder[up, at][:, None]
    booster = lgb.train(
        LIGHTGBM | {"objective": "regression", "num_leaves": 63, "max_bin": 512},
        lgb.Dataset(x, up * 5.0 + at, params={"max_bin": 512, "min_data_in_bin": 1}),
        30,
    )
    right = from_lightgbm(booster)
    tested = golden_rows(x, right.thresholds())
    assert difference(Served(to_onnx(right))(tested), native(booster, tested)).holds
    monkeypatch.setattr(onnx_trees, "floor32", np.float32)
    wrong = from_lightgbm(booster)
    assert not difference(Served(to_onnx(wrong))(tested), native(booster, tested)).holds


def test_a_swapped_missing_direction_fails_the_check() -> None:
    booster = lightgbm_booster("multiclass", rows(1))
    forest = from_lightgbm(booster)
    swapped = tuple(
        tuple(replace(node, missing_yes=not node.missing_yes) for node in tree)
        for tree in forest.trees
    )
    assert not compare(replace(forest, trees=swapped), booster, rows(2)).holds


def test_the_same_trees_give_the_same_bytes() -> None:
    first, again = (to_onnx(from_lightgbm(lightgbm_booster("multiclass", rows(1)))) for _ in "ab")
    assert first == again
    model = onnx.load_from_string(first)
    assert {entry.domain: entry.version for entry in model.opset_import} == {
        "": 17,
        "ai.onnx.ml": 3,
    }
    assert [output.name for output in model.graph.output] == ["probabilities"]
    assert model.ir_version == 8


def test_a_tree_without_a_split_is_a_constant() -> None:
    x = rows(1)
    booster = lgb.train(
        LIGHTGBM | {"objective": "regression"}, lgb.Dataset(x, np.full(ROWS, 2.5)), 3
    )
    served = Served(to_onnx(from_lightgbm(booster), features=WIDTH))
    assert difference(served(x), native(booster, x)).holds


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"objective": "poisson"}, "objective"),
        ({"objective": "binary", "sigmoid": 2.0}, "objective"),
        ({"objective": "regression", "linear_tree": True}, "linear"),
        (
            {
                "objective": "regression",
                "boosting": "rf",
                "bagging_freq": 1,
                "bagging_fraction": 0.5,
            },
            "average",
        ),
    ],
)
def test_what_lightgbm_cannot_export_is_refused(params: dict[str, Any], words: str) -> None:
    x = np.abs(rows(1))
    params = LIGHTGBM | params
    booster = lgb.train(params, lgb.Dataset(x, labels(x, "binary"), params=params), 5)
    with pytest.raises(UnsupportedModelError, match=words):
        from_lightgbm(booster)


def test_zeros_as_missing_values_are_refused() -> None:
    x = rows(1)
    x[::3, 0] = 0.0
    params = LIGHTGBM | {"objective": "regression", "zero_as_missing": True}
    booster = lgb.train(params, lgb.Dataset(x, labels(x, "regression"), params=params), 5)
    with pytest.raises(UnsupportedModelError, match="Zero"):
        from_lightgbm(booster)


def test_categorical_splits_of_lightgbm_are_refused() -> None:
    x = np.abs(rows(1, nan_share=0.0))
    y = (x[:, 3] == 2) * 3.0
    booster = lgb.train(
        LIGHTGBM | {"objective": "regression"},
        lgb.Dataset(x, y, categorical_feature=[3]),
        5,
    )
    with pytest.raises(UnsupportedModelError, match="categorical"):
        from_lightgbm(booster)


def test_what_xgboost_cannot_export_is_refused() -> None:
    x = rows(1)
    y = labels(x, "binary")
    categories = np.abs(np.nan_to_num(x[:, 3:4]))
    typed = xgb.DMatrix(categories, y, feature_types=["c"], enable_categorical=True)
    cases = [
        (XGBOOST | {"objective": "count:poisson"}, xgb.DMatrix(x, y), "objective"),
        (XGBOOST | {"booster": "dart"}, xgb.DMatrix(x, y), "dart"),
        (XGBOOST | {"objective": "reg:squarederror"}, typed, "categorical"),
        (
            XGBOOST | {"multi_strategy": "multi_output_tree"},
            xgb.DMatrix(x, np.stack([y, 1 - y], axis=1)),
            "vector leaves",
        ),
    ]
    for params, data, words in cases:
        booster = xgb.train(params, data, 3)
        with pytest.raises(UnsupportedModelError, match=words):
            from_xgboost(booster)


def test_a_graph_with_another_operator_or_opset_is_refused() -> None:
    model = onnx.load_from_string(to_onnx(from_xgboost(xgboost_booster("multiclass", rows(1)))))
    onnx_trees.check_graph(model)
    newer = onnx.ModelProto()
    newer.CopyFrom(model)
    newer.opset_import[0].version = 18
    with pytest.raises(UnsupportedModelError, match="opsets"):
        onnx_trees.check_graph(newer)
    model.graph.node.append(helper.make_node("Relu", ["probabilities"], ["positive"]))
    with pytest.raises(UnsupportedModelError, match="Relu"):
        onnx_trees.check_graph(model)
