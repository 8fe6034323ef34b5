"""The edge of every command: expected errors become one line and an exit code, no traceback."""

import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from cli.exits import CommandError, Exit
from cli.output import output

NO_TABLES = re.compile(r"no such (table|column)|(relation|column) .* does not exist")


class GuardedGroup(TyperGroup):
    """The root command, which turns what its commands raise into an exit."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take --json wherever it stands: people type it last."""
        if "--json" in args:
            args = ["--json", *(word for word in args if word != "--json")]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            typer.Exit: with one of `Exit`, after one line on stderr.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None
        except Exception as error:
            known = expected(error)
            if known is None:
                raise
            if _is_debugging():
                traceback.print_exc(file=sys.stderr)
            output().error(str(known), code=int(known.code))
            raise typer.Exit(known.code) from None


def expected(error: Exception) -> CommandError | None:
    """Return an error that is no defect of ours as its line and exit code; None for the others."""
    if isinstance(error, CommandError):
        return error
    for kind in type(error).__mro__:
        if found := EXPECTED.get(f"{kind.__module__}.{kind.__name__}"):
            return found(error)
    return None


def _of_database(error: Any) -> CommandError | None:
    said = str(error.orig).strip().split("\n")[0]
    if NO_TABLES.search(said):
        return CommandError(f"the database lacks a table ({said}): run `igny8 db upgrade`")
    if type(error).__name__ == "OperationalError":
        return CommandError(f"the database does not answer: {said}", Exit.UNREACHABLE)
    return None


def _of_settings(error: Any) -> CommandError | None:
    if error.title != "Settings":
        return None
    from settings import fault_lines

    faults = "; ".join(fault_lines(error))
    return CommandError(f"a setting can't be used: {faults}", Exit.BAD_INPUT)


def _of_broker(error: Any) -> CommandError:
    return CommandError(f"the broker does not answer: {error}", Exit.UNREACHABLE)


# By name: whoever raised one has imported its class, and `igny8 --help` need not.
EXPECTED: dict[str, Callable[[Any], CommandError | None]] = {
    "sqlalchemy.exc.OperationalError": _of_database,
    "sqlalchemy.exc.ProgrammingError": _of_database,
    "kombu.exceptions.OperationalError": _of_broker,
    "redis.exceptions.ConnectionError": _of_broker,
    "models.encryption.SecretUnreadable": lambda e: CommandError(str(e), Exit.BAD_INPUT),
    "embedded.errors.CannotStart": lambda e: CommandError(str(e), Exit.FAILED),
    "pydantic_core._pydantic_core.ValidationError": _of_settings,
}


def _is_debugging() -> bool:
    import settings

    try:
        return settings.current().log_level == "DEBUG"
    except ValueError:
        return False
