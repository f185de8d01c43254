"""Ends with the process that started it: a trainer that nobody waits for wastes hours."""

import os
import threading
from typing import Final

# Set by a parent that holds the other end of stdin and writes nothing to it.
VARIABLE: Final = "FLUXO_TRAIN_WATCH_STDIN"


def watch() -> None:
    """Ends this process as soon as stdin closes, if whoever started it asked for that."""
    if os.environ.get(VARIABLE):
        threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 4096):
        pass
    # What was written has its name only when it is whole, so nothing needs to be put in order.
    os._exit(1)
