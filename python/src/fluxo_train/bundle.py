"""Writes a bundle: models, what they were made of, and the rows on which they must say the same.

A bundle is a directory that appears whole or not at all: it is written beside its place, synced,
then renamed. `SHA256SUMS` covers every file but itself and `provenance.json`, and its own hash is
the bundle's id; what changes from run to run (times, host, versions) is in the provenance alone, so
the same data, seed and arguments give the same id.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from fluxo_train.errors import UnfitInputError, UsageError
from fluxo_train.parity import Difference, Served, difference

F32 = npt.NDArray[np.float32]

SUMS: Final = "SHA256SUMS"
MANIFEST: Final = "manifest.json"
PROVENANCE: Final = "provenance.json"
INPUTS: Final = "golden/inputs.npy"
# A bundle travels with its repository or in a message; beyond this it stops being a small file.
BYTES_MAX: Final = 1_000_000
# Room for the manifest, the sums and the provenance beside models and golden rows.
BYTES_FOR_WORDS: Final = 40_000


@dataclass(frozen=True)
class Part:
    """One model of a bundle: its graph, what it says of the golden rows, and its metadata."""

    name: str
    graph: bytes
    golden_outputs: F32
    metadata: dict[str, Any]  # the manifest's entry less what the files themselves say


def rows_that_fit(graphs: list[bytes], width: int, outputs: int) -> int:
    """How many golden rows leave the bundle below its limit."""
    room = BYTES_MAX - BYTES_FOR_WORDS - sum(len(graph) for graph in graphs)
    rows = room // (4 * (width + outputs))
    if rows < 300:
        raise UsageError(
            f"the models take {sum(len(graph) for graph in graphs)} of {BYTES_MAX} bytes, "
            "which leaves no room for golden rows",
            "train with fewer --rounds",
        )
    return rows


def files(
    name: str, inputs: F32, parts: list[Part], decision: dict[str, float]
) -> dict[str, bytes]:
    """Every file that the sums cover, and the sums: path to bytes."""
    content: dict[str, bytes] = {INPUTS: npy(inputs)}
    models = [_entry(part, content) for part in parts]
    manifest = {
        "schema": 1,
        "bundle": name,
        "runtime": str(ort.__version__),
        "feature_schema_hash": models[0]["feature_schema_hash"],
        "decision": decision,
        "golden": {"inputs": INPUTS, "rows": len(inputs)},
        "models": models,
    }
    content[MANIFEST] = canonical_json(manifest)
    content[SUMS] = sums(content)
    return content


def _entry(part: Part, content: dict[str, bytes]) -> dict[str, Any]:
    graph, outputs = f"{part.name}.onnx", f"golden/outputs_{part.name}.npy"
    content[graph], content[outputs] = part.graph, npy(part.golden_outputs)
    return part.metadata | {
        "name": part.name,
        "model_id": sha256(part.graph)[:16],
        "file": graph,
        "golden_outputs": outputs,
        "files": {path: sha256(content[path]) for path in (graph, outputs)},
    }


def sha256(content: bytes) -> str:
    """The hash in hex."""
    return hashlib.sha256(content).hexdigest()


def sums(content: dict[str, bytes]) -> bytes:
    """The lines of `SHA256SUMS`, sorted by path."""
    return "".join(f"{sha256(content[path])}  {path}\n" for path in sorted(content)).encode()


def canonical_json(value: object) -> bytes:
    """UTF-8 with sorted keys; a number that JSON does not know is a bug."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode()


def npy(array: F32) -> bytes:
    """The array as `.npy` version 1.0: little endian float32 in C order."""
    buffer = io.BytesIO()
    ordered = np.ascontiguousarray(array, dtype="<f4")
    np.lib.format.write_array(buffer, ordered, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def write(out: Path, content: dict[str, bytes], provenance: dict[str, Any]) -> str:
    """Puts the bundle in its place, whole; returns its id.

    Args:
        out: the bundle's directory.
        content: what `files` made.
        provenance: what no hash covers.
    """
    if out.exists() or out.is_symlink():
        # `trainer-bridge train --replace` lets a bundle give way, once the new one is verified.
        raise UsageError(f"{out} exists", "choose another --out")
    try:
        with _beside(out) as temporary:
            for path, data in (content | {PROVENANCE: canonical_json(provenance)}).items():
                _write_synced(temporary / path, data)
            for folder in (temporary / "golden", temporary):
                _sync_folder(folder)
            temporary.rename(out)
            _sync_folder(out.parent)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error}", "choose a writable --out") from error
    return sha256(content[SUMS])


@contextmanager
def _beside(out: Path) -> Generator[Path]:
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.parent / f".{out.name}.{os.getpid()}.tmp"
    (temporary / "golden").mkdir(parents=True)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Checked:
    """A bundle that was found whole, and how far each model is from its golden outputs."""

    id: str
    differences: dict[str, Difference]


def check(bundle: Path) -> Checked:
    """Verifies a bundle as its users do: hashes, then golden rows at batch sizes 1, 7 and 64."""
    content = _verified(bundle)
    try:
        manifest = cast(dict[str, Any], json.loads(content[MANIFEST]))
        inputs = _array(content[str(manifest["golden"]["inputs"])])
        entries = [
            (str(entry["name"]), content[str(entry["file"])], content[str(entry["golden_outputs"])])
            for entry in cast(list[dict[str, Any]], manifest["models"])
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise UnfitInputError(f"{bundle / MANIFEST} is not a manifest: {error!r}") from error
    found: dict[str, Difference] = {}
    for name, graph, outputs in entries:
        served, expected = Served(graph), _array(outputs)
        differences = [difference(served(inputs, batch), expected) for batch in (1, 7, 64)]
        found[name] = max(differences, key=lambda one: one.excess)
        if not found[name].holds:
            raise UnfitInputError(
                f"{bundle}: {name} is {found[name].max_abs:.3g} away from its golden outputs",
                "train it again on this machine's runtime",
            )
    return Checked(sha256(content[SUMS]), found)


def _verified(bundle: Path) -> dict[str, bytes]:
    if not (bundle / SUMS).is_file():
        raise UsageError(f"{bundle} is no bundle: it has no {SUMS}", "point at a bundle directory")
    listed = dict(_lines((bundle / SUMS).read_text(), bundle))
    present = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if not path.is_dir()} - {
        SUMS,
        PROVENANCE,
    }
    for path in sorted(present ^ listed.keys()):
        what = "is not in" if path in present else "is missing, but in"
        raise UnfitInputError(f"{bundle / path} {what} {SUMS}", "get the bundle again")
    content = {path: (bundle / path).read_bytes() for path in listed}
    for path, expected in listed.items():
        if sha256(content[path]) != expected:
            raise UnfitInputError(
                f"{bundle / path} has other bytes than {SUMS} says", "get the bundle again"
            )
    return content | {SUMS: (bundle / SUMS).read_bytes()}


def _lines(text: str, bundle: Path) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        digest, _, path = line.partition("  ")
        if len(digest) != 64 or not path or path.startswith("/") or ".." in Path(path).parts:
            raise UnfitInputError(f"{bundle / SUMS}: {line!r} is not a hash and a path")
        yield path, digest


def _array(content: bytes) -> F32:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype != np.dtype("<f4") or array.ndim != 2:
        raise ValueError("golden rows are not a float32 matrix")
    return np.ascontiguousarray(array)
