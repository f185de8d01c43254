"""What made a bundle, as far as it changes from run to run: read by people, covered by no hash."""

import platform
import subprocess
import sys
import time
from dataclasses import asdict, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

LIBRARIES: Final = (
    "numpy",
    "pyarrow",
    "scikit-learn",
    "lightgbm",
    "xgboost-cpu",
    "onnx",
    "onnxruntime",
)


def provenance(arguments: object, results: dict[str, Any]) -> dict[str, Any]:
    """The record of a run: arguments, code, host, libraries, results."""
    given = asdict(arguments) if is_dataclass(arguments) and not isinstance(arguments, type) else {}
    return {
        "created_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "arguments": {key: _plain(value) for key, value in given.items()},
        "git": commit(Path(__file__).parent),
        "host": {"machine": platform.machine(), "system": platform.system()},
        "python": sys.version.split()[0],
        "libraries": {name: _version(name) for name in LIBRARIES},
        "results": results,
    }


def commit(folder: Path) -> dict[str, Any]:
    """The commit of this package and whether its tree has changed since; empty outside of git."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        return {"commit": head, "dirty": bool(_git(folder, "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return {}


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plain(value: object) -> object:
    # Where a file lay is nobody's business who gets the bundle.
    return value.name if isinstance(value, Path) else value
