"""A planted market as a dataset: rows whose imbalance shows, noisily, where the price will drift.

One step is a second; the row of a step sees the state before the move that it predicts. The latent
`s` is an AR(1); the next return is `sigma (rho s + sqrt(1 - rho^2) eps)`; the book shows
`tanh(s + nu / 2)`. With `rho = 0` the same book says nothing about the price.
"""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fluxo_train.band import Market, fit_band, play, positions
from fluxo_train.dataset import CONSENSUS, REGIME, TARGETS, FeatureInfo, schema_hash

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "crates" / "features"
START = 1_736_121_600_000_000_000
SECOND = 1_000_000_000
PHI, SIGMA_BPS, A, B, HALF_SPREAD_BPS, FEE_BPS = 0.95, 2.0, 1.0, 0.5, 0.25, 0.25
HORIZONS = {"1s": 1, "5s": 5, "10s": 10, "30s": 30}


def catalogue(name: str) -> list[dict[str, Any]]:
    return tomllib.loads((CATALOGUE / f"{name}s.toml").read_text())[name]


FEATURES = [str(entry["name"]) for entry in catalogue("feature")][:108]


@dataclass(frozen=True)
class World:
    """The latent state, what the book shows of it, and the price it moves."""

    s: np.ndarray
    observed: np.ndarray  # the imbalance, [steps]
    log_mid: np.ndarray


def world(steps: int, *, rho: float, seed: int) -> World:
    random = np.random.default_rng(seed)
    eta, nu, eps = random.normal(size=(3, steps))
    s = np.empty(steps)
    s[0] = eta[0]
    pull = np.sqrt(1 - PHI**2)
    for at in range(1, steps):
        s[at] = PHI * s[at - 1] + pull * eta[at]
    moves = SIGMA_BPS * 1e-4 * (rho * s + np.sqrt(1 - rho**2) * eps)
    log_mid = np.log(2000.0) + np.concatenate([[0.0], np.cumsum(moves)[:-1]])
    return World(s, np.tanh(A * s + B * nu), log_mid)


def columns(planted: World, seed: int) -> dict[str, np.ndarray]:
    """The columns of a dataset; what this world does not make is NaN in every row."""
    random = np.random.default_rng(seed + 1000)
    n = len(planted.s)
    ts = START + SECOND * np.arange(n)
    noise = random.normal(size=(n, 9))
    mid = np.exp(planted.log_mid)
    out: dict[str, np.ndarray] = {
        "ts": ts,
        "seq": np.arange(n),
        "session_id": np.full(n, 20250106, np.int32),
        "segment_id": np.zeros(n, np.int32),
        "warm": ts - START >= 300 * SECOND,
        "regime": np.full(n, -1, np.int8),
    }
    features = dict.fromkeys((*FEATURES, *REGIME), np.full(n, np.nan, np.float32))
    features["spread_abs"] = np.full(n, 0.1, np.float32)
    features["imbalance"] = planted.observed.astype(np.float32)
    for level in range(2, 11):
        mixed = 0.2 * planted.observed + 0.3 * noise[:, level - 2]
        features[f"level_imb_{level}"] = mixed.astype(np.float32)
    features["ofi_1s"] = np.diff(planted.observed, prepend=np.nan).astype(np.float32)
    for name, lag in (("ret_1s", 1), ("ret_5s", 5), ("ret_10s", 10)):
        past = np.full(n, np.nan)
        past[lag:] = 1e4 * (planted.log_mid[lag:] - planted.log_mid[:-lag])
        features[name] = past.astype(np.float32)
    return (
        out
        | features
        | _targets(planted, ts)
        | {
            "bid": mid - 0.05,
            "ask": mid + 0.05,
            "mid": mid,
            "half_spread_bps": np.full(n, HALF_SPREAD_BPS),
        }
    )


def _targets(planted: World, ts: np.ndarray) -> dict[str, np.ndarray]:
    n = len(ts)
    out: dict[str, np.ndarray] = {}
    for name in TARGETS:
        value, t1 = np.full(n, np.nan, np.float32), np.full(n, np.nan)
        lag = HORIZONS.get(name.rsplit("_", 1)[-1])
        if name.startswith(("fwd_ret", "dir")) and lag is not None:
            ahead = 1e4 * (planted.log_mid[lag:] - planted.log_mid[:-lag])
            if name.startswith("dir"):
                theta = max(0.5 * SIGMA_BPS * np.sqrt(lag), 0.125)
                ahead = np.where(ahead > theta, 1.0, np.where(ahead < -theta, -1.0, 0.0))
            value[:-lag] = ahead
            t1[:-lag] = ts[:-lag] + lag * SECOND
        out |= {name: value, f"t1_{name}": t1, f"u_{name}": np.where(np.isnan(t1), t1, 0.1)}
    return out


def schema() -> list[FeatureInfo]:
    built = {"spread_abs", "imbalance", "ofi_1s", "ret_1s", "ret_5s", "ret_10s"}
    built |= {f"level_imb_{level}" for level in range(2, 11)}
    return [
        FeatureInfo(f"f{at + 1}", name, "f32", "1", f"rev={int(name in built)}", 0)
        for at, name in enumerate((*FEATURES, *REGIME))
    ]


def write(root: Path, data: dict[str, np.ndarray], day: str = "20250106", **metadata: str) -> Path:
    """Writes the columns as the engine's dataset command does; returns the dataset's folder.

    A further day is a further part of the same dataset.
    """
    folder = root / "book_enhanced" / "binance-usdm" / "SYNTHUSDT"
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, pa.Array] = {}
    for name, values in data.items():
        if name == "ts":
            arrays[name] = pa.array(values, pa.timestamp("ns", "UTC"))
        elif name in TARGETS or name.startswith("u_"):
            arrays[name] = pa.array(values.astype(np.float32), mask=np.isnan(values))
        elif name.startswith("t1_"):
            unknown = np.isnan(values)
            whole = np.where(unknown, 0, values).astype(np.int64)
            arrays[name] = pa.array(whole, pa.int64(), mask=unknown)
        elif name in (*FEATURES, *REGIME, *CONSENSUS):
            arrays[name] = pa.array(values.astype(np.float32), from_pandas=False)
        else:
            arrays[name] = pa.array(values)
    symbol = pa.array(["SYNTHUSDT"] * len(data["ts"])).dictionary_encode()
    table = pa.table(arrays | {"symbol": symbol})
    features = schema()
    values = {
        "ds.format_version": "1",
        "ds.feature_schema_hash": schema_hash(features),
        "ds.feature_schema": json.dumps([vars(info) for info in features]),
        "ds.target_schema": json.dumps(
            [{"id": f"y{i + 1}", "name": n} for i, n in enumerate(TARGETS)]
        ),
        "ds.mode": "book_enhanced",
        "ds.instrument": json.dumps({"fee_taker_bps": FEE_BPS, "symbol": "SYNTHUSDT"}),
        "ds.code_version": json.dumps({"git": "0" * 40}),
    } | metadata
    part = folder / f"part-{day}.parquet"
    pq.write_table(table.replace_schema_metadata(values), part, compression="zstd")
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("part-*.parquet"))
    }
    (folder / "dataset.json").write_text(json.dumps({"files": digests}))
    return folder


def oracle_net(planted: World, fitted_on: World, rows: slice) -> np.ndarray:
    """Net bps of the best band on the posterior of `s` (Kalman), over some rows."""
    market = _market(planted, rows)
    band = fit_band(posterior(fitted_on), _market(fitted_on, slice(None)))
    held = positions(posterior(planted)[rows], band.enter, market.segment)
    return play(held, market).net_bps


def posterior(planted: World) -> np.ndarray:
    seen = np.arctanh(np.clip(planted.observed, -1 + 1e-12, 1 - 1e-12)) / A
    noise, drive = (B / A) ** 2, 1 - PHI**2
    mean, variance = 0.0, 1.0
    out = np.empty(len(seen))
    for at, value in enumerate(seen):
        gain = variance / (variance + noise)
        mean += gain * (value - mean)
        out[at] = mean
        mean, variance = PHI * mean, PHI**2 * variance * (1 - gain) + drive
    return out


def _market(planted: World, rows: slice) -> Market:
    mid = np.exp(planted.log_mid[rows])
    cost = np.full(len(mid), HALF_SPREAD_BPS + FEE_BPS)
    return Market(mid, cost, np.zeros(len(mid), np.int64))
