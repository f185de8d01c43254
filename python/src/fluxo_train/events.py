"""What the trainer says: one JSON object a line on stdout, words for a person on stderr."""

import json
import sys
from typing import Any, TextIO


class Reporter:
    """Says how far a run is; whoever started it renders that."""

    def __init__(self, events: TextIO | None = None, log: TextIO | None = None) -> None:
        """Takes other streams than stdout and stderr for tests."""
        self._events = sys.stdout if events is None else events
        self._log = sys.stderr if log is None else log

    def event(self, kind: str, **values: Any) -> None:
        """Writes one event and flushes it, so that a pipe shows it at once."""
        line = json.dumps({"event": kind, **values}, sort_keys=True, allow_nan=False)
        print(line, file=self._events, flush=True)

    def progress(self, phase: str, done: int, total: int, **values: Any) -> None:
        """`done` of `total` steps of a phase; the last one has both equal."""
        self.event("progress", phase=phase, done=done, total=total, **values)

    def say(self, words: str) -> None:
        """One line for a person."""
        print(words, file=self._log, flush=True)
