"""The command line: flags in, JSON lines on stdout, words on stderr, one exit code.

Exit codes: 0 done (also "no edge"), 1 our fault, 2 the user's to fix, 4 damaged or unfit input.
Events: `progress {phase, done, total}`, then one of `result {...}` or `error {code, message}`.
"""

import argparse
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from fluxo_train import bundle, train
from fluxo_train.dataset import SETS
from fluxo_train.errors import CommandError, UsageError
from fluxo_train.events import Reporter
from fluxo_train.experiment import FAMILIES, Arguments


class _Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are ours to report."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, "see `trainer-bridge train … -- --help`")


def parser() -> argparse.ArgumentParser:
    """The flags of every command."""
    root = _Parser(prog="fluxo_train", description="From rows to a bundle of models.")
    commands = root.add_subparsers(dest="command", required=True)
    own = commands.add_parser("train", help="fit, export, check, judge, write a bundle")
    own.add_argument("--data", type=Path, required=True, help="a dataset's folder")
    own.add_argument("--out", type=Path, required=True, help="the bundle's directory, new")
    own.add_argument("--model", choices=(*FAMILIES, "all"), default="all")
    own.add_argument("--target", default="dir_10s", help="a target of three classes")
    own.add_argument("--set", choices=tuple(SETS), default="full", dest="feature_set")
    own.add_argument("--no-regime", action="store_true", help="leave out the regime vector")
    own.add_argument("--symbol", help="which instrument, if the folder holds several")
    own.add_argument("--name", type=name, default="demo", help="the bundle's name")
    own.add_argument("--seed", type=seed, default=1)
    own.add_argument("--fee-bps", type=float, help="taker fee; default: its own")
    until = own.add_mutually_exclusive_group()
    until.add_argument("--holdout", type=float, default=0.2, help="share of the time kept unseen")
    until.add_argument("--train-until", type=moment, help="first moment after training: ns, ISO")
    own.add_argument("--rounds", type=rounds, help="boosting rounds at most")
    own.add_argument("--no-canaries", action="store_true", help="skip the leak checks")
    checked = commands.add_parser("parity", help="check bundles: hashes, then golden rows")
    checked.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE")
    return root


def name(text: str) -> str:
    """A name that a file may have."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not made of letters, digits and ._-")
    return text


def seed(text: str) -> int:
    """What LightGBM and XGBoost take as one: 31 bits."""
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {2**31 - 1}")
    return value


def moment(text: str) -> int:
    """Nanoseconds of an ISO time, or the nanoseconds themselves."""
    if text.isdecimal():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither nanoseconds nor ISO") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    whole = int((at - datetime.fromtimestamp(0, UTC)).total_seconds())
    return whole * 1_000_000_000 + at.microsecond * 1000


def rounds(text: str) -> int:
    """A positive number."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def main(argv: list[str] | None = None, say: Reporter | None = None) -> int:
    """Runs one command; returns its exit code."""
    say = say or Reporter()
    try:
        flags = parser().parse_args(argv)
        if flags.command == "train":
            say.event("result", command="train", **train.run(_arguments(flags), say))
        else:
            _parity(flags.bundles, say)
    except CommandError as error:
        return _failed(say, error.exit_code, str(error), error.remedy)
    except Exception as error:
        say.say(traceback.format_exc())
        return _failed(say, 1, f"{type(error).__name__}: {error}", "this is a bug: report it")
    return 0


def _arguments(flags: argparse.Namespace) -> Arguments:
    if not 0.0 <= flags.holdout < 1.0:
        raise UsageError(
            f"--holdout {flags.holdout} is no share", "give a number from 0 to below 1"
        )
    if flags.fee_bps is not None and not 0.0 <= flags.fee_bps < 1e4:
        raise UsageError(f"--fee-bps {flags.fee_bps} is no fee", "give basis points from 0")
    return Arguments(
        data=flags.data,
        out=flags.out,
        models=FAMILIES if flags.model == "all" else (flags.model,),
        target=flags.target,
        feature_set=flags.feature_set,
        regime=not flags.no_regime,
        symbol=flags.symbol,
        name=flags.name,
        seed=flags.seed,
        fee_bps=flags.fee_bps,
        holdout=flags.holdout,
        train_until=flags.train_until,
        rounds=flags.rounds,
        canaries=not flags.no_canaries,
    )


def _parity(bundles: list[Path], say: Reporter) -> None:
    found: list[dict[str, object]] = []
    for at, path in enumerate(bundles):
        say.progress("parity", at, len(bundles))
        checked = bundle.check(path)
        models = {
            name: {"max_abs": one.max_abs, "rows": one.rows}
            for name, one in checked.differences.items()
        }
        found.append({"bundle": str(path), "bundle_id": checked.id, "models": models})
    say.progress("parity", len(bundles), len(bundles))
    say.event("result", command="parity", verdict="equal", bundles=found)


def _failed(say: Reporter, code: int, message: str, remedy: str) -> int:
    line = " ".join(message.split())
    say.event("error", code=code, message=line, remedy=remedy)
    say.say(f"error: {line}" + (f" ({remedy})" if remedy else ""))
    return code
