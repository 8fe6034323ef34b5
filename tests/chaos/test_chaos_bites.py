"""The suite bites: without the fence, the reservation or the sweep its rows are not zero."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from chaos_run import play
from chaos_table import Size
from chaos_world import ROOT, World
from rows_workers import ROWS

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

PARTS = ("models", "pipeline", "platforms", "tasks", "simulators", "migrations")
FILES = ("settings.py", "celeryconfig.py", "beat_schedule.py", "alembic.ini")

NO_FENCE = [
    ("simulators/claims.py", "if document.fence < row.fence:", "if False:"),
    ("simulators/claims.py", "if document.revision < row.revision:", "if False:"),
    ("models/claiming.py", "return bool(renewed.rowcount)", "return True"),
]
NO_RESERVATION = [
    ("simulators/claims.py", "row = self._store.publications.get(document.key)\n", "row = None\n"),
    (
        "simulators/claims.py",
        "owner = self._store.keys_of_content.get(document.content_id)",
        "owner = None",
    ),
]
NO_SWEEP = [("tasks/maintenance.py", "rescued = rescue_expired(session)", "rescued = []")]


@pytest.fixture
def broken_build(tmp_path):
    """A copy of the product with some of its lines replaced."""

    def build(changes):
        for name in PARTS:
            shutil.copytree(ROOT / name, tmp_path / name)
        for name in FILES:
            shutil.copy(ROOT / name, tmp_path / name)
        for name, line, other in changes:
            replace_once(tmp_path / name, line, other)
        return tmp_path

    return build


def replace_once(path: Path, line, other):
    text = path.read_text(encoding="utf-8")
    places = text.count(line)
    assert places >= 1, f"{path.name} does not say {line!r} any more: say here how to break it"
    path.write_text(text.replace(line, other, 1), encoding="utf-8")


def row(name, edits):
    return dataclasses.replace(next(row for row in ROWS if row.name == name), edits=edits)


KILLS, FREEZE = "SIGKILL of workers", "SIGSTOP longer than the lease, then SIGCONT"
BUILDS = [
    pytest.param(NO_FENCE, FREEZE, "lost", Size(1, 2, 1), 0, 60, id="no fence"),
    # Every content is sent a second time, as an edit: what is known by no key is made anew.
    pytest.param(
        NO_RESERVATION, KILLS, "duplicates", Size(3, 20, 5), 1, 30, id="no key reservation"
    ),
    # What nobody sweeps up never ends: here alone the whole drain is waited out.
    pytest.param(NO_SWEEP, KILLS, "lost", Size(3, 40, 5), 0, 20, id="no sweep"),
]


@pytest.mark.parametrize(("changes", "name", "kind", "size", "edits", "drain"), BUILDS)
def test_a_broken_build_is_not_zero(changes, name, kind, size, edits, drain, broken_build):
    with World(root=broken_build(changes)) as world:
        result = play(row(name, edits), world, seed=1, size=size, drain=drain)

    assert getattr(result, kind), "the row is zero although the product is broken"
