"""beat_schedule.py, the one table of periodic work: every entry runs, says so, and expires."""

import ast

import pytest

from beat_schedule import beat_schedule
from models.session import session_scope
from settings import ROOT
from tasks.app import app
from tasks.heartbeat import last_ticks

ENTRIES = [pytest.param(name, entry, id=name) for name, entry in beat_schedule.items()]


@pytest.fixture(scope="module", autouse=True)
def every_task():
    app.loader.import_default_modules()


def ticked():
    with session_scope(read_only=True) as session:
        return {name for name, tick in last_ticks(session).items() if tick is not None}


@pytest.mark.parametrize(("name", "entry"), ENTRIES)
def test_an_entry_that_ran_to_its_end_has_its_tick(name, entry, sqlite_database):
    assert ticked() == set()

    for _ in range(2):  # two beats send it twice
        app.tasks[entry["task"]](*entry.get("args", ()))

    assert ticked() == {name}


@pytest.mark.parametrize(("name", "entry"), ENTRIES)
def test_a_tick_that_waited_for_the_next_one_is_dropped(name, entry):
    assert 0 < entry["options"]["expires"] <= max(entry["schedule"], 1.0)


def test_every_entry_says_what_it_is_for():
    source = (ROOT / "beat_schedule.py").read_text(encoding="utf-8")
    table = ast.parse(source).body[-1].value
    lines = source.splitlines()

    above = [lines[key.lineno - 2].strip() for key in table.keys]
    told = [
        name.startswith("pulse.") or line.startswith("#")
        for name, line in zip(beat_schedule, above, strict=True)
    ]
    assert all(told)
