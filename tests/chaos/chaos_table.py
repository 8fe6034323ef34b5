"""The table of faults: what a row is, where rows come from, and how results are printed."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = (SQLITE, POSTGRESQL)
MAIN, WAITS = "main", "waits"
"""Lanes: what has something to do, and what mostly waits. More would overload two cores."""


class NotRun(Exception):
    """This machine can't do it; the message is the reason, and the table shows it."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it: faults, contents that are published meanwhile, seconds it is spread over."""

    times: int
    publishes: int
    seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    ``fault`` gets the `chaos_run.Run` while clients publish in other threads, and returns when
    the last fault is over. ``sites`` makes what is published to (None: four simulated sites);
    ``edits`` is the share of publishes that are followed by an edit; ``room`` is how many without
    an end the clients leave while it breaks. Rows of one ``lane`` are played one after another,
    in a world for each database; lanes are played beside each other.
    """

    name: str
    fault: Callable[[Any], None]
    quick: Size
    full: Size
    databases: Sequence[str] = (SQLITE,)
    """Of the quick form."""

    full_databases: Sequence[str] = BOTH
    sites: Callable[[Any], Sequence[Any]] | None = None
    edits: float = 0.25
    room: int = 24
    lane: str = MAIN
    may_end: bool = False
    """Whether its processes may end by themselves: a release that refuses its tables, and kombu,
    which ends a worker whose broker went away at the wrong moment."""

    def size(self, *, quick: bool) -> Size:
        return self.quick if quick else self.full

    def on(self, *, quick: bool) -> Sequence[str]:
        return self.databases if quick else self.full_databases


@dataclass(slots=True)
class Result:
    """What a row came to."""

    name: str
    database: str
    faults: int = 0
    accepted: int = 0
    at_site: int = 0
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Rules that did not hold: a secret seen, a fence that fell, a process that is deaf."""

    meanwhile: int = 0
    """How many of them were accepted before the last fault was over."""

    left: int = 0
    """How many had no end when the last fault was over and every process took work again."""

    drained: float = 0.0
    """Seconds from then to the last end state."""

    waits: dict[str, float] = field(default_factory=dict)
    """What they went by with; seconds that several wait for count for each."""

    notes: list[str] = field(default_factory=list)
    """What else was measured, for the reader: nothing is red by it."""

    not_run: str = ""

    @property
    def zero(self) -> bool:
        return not (self.lost or self.duplicates or self.broken or self.not_run)

    def problems(self) -> str:
        found = [("lost", self.lost), ("duplicate", self.duplicates), ("broken", self.broken)]
        return "\n".join(f"{kind}: {each}" for kind, list_ in found for each in list_[:20])


def collect() -> list[Row]:
    """Return every row of the modules rows_*.py beside this one; two of a name are an error."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("rows_*.py"))
    rows = [row for name in names for row in importlib.import_module(name).ROWS]
    twice = {row.name for row in rows if [each.name for each in rows].count(row.name) > 1}
    if twice:
        raise ValueError(f"two rows are called {', '.join(sorted(twice))}")
    return rows


HEAD = (
    *("fault", "database", "times", "accepted", "meanwhile", "at the site"),
    *("lost", "duplicates", "drained, s"),
)


def line(result: Result) -> tuple[str, ...]:
    if result.not_run:
        return (result.name, result.database, f"not run: {result.not_run}", *[""] * 6)
    counts = (result.faults, result.accepted, result.meanwhile, result.at_site)
    zeros = (len(result.lost), len(result.duplicates))
    return (
        result.name,
        result.database,
        *map(str, counts + zeros),
        f"{result.drained:.1f}",
    )


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table."""
    rows = [HEAD, tuple("---" for _ in HEAD), *map(line, results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def slow_drains(results: Sequence[Result], bound: float) -> str:
    """Return the line below the table: which drains took longer than ``bound``, and why.

    Nothing is red by it: whoever else works on this machine is in it, too.
    """
    slow = [result for result in results if result.drained > bound]
    told = f"drained in more than lease + 2 ticks ({bound:g} s): {len(slow)} of {len(results)} rows"
    for result in sorted(slow, key=lambda result: -result.drained):
        waits = sorted(result.waits.items(), key=lambda wait: -wait[1])
        causes = ", ".join(f"{cause} {seconds:.1f}" for cause, seconds in waits)
        what = f"{result.drained:.1f} s, {result.left} left"
        told += f"\n* {result.name} ({result.database}) {what}: {causes}"
    return told


def notes(results: Sequence[Result]) -> str:
    """Return what rows have measured besides, a line each."""
    told = [
        f"* {result.name} ({result.database}): {note}"
        for result in results
        for note in result.notes
    ]
    return "\n".join(told)


def summary(results: Sequence[Result]) -> str:
    """Return the last line, and before it what else makes the table red."""
    ran = [result for result in results if not result.not_run]
    others = {
        "broken rules": sum(len(result.broken) for result in ran),
        "rows that could not be run": len(results) - len(ran),
    }
    totals = (
        f"faults {sum(r.faults for r in ran)}, accepted {sum(r.accepted for r in ran)}, "
        f"lost {sum(len(r.lost) for r in ran)}, "
        f"duplicates {sum(len(r.duplicates) for r in ran)}"
    )
    return "\n".join([*(f"{what}: {n}" for what, n in others.items() if n), totals])
