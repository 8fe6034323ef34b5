"""One child: how it is stopped, looked after, and found again when its supervisor was killed."""

import os
import signal

import pytest
from servers import wait_until

from embedded import leftovers
from embedded.child import MARK, Child, Plan, in_words
from embedded.errors import CannotStart
from embedded.follow import Follower
from embedded.places import Places
from embedded.stopping import stop_stages
from embedded.watch import Watch

STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.1; done"
DEAF = STUBBORN.replace("TERM", "TERM QUIT")
SOFT = "trap 'echo TERM' TERM; trap 'echo QUIT; exit 0' QUIT; echo up; while :; do sleep 0.1; done"
POLITE = "echo up; sleep 600"


@pytest.fixture
def places(tmp_path):
    made = Places(tmp_path)
    made.make()
    return made


@pytest.fixture
def child_of(places):
    """Starts shell text as a child and returns when it says that it is up."""
    started = []

    def start(text, name="sample", **limits):
        plan = Plan(name, ("/bin/sh", "-c", text), lambda: True, **limits)
        child = Child(plan, places, dict(os.environ))
        started.append(child)
        child.start()
        wait_until(lambda: "up" in child.last_lines() or child.has_ended())
        child.was_up = True
        return child

    yield start
    for child in started:
        child.bury()


def said_while_stopping(*stages, hurry=False):
    said = []
    stop_stages(stages, lambda: hurry, said.append)
    return said


def test_the_last_stage_stops_first(child_of):
    first, second = child_of(POLITE, "first"), child_of(POLITE, "second")

    assert said_while_stopping([first], [second]) == [
        "second stopped (SIGTERM)",
        "first stopped (SIGTERM)",
    ]


def test_a_child_that_ignores_term_is_killed_when_its_patience_ends(child_of):
    child = child_of(STUBBORN, patience=0.2)

    assert said_while_stopping([child]) == ["sample stopped (SIGKILL)"]


@pytest.mark.slow
def test_a_worker_gets_term_then_quit(child_of):
    child = child_of(SOFT, patience=0.2, soft_limit=60)

    assert said_while_stopping([child]) == ["sample stopped (status 0)"]
    assert child.last_lines().splitlines() == ["up", "TERM", "QUIT"]


@pytest.mark.slow
def test_an_operator_in_a_hurry_does_not_wait_for_the_patience(child_of):
    child = child_of(STUBBORN, patience=600, soft_limit=600)

    assert said_while_stopping([child], hurry=True) == ["sample stopped (SIGKILL)"]


@pytest.mark.slow
def test_what_was_not_up_yet_is_not_waited_for(child_of):
    child = child_of(STUBBORN, patience=600)
    child.was_up = False

    assert said_while_stopping([child]) == ["sample stopped (SIGKILL)"]


def test_what_a_child_started_ends_with_it(child_of, places):
    child = child_of("sleep 600 & echo up; wait")
    wait_until(lambda: len(leftovers.find(["sample"], places)) == 2)

    said_while_stopping([child])

    wait_until(lambda: not leftovers.find(["sample"], places))
    assert not places.pid("sample").exists()


@pytest.mark.slow
def test_a_child_that_dies_is_started_again(child_of):
    child, said = child_of(POLITE), []
    before = child.pid
    watch = Watch([child], said.append)
    watch.start()

    os.kill(before, signal.SIGKILL)

    wait_until(lambda: len(said) == 2)
    watch.stop()
    assert said[0].startswith("sample ended by itself (SIGKILL): starting it again in 1 s")
    assert child.pid != before
    assert not child.has_ended()


@pytest.mark.slow
def test_the_pause_before_a_restart_grows(child_of):
    child, said = child_of("exit 3"), []
    watch = Watch([child], said.append)
    watch.start()

    wait_until(lambda: len(said) >= 3)
    watch.stop()
    assert "status 3" in said[0]
    assert "in 1 s" in said[0]
    assert "in 2 s" in said[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "limits", "end"),
    [
        pytest.param(POLITE, {}, "SIGTERM", id="warmly"),
        pytest.param(SOFT, {"patience": 0.2, "soft_limit": 60}, "status 0", id="by QUIT"),
        pytest.param(DEAF, {"patience": 0.2, "soft_limit": 0.2}, "SIGKILL", id="by KILL"),
    ],
)
def test_a_child_that_is_stuck_is_stopped_and_started_again(child_of, text, limits, end):
    child, said = child_of(text, **limits), []
    before = child.pid
    watch = Watch([child], said.append)
    watch.start()

    watch.restart("sample", "does nothing")
    watch.restart("sample", "does nothing")  # said twice, done once

    wait_until(lambda: len(said) == 3)
    watch.stop()
    assert said[:2] == [
        "sample does nothing: stopping it, to start it again",
        f"sample stopped ({end})",
    ]
    assert child.pid != before
    assert not child.has_ended()


def test_a_program_that_is_not_there_is_said_with_its_name(places):
    child = Child(Plan("sample", ("/no/such/program",), lambda: True), places, {})

    with pytest.raises(CannotStart, match="sample can't be run"):
        child.start()


@pytest.mark.slow
def test_processes_of_a_killed_supervisor_are_found_and_ended(child_of, places):
    broker, worker = child_of(STUBBORN, "broker"), child_of("sleep 600 & echo up; wait", "publish")
    wait_until(lambda: len(leftovers.find(["publish"], places)) == 2)

    patience, leftovers.PATIENCE = leftovers.PATIENCE, 0.2
    try:
        ended = leftovers.stop([["broker"], ["publish"]], places)
    finally:
        leftovers.PATIENCE = patience

    assert {broker.pid, worker.pid} <= set(ended)
    assert leftovers.find(["broker", "publish"], places) == []


def test_processes_of_another_folder_are_left_alone(child_of, places, tmp_path):
    child_of(POLITE, "broker")

    assert leftovers.find(["broker"], Places(tmp_path / "other")) == []


def test_a_number_that_another_program_has_now_is_not_ours(places, monkeypatch):
    places.pid("broker").write_text(f"{os.getppid()}\n")

    assert leftovers.find(["broker"], places) == []


def test_the_mark_names_child_and_folder(child_of, tmp_path):
    child = child_of(f"echo ${MARK}; echo up; sleep 600")

    assert child.last_lines().splitlines()[0] == f"sample@{tmp_path}"


def test_logs_are_followed_with_the_name_before_each_line(tmp_path):
    said = []
    follower = Follower(said.append)
    path = tmp_path / "web.log"
    path.write_text("from an earlier run\n")
    follower.add("web", path)
    with path.open("a") as log:
        log.write("one\ntwo\nhalf a li")
    wait_until(lambda: len(said) == 2)
    follower.close()

    assert said == ["web     | one", "web     | two"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(0, "status 0", id="an exit"),
        pytest.param(-9, "SIGKILL", id="a signal"),
        pytest.param(-63, "signal 63", id="a signal without a name"),
    ],
)
def test_an_end_is_told_in_words(status, words):
    assert in_words(status) == words


def test_a_long_log_is_put_aside_at_start(places, monkeypatch):
    monkeypatch.setattr("embedded.places.LOG_LIMIT", 3)
    places.log("web").write_text("long")

    assert not places.log("web").exists()
    assert (places.logs / "web.log.1").read_text() == "long"
