"""What `igny8` prints: words for people, and with --json one document for scripts.

stdout holds the result alone; notes and errors go to stderr.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Output:
    """Prints for one command. Made from the global options; `output()` returns it."""

    as_json: bool = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person is watching: then tables are drawn, and a progress bar makes sense."""
        return not self.as_json and sys.stdout.isatty()

    def line(self, text: str = "") -> None:
        """Print a line of the answer for people; nothing under --json."""
        if not self.as_json:
            _write(sys.stdout, text)

    def note(self, text: str) -> None:
        """Print on stderr what is worth knowing but not the answer; nothing under --json."""
        if not self.as_json:
            _write(sys.stderr, text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows for people; nothing under --json.

        Drawn on a terminal; else one row a line, its cells between tabs, for cut and awk.
        None is an empty cell.
        """
        if self.as_json:
            return
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        if self.is_terminal:
            _draw(columns, cells)
        else:
            for row in (columns, *cells):
                _write(sys.stdout, "\t".join(" ".join(cell.split()) for cell in row))

    def error(self, message: str, **details: Any) -> None:
        """Print a line on stderr; under --json an object with `error` and the details.

        Further lines of the message, such as the end of a log, follow indented.
        """
        first, *rest = message.strip().splitlines() or [""]
        if self.as_json:
            _write(sys.stderr, _as_json({"error": message, **details}))
        else:
            _write(sys.stderr, "\n    ".join([f"igny8: {first}", *rest]))

    def result(self, values: Mapping[str, Any] | Sequence[Any]) -> None:
        """Print the whole answer as one JSON document under --json; else nothing."""
        if self.as_json:
            _write(sys.stdout, _as_json(values))


_current: ContextVar[Output] = ContextVar("output")


def use_output(chosen: Output) -> None:
    """Set what `output()` returns; called once a command, with its global options."""
    _current.set(chosen)


def output() -> Output:
    """Return the running command's output."""
    return _current.get(Output())


def _as_json(values: object) -> str:
    # `default` writes what JSON has no word for: times, UUIDs, paths.
    return json.dumps(values, ensure_ascii=False, default=str)


def _draw(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # As Text: a title's [brackets] are not our markup.
        table.add_row(*map(Text, row))
    Console(file=sys.stdout).print(table)


def _write(stream: Any, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
