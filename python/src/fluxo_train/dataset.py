"""Reads a dataset that the engine wrote, and refuses what would teach a model something untrue.

A dataset is `<mode>/<venue>/<symbol>/part-<yyyymmdd>.parquet` with a `dataset.json` beside it. Its
columns have roles: keys, filters, features, targets, weights and `aux`. An aux column (a price of
the row) is for backtests only and never enters a model. Undefined features are NaN; an infinity,
a label that is known before its row, or time that runs backwards is a defect and ends the run.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from fluxo_train.errors import UnfitInputError, UsageError

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

REGIME: Final = (
    "nonstationarity",
    "regime_prob",
    "spectral_gap_norm",
    "drift_norm",
    "dim_ratio",
    "regime_stability",
)
CONSENSUS: Final = ("flow_consensus_strength", "flow_consensus_direction", "flow_aligned")
AUX: Final = ("bid", "ask", "mid", "half_spread_bps")
REQUIRED_METADATA: Final = ("ds.feature_schema_hash", "ds.feature_schema", "ds.target_schema")
SAME_IN_ALL_PARTS: Final = (*REQUIRED_METADATA, "ds.instrument", "ds.clock", "ds.mode")
Table = Any  # pyarrow's own, which has no types

FEATURE_COUNT: Final = 108
# Which features cannot be known without a trade, beside those of the set `tick_only`, and which of
# that set can.
# What some need besides: a bucket (fitted, or of an hour), a fitted table, a book as deep as the
# band, a feed of orders, and for the regime vector minutes and half an hour without a break.
NEED_MORE: Final = {
    "vpin": "bucket",
    "microprice_dev": "table",
    "depth_bps_log": "depth",
    "depth_bps_imb": "depth",
    "l3_order_count_imb": "orders",
    "l3_queue_hhi": "orders",
    "l3_cancel_age": "orders",
    "spectral_gap_norm": "spectrum",
    "drift_norm": "spectrum",
    "dim_ratio": "spectrum",
    "nonstationarity": "regime",
    "regime_prob": "regime",
    "regime_stability": "regime",
}
NEED_TRADES_TOO: Final = frozenset(
    (
        "add_rate",
        "cancel_rate",
        "cancel_imbalance",
        "aggression_ratio",
        "sweep_detected",
        "iceberg_detected",
        "kyle_lambda",
        "hasbrouck_impact",
        "effective_spread",
        "realized_spread",
        "absorption",
        "stacked_imbalance",
        "poc_dist",
        "va_position",
        "whale_imbalance",
        "queue_depletion_asym",
    )
)
NEED_NO_TRADES: Final = frozenset(("tod_sin", "tod_cos", "session_remaining"))
SETS: Final = {"tick_only": 45, "book_enhanced": 80, "full": FEATURE_COUNT}
# What the first rows of a segment do not know yet; a feature's own lookback may be longer.
WARM_AFTER_NS: Final = 300_000_000_000


@dataclass(frozen=True)
class Target:
    """A target's kind and the gap that its evaluation leaves behind a block of rows."""

    kind: Literal["cls3", "cls2", "reg"]
    embargo_ns: int


def _target(kind: Literal["cls3", "cls2", "reg"], embargo_ms: int) -> Target:
    return Target(kind, embargo_ms * 1_000_000)


TARGETS: Final = {
    "fwd_ret_1s": _target("reg", 60_000),
    "fwd_ret_5s": _target("reg", 60_000),
    "fwd_ret_10s": _target("reg", 60_000),
    "fwd_ret_30s": _target("reg", 150_000),
    "dir_1s": _target("cls3", 60_000),
    "dir_5s": _target("cls3", 60_000),
    "dir_10s": _target("cls3", 60_000),
    "dir_30s": _target("cls3", 150_000),
    "tb_label": _target("cls3", 900_000),
    "tb_meta": _target("cls2", 900_000),
    "fut_rv_30s": _target("reg", 150_000),
    "fut_spread_10s": _target("reg", 60_000),
}


@dataclass(frozen=True)
class FeatureInfo:
    """One line of the feature schema; what changes its numbers is in `params`."""

    id: str
    name: str
    dtype: str
    unit: str
    params: str
    lookback_ns: int = 0

    @property
    def built(self) -> bool:
        """Whether the engine computes it; what it does not is NaN in every row."""
        return "rev=0" not in self.params.split(";")


def schema_text(features: Iterable[FeatureInfo]) -> str:
    """The canonical text of a feature schema: one line each, ids ascending by number."""
    ordered = sorted(features, key=lambda feature: int(feature.id.removeprefix("f")))
    return "".join(f"{f.id}|{f.name}|{f.dtype}|{f.unit}|{f.params}\n" for f in ordered)


def schema_hash(features: Iterable[FeatureInfo]) -> str:
    """The hash that ties a model to the engine whose rows it was trained on."""
    return hashlib.sha256(schema_text(features).encode()).hexdigest()


@dataclass(frozen=True)
class Rows:
    """Rows of one instrument, one array per column, in file order."""

    ts: I64  # [rows], nanoseconds UTC
    seq: I64
    segment: I64
    warm: Mask
    regime: I64
    features: F32  # [rows, features], the order of the schema
    aux: F64  # [rows, bid ask mid half_spread_bps]
    target: F64  # NaN where unknown
    t1: I64  # when the target became known; 0 where unknown
    uniqueness: F64  # NaN where unknown

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.ts)

    def take(self, chosen: Mask | I64 | slice) -> "Rows":
        """The chosen rows, in order."""
        return replace(
            self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)}
        )

    @property
    def mid(self) -> F64:
        """The middle price of each row."""
        return self.aux[:, AUX.index("mid")]

    @property
    def half_spread_bps(self) -> F64:
        """Half of the spread of each row, in bps of the mid."""
        return self.aux[:, AUX.index("half_spread_bps")]


@dataclass(frozen=True)
class Dataset:
    """A dataset as training sees it: rows, what their columns mean, and its hash."""

    rows: Rows
    names: tuple[str, ...]  # of the feature columns, in order
    schema: tuple[FeatureInfo, ...]
    schema_hash: str
    sha256: str
    target: str
    symbol: str
    metadata: dict[str, Any]
    warnings: tuple[str, ...]

    @property
    def taker_fee_bps(self) -> float | None:
        """What the instrument's own fee is, if the dataset says so."""
        fee = self.metadata.get("ds.instrument", {}).get("fee_taker_bps")
        return None if fee is None else float(fee)

    def inputs(self, names: Sequence[str]) -> F32:
        """The model input `[rows, names]`; a column that is not a feature is refused."""
        refused = [name for name in names if name not in self.names]
        if refused:
            role = "aux, for backtests only" if refused[0] in AUX else "not a feature column"
            raise UsageError(
                f"column {refused[0]!r} is {role}", "give the model feature columns only"
            )
        columns = [self.names.index(name) for name in names]
        if columns == list(range(len(columns))):
            return np.ascontiguousarray(self.rows.features[:, : len(columns)])
        return np.ascontiguousarray(self.rows.features[:, columns])


def input_names(
    dataset: Dataset, feature_set: str, *, regime: bool = True, consensus: bool = False
) -> tuple[str, ...]:
    """The columns of a model's row: a prefix of the features, then the vectors that it takes."""
    own = tuple(info.name for info in dataset.schema[: SETS[feature_set]])
    return own + (REGIME if regime else ()) + (CONSENSUS if consensus else ())


def load(root: Path, target: str, *, symbol: str | None = None) -> Dataset:
    """Reads and checks the one instrument's dataset below `root`, with one of its targets."""
    if target not in TARGETS:
        raise UsageError(f"there is no target {target!r}", f"one of: {', '.join(TARGETS)}")
    folder, parts = _parts(root, symbol)
    sha256 = _verified_hash(folder, parts)
    metadata = _metadata(parts)
    schema = _schema(metadata, folder)
    tables = [_read(part, schema, target) for part in parts]
    table = pa.concat_tables(tables, promote_options="permissive")
    names = [info.name for info in schema] + [
        name for name in CONSENSUS if name in table.column_names
    ]
    rows = _rows(table, names, target)
    warnings = lint(rows, names, schema, target)
    return Dataset(
        rows=rows,
        names=tuple(names),
        schema=schema,
        schema_hash=str(metadata["ds.feature_schema_hash"]),
        sha256=sha256,
        target=target,
        symbol=folder.name,
        metadata=metadata,
        warnings=tuple(warnings),
    )


def _parts(root: Path, symbol: str | None) -> tuple[Path, list[Path]]:
    if not root.is_dir():
        raise UsageError(f"there is no folder {root}", "point --data at a dataset")
    folders: dict[Path, list[Path]] = {}
    for part in sorted(root.rglob("part-*.parquet")):
        if symbol is None or part.parent.name == symbol:
            folders.setdefault(part.parent, []).append(part)
    if not folders:
        wanted = "" if symbol is None else f" of {symbol}"
        raise UsageError(
            f"no part-*.parquet{wanted} below {root}", "make it with `trainer-bridge dataset`"
        )
    if len(folders) > 1:
        found = ", ".join(str(folder.relative_to(root)) for folder in folders)
        raise UsageError(f"{root} holds several datasets: {found}", "point --data at one of them")
    return next(iter(folders.items()))


def _verified_hash(folder: Path, parts: list[Path]) -> str:
    """The dataset's hash, over the hashes of its files, which fit those in `dataset.json`."""
    found = {part.name: hashlib.sha256(part.read_bytes()).hexdigest() for part in parts}
    sidecar = folder / "dataset.json"
    if sidecar.is_file():
        try:
            listed = json.loads(sidecar.read_text()).get("files", {})
        except (ValueError, AttributeError) as error:
            raise UnfitInputError(f"{sidecar} is not a JSON object: {error}") from error
        for name, sha256 in _listed(listed):
            if found.get(name) != sha256:
                what = "has other bytes than" if name in found else "is missing, says"
                raise UnfitInputError(
                    f"{folder / name} {what} {sidecar.name}", "make the dataset again"
                )
        unlisted = sorted(found.keys() - {name for name, _ in _listed(listed)})
        if unlisted:
            raise UnfitInputError(
                f"{folder / unlisted[0]} is not in {sidecar.name}: it is no part of this dataset",
                "move it away, or make the dataset again",
            )
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(found.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _listed(files: object) -> list[tuple[str, str]]:
    """(name, sha256) pairs of a sidecar: a map from names, or a list of objects."""
    if isinstance(files, dict):
        by_name = cast(dict[str, Any], files)
        return [
            (name, str(entry["sha256"] if isinstance(entry, dict) else entry))
            for name, entry in by_name.items()
        ]
    listed = cast(list[dict[str, Any]], files)
    return [
        (str(entry.get("name") or entry.get("file") or entry.get("path")), str(entry["sha256"]))
        for entry in listed
    ]


def _metadata(parts: list[Path]) -> dict[str, Any]:
    """The key-value metadata of the first part; what a row means may not change between parts."""
    first: dict[str, Any] = {}
    for part in parts:
        try:
            raw = cast(dict[bytes, bytes], pq.read_schema(part).metadata or {})
        except (OSError, pa.ArrowException) as error:
            raise UnfitInputError(f"{part} is not readable Parquet: {error}") from error
        values = {
            key.decode(): _value(value.decode())
            for key, value in raw.items()
            if key.startswith(b"ds.")
        }
        first = first or values
        for key in REQUIRED_METADATA:
            if key not in values:
                raise UnfitInputError(f"{part} has no {key}", "make the dataset again")
        for key in SAME_IN_ALL_PARTS:
            if values.get(key) != first.get(key):
                raise UnfitInputError(f"{part} has another {key} than {parts[0].name}")
    return first


def _value(text: str) -> object:
    """A metadata value; hashes and words may stand there bare, everything else is JSON."""
    try:
        return cast(object, json.loads(text))
    except ValueError:
        return text


def _schema(metadata: dict[str, Any], folder: Path) -> tuple[FeatureInfo, ...]:
    known = {field.name for field in fields(FeatureInfo)}
    entries = cast(list[dict[str, Any]], metadata["ds.feature_schema"])
    schema = tuple(
        FeatureInfo(**{key: value for key, value in entry.items() if key in known})
        for entry in entries
    )
    found, said = schema_hash(schema), metadata["ds.feature_schema_hash"]
    if found != said:
        raise UnfitInputError(
            f"{folder}: the feature schema hashes to {found[:16]}, the file says {str(said)[:16]}",
            "make the dataset again",
        )
    return schema


def _read(part: Path, schema: Sequence[FeatureInfo], target: str) -> Table:
    own = [info.name for info in schema]
    required = ["ts", "seq", "segment_id", "warm", "regime", *AUX, *own, target, f"t1_{target}"]
    present = set(cast(list[str], pq.read_schema(part).names))
    missing = [name for name in required if name not in present]
    if missing:
        raise UnfitInputError(f"{part} lacks the column {missing[0]!r}", "make the dataset again")
    optional = [name for name in (f"u_{target}", *CONSENSUS) if name in present]
    try:
        return pq.read_table(part, columns=required + optional)
    except (OSError, pa.ArrowException) as error:
        raise UnfitInputError(f"{part} is damaged: {error}") from error


def _rows(table: Table, names: Sequence[str], target: str) -> Rows:
    def floats(name: str) -> F64:
        column = table.column(name).cast(pa.float64())
        return np.asarray(column.to_numpy(), np.float64)

    def integers(name: str) -> I64:
        column = table.column(name)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
        return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy(), np.int64)

    features = np.empty((table.num_rows, len(names)), np.float32)
    for at, name in enumerate(names):
        features[:, at] = table.column(name).cast(pa.float32()).to_numpy()
    unknown = np.full(table.num_rows, np.nan)
    return Rows(
        ts=integers("ts"),
        seq=integers("seq"),
        segment=integers("segment_id"),
        warm=np.asarray(table.column("warm").to_numpy(), np.bool_),
        regime=integers("regime"),
        features=features,
        aux=np.stack([floats(name) for name in AUX], axis=1),
        target=floats(target),
        t1=integers(f"t1_{target}"),
        uniqueness=floats(f"u_{target}") if f"u_{target}" in table.column_names else unknown,
    )


def lint(rows: Rows, names: Sequence[str], schema: Sequence[FeatureInfo], target: str) -> list[str]:
    """Raises on what no model may be trained on; returns what a person should look at."""
    if len(rows) == 0:
        raise UnfitInputError("the dataset has no rows")
    _lint_features(rows, names, schema)
    _lint_time(rows)
    known = ~np.isnan(rows.target)
    early = known & (rows.t1 <= rows.ts)
    if early.any():
        at = int(np.argmax(early))
        raise UnfitInputError(f"t1_{target} of the row at {rows.ts[at]} is not after the row")
    domain = {"cls3": (-1.0, 0.0, 1.0), "cls2": (0.0, 1.0), "reg": ()}[TARGETS[target].kind]
    if domain and not np.isin(rows.target[known], domain).all():
        raise UnfitInputError(f"{target} holds values other than {domain}")
    with np.errstate(invalid="ignore"):
        constant = rows.features.max(axis=0) == rows.features.min(axis=0)
    return [f"feature {names[at]} is constant" for at in np.flatnonzero(constant).tolist()]


def _lint_features(rows: Rows, names: Sequence[str], schema: Sequence[FeatureInfo]) -> None:
    infinite = np.isinf(rows.features)
    if infinite.any():
        at, column = (int(index[0]) for index in np.nonzero(infinite))
        raise UnfitInputError(f"feature {names[column]} of the row at {rows.ts[at]} is infinite")
    span = _longest_segment(rows)
    empty: Mask = np.asarray(np.isnan(rows.features).all(axis=0))
    by_name = {info.name: info for info in schema}
    present = _present(names, empty, rows)
    for column in np.flatnonzero(empty).tolist():
        info = by_name.get(names[column])
        if info is None or not info.built or not _inputs(info.name, column) <= present:
            continue
        if span > max(info.lookback_ns, WARM_AFTER_NS):
            raise UnfitInputError(f"feature {info.name} is built, yet undefined in every row")


def _longest_segment(rows: Rows) -> int:
    """How long the longest stretch of unbroken data is: windows start anew at each."""
    firsts = np.flatnonzero(np.concatenate([[True], rows.segment[1:] != rows.segment[:-1]]))
    lasts = np.append(firsts[1:], len(rows)) - 1
    return int((rows.ts[lasts] - rows.ts[firsts]).max())


def _inputs(name: str, column: int) -> set[str]:
    """What a feature needs of a recording; nothing is known of a column that is no feature."""
    further = {NEED_MORE[name]} if name in NEED_MORE else set()
    if column >= FEATURE_COUNT or name in NEED_NO_TRADES:
        return further
    if column < SETS["tick_only"]:
        return {"trades"} | further
    if further:
        return {"book"} | further
    return {"book", "trades"} if name in NEED_TRADES_TOO else {"book"}


def _present(names: Sequence[str], empty: Mask, rows: Rows) -> set[str]:
    """What the recording seems to have: a feature that needs only trades tells of trades."""
    found: set[str] = {"book"} if np.isfinite(rows.mid).any() else set()
    if any(
        not empty[column] and _inputs(names[column], column) == {"trades"}
        for column in range(len(names))
    ):
        found.add("trades")
    # A dataset need not have these; where one feature tells of them, its companions can be asked.
    for column, name in enumerate(names):
        if name in NEED_MORE and not empty[column]:
            found.add(NEED_MORE[name])
    return found


def _lint_time(rows: Rows) -> None:
    same = rows.segment[1:] == rows.segment[:-1]
    back = same & (rows.ts[1:] < rows.ts[:-1])
    if back.any():
        at = int(np.argmax(back)) + 1
        raise UnfitInputError(
            f"time runs backwards at {rows.ts[at]} within segment {rows.segment[at]}"
        )
    disordered = (rows.ts[1:] < rows.ts[:-1]) | (rows.seq[1:] < rows.seq[:-1])
    if disordered.any():
        at = int(np.argmax(disordered)) + 1
        raise UnfitInputError(
            f"rows are out of order at {rows.ts[at]}, seq {rows.seq[at]}", "make the dataset again"
        )
    twice = rows.seq[1:] == rows.seq[:-1]
    if twice.any():
        raise UnfitInputError(f"two rows share seq at {rows.ts[int(np.argmax(twice)) + 1]}")
