"""Do the engine's rows say what an independent reader of the specification computes?

The reference reads the raw recording itself, puts the book together, and evaluates each formula
over the history. Only then is a dataset opened, which the product wrote of the same recording.

FLUXO_TRAINER_BRIDGE names the program; without it, the newest build below the target folder is
taken. FLUXO_DATA_DIR names the recordings. FLUXO_REFERENCE_WHOLE=1 compares every recording whole,
and not the beginnings alone.
"""

import ast
import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow.parquet as pq
import pytest
from feature_reference import binance, catalogue, lobster
from feature_reference.market import Market
from feature_reference.primitives import Column
from feature_reference.stream import MS, SECOND, Calendar, Settings, Stream, around_the_clock
from feature_reference.targets import Label

PROJECT = Path(__file__).resolve().parents[2]
REFERENCE = Path(__file__).parent / "feature_reference"
WHOLE = os.environ.get("FLUXO_REFERENCE_WHOLE") == "1"

# In so many features there must be values to compare.
COMPARED_MIN = 95
EVERY = 100 * MS
REGIME = (
    "nonstationarity",
    "regime_prob",
    "spectral_gap_norm",
    "drift_norm",
    "dim_ratio",
    "regime_stability",
)
# Values are float32: two steps of that grid apart is rounding. Where a value is a difference that
# cancels, its error is a share of what the feature's values are like, not of the value at hand.
STEPS_MAX = 2
CANCELLATION = 1e-9
MIDNIGHT = 1_721_347_200 * SECOND


def cannot(reason: str) -> NoReturn:
    """Says loudly that a test has nothing to look at; in CI that is a failure."""
    print(f"NOT COMPARED: {reason}", file=sys.stderr)
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def data_dir() -> Path:
    folder = Path(os.environ.get("FLUXO_DATA_DIR", PROJECT / "../shared/data"))
    if not folder.is_dir():
        cannot(f"no recordings in {folder}; FLUXO_DATA_DIR names their folder")
    return folder


def program() -> Path:
    named = os.environ.get("FLUXO_TRAINER_BRIDGE")
    if named:
        return Path(named)
    target = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    built = [target / profile / "trainer-bridge" for profile in ("verify", "release", "debug")]
    built = [path for path in built if path.is_file()]
    if not built:
        cannot(f"no trainer-bridge below {target}; FLUXO_TRAINER_BRIDGE names it")
    return max(built, key=lambda path: path.stat().st_mtime)


@cache
def entries(kind: str) -> list[dict[str, Any]]:
    text = (PROJECT / f"crates/features/{kind}s.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)[kind]


def listed(market: str, symbol: str) -> dict[str, Any]:
    """What the list of instruments says of one, with what holds for its market."""
    text = (PROJECT / "configs/instruments.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)
    wanted = (market, symbol)
    spec = next(line for line in known["instrument"] if (line["market"], line["symbol"]) == wanted)
    return known["markets"][market] | spec


def settings_of(spec: dict[str, Any], calendar: Calendar) -> Settings:
    """The settings of a listed instrument."""
    return Settings(
        calendar=calendar,
        size_unit_lots=spec["size_unit_lots"],
        size_classes=tuple(spec.get("size_classes", (5, 20, 50, 100))),
        profile_row_ticks=spec["profile_row_ticks"],
        footprint_row_ticks=spec["footprint_row_ticks"],
        match_ttl=spec["match_ttl_ms"] * MS,
        fee_bps=float(spec["taker_fee"]) * 1e4,
    )


@dataclass(frozen=True)
class Recording:
    """Consecutive captures of one instrument, and how far they are compared by default."""

    market: str
    symbol: str
    files: tuple[str, ...]
    until: int | None = None
    funding_s: int = 8 * 3600

    @property
    def paths(self) -> list[Path]:
        """Where the captures are."""
        return [data_dir() / "binance_raw" / name for name in self.files]

    def stream(self) -> Stream:
        """What the reference reads of them."""
        spec = listed(self.market, self.symbol)
        settings = settings_of(spec, around_the_clock(self.funding_s * SECOND))
        return binance.read(
            self.paths,
            settings,
            spot=self.market == "binance-spot",
            tick=spec["tick_size"],
            lot=spec["lot_size"],
            until=None if WHOLE else self.until,
        )


BTC = Recording(
    "binance-usdm",
    "BTCUSDT",
    ("usdm_btcusdt_20240718.gz", "usdm_btcusdt_20240719.gz"),
    until=MIDNIGHT + 200 * SECOND,
)
# Eleven minutes in few messages: long enough for labels that need 600 returns, and for a spectrum.
SPOT = Recording(
    "binance-spot",
    "BTCUSDT",
    ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"),
    funding_s=86_400,
)
OTHERS = [
    Recording("binance-usdm", "ETHUSDT", ("usdm_ethusdt_20240718.gz", "usdm_ethusdt_20240719.gz")),
    Recording("binance-usdm", "BTCUSDT", ("usdm_btcusdt_20240808.gz",)),
    Recording(
        "binance-coinm", "BTCUSD_PERP", ("cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz")
    ),
]
RECORDINGS = [BTC, SPOT, *(OTHERS if WHOLE else [])]


def imports(path: Path) -> set[str]:
    """The packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add((node.module or "").split(".")[0])
    return found


def test_the_reference_is_independent() -> None:
    modules = sorted(REFERENCE.glob("*.py"))
    assert len(modules) > 10
    allowed = {"feature_reference", "numpy", *sys.stdlib_module_names}
    # A module that can start a program or load code by name could get at our rows.
    allowed -= {"subprocess", "importlib", "ctypes", "os", "runpy"}
    for module in modules:
        assert imports(module) <= allowed, module.name
        text = module.read_text(encoding="utf-8")
        for word in ("fluxo", "parquet", "__import__", "trainer"):
            assert word not in text, f"{module.name} speaks of {word}"


def dataset(inputs: list[Path], out: Path, every: int = EVERY) -> tuple[Any, dict[str, Any]]:
    """Has the product write the rows of recordings; its table and facts."""
    command = [str(program()), "dataset", *map(str, inputs), "--out", str(out)]
    command += ["--set", f"rows.clock=time:{every // MS}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    parts = sorted(out.glob("*/*/*/part-*.parquet"))
    facts = {
        key.decode(): json.loads(value)
        for key, value in pq.read_schema(parts[0]).metadata.items()
        if key.startswith(b"ds.")
    }
    table = pq.read_table(parts, partitioning=None)  # type: ignore[arg-type]
    return table, facts


def steps_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many float32 lie between two of them."""

    def line(x: np.ndarray) -> np.ndarray:
        bits = x.astype(np.float32).view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(bits & 0x7FFF_FFFF), bits)

    return np.abs(line(a) - line(b))


def differences(ours: np.ndarray, rows: np.ndarray, ts: np.ndarray) -> str | None:
    """What is wrong with a column of rows, in one line; `None` when nothing is."""
    defined, ours_defined = ~np.isnan(rows), ~np.isnan(ours)
    masks = np.flatnonzero(defined != ours_defined)
    both = defined & ours_defined
    scale = np.abs(ours[both]).max(initial=0.0)
    far = steps_apart(ours, rows) > STEPS_MAX
    with np.errstate(invalid="ignore"):
        far &= np.abs(ours - rows) > CANCELLATION * scale
    wrong = np.flatnonzero(both & far)
    if len(masks) == 0 and len(wrong) == 0:
        return None
    said: list[str] = []
    for what, rows_at in (("masks", masks), ("values", wrong)):
        if len(rows_at):
            at = int(rows_at[0])
            said.append(
                f"{len(rows_at)} {what} of {len(rows)}, first in row {at} at {ts[at]}: "
                f"{rows[at]!r} where the reference has {ours[at]!r}"
            )
    return "; ".join(said)


def test_a_difference_is_noticed() -> None:
    ts = np.arange(4)
    ours = np.array([1.0, -2.5, np.nan, 3e-12])
    rows = ours.astype(np.float32).astype(np.float64)
    assert differences(ours, rows, ts) is None
    rounded = rows.copy()
    rounded[1] = np.nextafter(np.float32(rows[1]), np.float32(0))
    # What cancels may be off by a share of what the others are like.
    rounded[3] = -1e-12
    assert differences(ours, rounded, ts) is None
    for at, value in ((0, 1.000001), (1, np.nan), (2, 0.0), (3, 1e-8)):
        damaged = rows.copy()
        damaged[at] = value
        assert differences(ours, damaged, ts) is not None, at


def worst_error(ours: np.ndarray, rows: np.ndarray) -> float:
    """The largest relative error where a value is not small against what the feature is like."""
    both = ~np.isnan(ours) & ~np.isnan(rows)
    large = both & (np.abs(ours) > CANCELLATION * np.abs(ours[both]).max(initial=0.0))
    return float(np.abs(rows[large] / ours[large] - 1.0).max(initial=0.0))


def feature_differences(
    columns: dict[int, Column], table: Any, facts: dict[str, Any], ts: np.ndarray
) -> list[str]:
    """All features and regime values that are built, mask for mask and value for value."""
    schema = facts["ds.feature_schema"]
    names = [entry["name"] for entry in entries("feature")[: catalogue.FEATURES]]
    assert [line["name"] for line in schema] == [*names, *REGIME]
    assert list(columns) == list(range(len(schema)))
    compared, without, skipped, wrong = [], [], [], []
    worst, worst_name = 0.0, ""
    for index, line in enumerate(schema):
        name = line["name"]
        if "rev=0" in line["params"].split(";"):
            skipped.append(name)
            continue
        ours = columns[index].values
        rows = table.column(name).to_numpy()[: len(ts)].astype(np.float64)
        difference = differences(ours, rows, ts)
        # A column without any value agrees in its mask alone.
        (compared if columns[index].valid.any() else without).append(index)
        error = worst_error(ours, rows)
        if error > worst:
            worst, worst_name = error, name
        if difference:
            wrong.append(f"{index} {name}: {difference}")
    print(f"{len(compared)} values compared over {len(ts)} rows: {ranges(compared)}")
    print(f"without any value, so by the mask alone: {ranges(without)}")
    print(f"worst relative error {worst:.2g} of {worst_name}")
    print(f"not built yet, not compared: {', '.join(skipped) or 'none'}")
    least = COMPARED_MIN
    if len([index for index in compared if index < catalogue.FEATURES]) < least:
        wrong.append(f"fewer than {least} features were compared")
    return wrong


def ranges(numbers: list[int]) -> str:
    """Numbers in order, as ranges."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(str(a) if a == b else f"{a}..{b}" for a, b in pairs) or "none"


def target_differences(
    labels: dict[int, Label], table: Any, facts: dict[str, Any], market: Market, *, cut: bool
) -> list[str]:
    """Every target that is built, with the time at which it was known."""
    ts = market.rows
    compared, wrong = [], []
    for index, entry in enumerate(entries("target")):
        name = entry["name"]
        line = facts["ds.target_schema"][index]
        assert line["name"] == name
        if line["rev"] == 0:
            continue
        rows = table.column(name).to_numpy(zero_copy_only=False)[: len(ts)].astype(np.float64)
        t1 = table.column(f"t1_{name}").fill_null(0).to_numpy()[: len(ts)]
        label = labels[index]
        values, known_at = label.values.copy(), label.t1
        horizon = entry["horizon_max_ms"] * MS
        if cut:
            # What lies beyond the cut may decide these labels.
            open_end = ts + horizon + market.settings.stale >= market.stream.last_ts
            values[open_end], rows[open_end] = np.nan, np.nan
            known_at, t1 = np.where(open_end, 0, known_at), np.where(open_end, 0, t1)
        compared.append(f"{name} ({int((~np.isnan(values)).sum())})")
        difference = differences(values, rows, ts)
        if difference:
            wrong.append(f"{name}: {difference}")
        late = np.flatnonzero(known_at != t1)
        if len(late):
            at = int(late[0])
            wrong.append(
                f"{name}: {len(late)} times, first in row {at} at {ts[at]}: {t1[at]} where the "
                f"reference has {known_at[at]}"
            )
    print(f"targets compared: {', '.join(compared)}")
    if len(compared) < len(labels):
        wrong.append(f"only {len(compared)} targets were compared")
    return wrong


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda r: f"{r.market}-{r.files[0]}")
def test_the_rows_are_those_of_the_text(recording: Recording, tmp_path: Path) -> None:
    stream = recording.stream()
    market = Market(stream, EVERY)
    columns = catalogue.features(market)
    labels = catalogue.labels(market, columns)
    columns |= catalogue.regime(market)
    # The reference is complete. Only from here on the product's rows exist.
    table, facts = dataset(recording.paths, tmp_path)
    ts = market.rows
    theirs = table.column("ts").cast("int64").to_numpy()
    cut = len(theirs) > len(ts)
    assert cut == (not WHOLE and recording.until is not None)
    np.testing.assert_array_equal(theirs[: len(ts)], ts)
    wrong = feature_differences(columns, table, facts, ts)
    wrong += target_differences(labels, table, facts, market, cut=cut)
    assert not wrong, "\n".join(wrong)


def lobster_path() -> Path:
    return data_dir() / "lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"


@cache
def lobster_market() -> Market:
    """GOOG of one day: its first twenty minutes, or all of it."""
    settings = settings_of(listed("nasdaq", "GOOG"), lobster.calendar("2012-06-21"))
    seconds = None if WHOLE else 20 * 60
    return Market(lobster.read(lobster_path(), settings, until_seconds=seconds), SECOND)


@cache
def lobster_columns() -> dict[int, Column]:
    return catalogue.features(lobster_market())


def test_the_book_of_orders_conserves_lots() -> None:
    # Each visible event changes its level by its size: what the file's rows and messages both say.
    batches, orders = lobster_market().batches, lobster_market().stream.orders
    assert orders is not None
    batch_of = np.searchsorted(batches.seq, orders.seq)
    assert (batches.seq[batch_of] == orders.seq).all()
    checked = 0
    for i, k in enumerate(batch_of.tolist()):
        if k == 0:
            continue
        bid = orders.side[i] > 0
        prices = batches.bid_price if bid else batches.ask_price
        lots = batches.bid_lots if bid else batches.ask_lots
        before = lots[k - 1][prices[k - 1] == orders.price[i]].sum()
        after = lots[k][prices[k] == orders.price[i]].sum()
        sign = 1 if orders.kind[i] == 1 else -1
        assert after - before == sign * orders.lots[i]
        checked += 1
    assert checked > 7_000


def test_values_lie_in_their_ranges() -> None:
    columns = lobster_columns()
    assert len(columns) == catalogue.FEATURES
    defined = 0
    for index, entry in enumerate(entries("feature")[: catalogue.FEATURES]):
        low, high = entry["range"]
        column = columns[index]
        values = column.values[column.valid]
        assert ((values >= low) & (values <= high)).all(), entry["name"]
        defined += len(values) > 0
    # Not in twenty minutes: a table of the micro-price, VPIN's hour, and OFI over 30 and 60.
    assert defined >= 104


def test_rows_of_an_order_feed_are_those_of_the_text(tmp_path: Path) -> None:
    columns, market = lobster_columns(), lobster_market()
    labels = catalogue.labels(market, columns)
    table, facts = dataset([lobster_path()], tmp_path, SECOND)
    theirs = table.column("ts").cast("int64").to_numpy()
    np.testing.assert_array_equal(theirs[: len(market.rows)], market.rows)
    wrong = feature_differences(columns | catalogue.regime(market), table, facts, market.rows)
    wrong += target_differences(labels, table, facts, market, cut=not WHOLE)
    assert not wrong, "\n".join(wrong)
