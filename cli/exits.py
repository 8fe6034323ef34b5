"""What the exit codes of `igny8` mean, and the error that carries one."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes, as docs/operations.md documents them."""

    OK = 0
    FAILED = 1
    """The command ran, and (part of) its work did not succeed."""

    USAGE = 2
    """Unknown command, option or argument."""

    UNREACHABLE = 3
    """Database, broker or site does not answer."""

    BAD_INPUT = 4
    """A file, a key or a value that can't be used."""

    INTERRUPTED = 130
    """Ctrl-C."""


class CommandError(Exception):
    """An expected end of a command: one line for the operator, and its exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
