"""How far a long command is: a bar for a person, plain lines for a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from cli.output import output


class Bar(Protocol):
    def step(self, line: str) -> None:
        """One more is done; ``line`` says which, where there is no bar."""

    def note(self, line: str) -> None:
        """Something worth reading happened; it is not counted."""


class _Lines:
    def step(self, line: str) -> None:
        if line:
            output().line(line)

    def note(self, line: str) -> None:
        output().note(line)


@contextmanager
def progress(what: str, total: int) -> Iterator[Bar]:
    """Show how many of ``total`` are done."""
    if not output().is_terminal:
        yield _Lines()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn()) as shown:
        task = shown.add_task(what, total=total)

        class _Drawn:
            def step(self, line: str) -> None:
                shown.advance(task)

            def note(self, line: str) -> None:
                shown.console.print(line, markup=False, highlight=False)

        yield _Drawn()
