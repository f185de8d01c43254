"""The programs of the product, for tests that read what it writes.

FLUXO_PROGRAMS names their folder; without it, the newest build below the target folder is taken.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

PROJECT = Path(__file__).parents[2]


def cannot(reason: str) -> NoReturn:
    """Says loudly that a test has nothing to look at; in CI that is a failure."""
    print(f"NOT TESTED: {reason}", file=sys.stderr)
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(program: str, *words: str | Path) -> dict[str, Any]:
    """What a command of the product says as JSON."""
    command = [str(_path(program)), *map(str, words), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def recording(place: str) -> Path:
    """A file of the data folder."""
    path = Path(os.environ.get("FLUXO_DATA_DIR", PROJECT / "../shared/data")) / place
    if not path.is_file():
        cannot(f"no {path}; FLUXO_DATA_DIR names the folder of recordings")
    return path


def _path(program: str) -> Path:
    named = os.environ.get("FLUXO_PROGRAMS")
    target = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    folders = [Path(named)] if named else [target / p for p in ("verify", "release", "debug")]
    built = [folder / program for folder in folders if (folder / program).is_file()]
    if not built:
        cannot(f"no {program} in {', '.join(map(str, folders))}; FLUXO_PROGRAMS names the folder")
    return max(built, key=lambda path: path.stat().st_mtime)
