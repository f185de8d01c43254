"""What can go wrong, by who has to act; each kind is one exit code of the command line."""


class CommandError(Exception):
    """A failure with one line that says what, where and what to do."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        """Says what happened; `remedy` says what to do about it."""
        super().__init__(message)
        self.remedy = remedy


class UsageError(CommandError):
    """The user fixes it: a flag, a path, the installation."""

    exit_code = 2


class UnfitInputError(CommandError):
    """The input is damaged or unfit: a dataset that fails a lint, a bundle that fails a check."""

    exit_code = 4


class TooFewRowsError(CommandError):
    """There is too little to learn from. Not a failure: the run ends with that as its result."""

    exit_code = 0


class UnsupportedModelError(CommandError):
    """A booster that the tree writer does not export: better no model than a different one."""

    exit_code = 1
