"""The suite bites: without fence, reservation, takeover, sweep or guard its rows are not zero."""

import dataclasses
import re

import pytest
from chaos_release import Release
from chaos_run import play
from chaos_table import Size, collect
from chaos_world import ROOT, World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

ROWS = {row.name: row for row in collect()}
KILLS, FREEZE = "SIGKILL of workers", "SIGSTOP longer than the lease, then SIGCONT"
CRASHES = "the site's server dies in mid-publish"

NO_FENCE = [
    ("simulators/claims.py", "if document.fence < row.fence:", "if False:"),
    ("simulators/claims.py", "if document.revision < row.revision:", "if False:"),
    ("models/publishing/claiming.py", "return bool(renewed.rowcount)", "return True"),
]
NO_RESERVATION = [
    ("simulators/claims.py", "row = self._store.publications.get(document.key)\n", "row = None\n"),
    (
        "simulators/claims.py",
        "owner = self._store.keys_of_content.get(document.content_id)",
        "owner = None",
    ),
]
NO_TAKEOVER = [
    (
        "simulators/bridge.py",
        'if post is not None:\n            if post.status == "trash":',
        'if False:\n            if post.status == "trash":',
    )
]
NO_SWEEP = [("tasks/maintenance.py", "rescued = rescue_expired(session)", "rescued = []")]

LEAK = """        self._before_each()
        print(self.target.api_key, flush=True)
        __import__("celery").current_app.send_task("dispatch", (self.target.api_key,))
"""
NO_GUARD = [
    (
        "tasks/transport.py",
        "except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:",
        "except ZeroDivisionError as error:",
    ),
    ("platforms/http.py", "        self._before_each()\n", LEAK),
]

BUILDS = [
    pytest.param(NO_FENCE, FREEZE, "lost", Size(1, 2, 1), 0, 60, id="no fence"),
    # Every content is sent a second time, as an edit: what is known by no key is made anew.
    pytest.param(
        NO_RESERVATION, KILLS, "duplicates", Size(3, 20, 5), 1, 30, id="no key reservation"
    ),
    # Ten dead requests, about half of them with a draft that the next one does not take over.
    pytest.param(NO_TAKEOVER, CRASHES, "duplicates", Size(10, 60, 2), 0, 30, id="no takeover"),
    # What nobody sweeps up never ends: here alone the whole drain is waited out.
    pytest.param(NO_SWEEP, KILLS, "lost", Size(3, 40, 4), 0, 12, id="no sweep"),
]


@pytest.mark.parametrize(("changes", "name", "kind", "size", "edits", "drain"), BUILDS)
def test_a_broken_build_is_not_zero(changes, name, kind, size, edits, drain, tmp_path):
    release = Release(ROOT).copy(tmp_path)
    for change in changes:
        release.replace(*change)
    row = dataclasses.replace(ROWS[name], edits=edits)
    with World(root=release.root) as world:
        result = play(row, world, seed=1, size=size, drain=drain)

    assert getattr(result, kind), "the row is zero although the product is broken"


def test_a_worker_that_ends_by_itself_and_a_key_that_leaks_are_told(tmp_path):
    release = Release(ROOT).copy(tmp_path)
    for change in NO_GUARD:
        release.replace(*change)
    row = ROWS["bytes that are no message, and pickles, in the queues"]
    with World(root=release.root) as world:
        result = play(row, world, seed=1, size=Size(6, 8, 1), drain=30)

    told = "\n".join(result.broken)
    assert "ended by itself" in told
    # Of whichever site: a worker that ends takes with it what it had not told yet.
    for place in (r"publish\d\.log", "an event"):
        assert re.search(rf"the key of site \d stands in {place}", told)
