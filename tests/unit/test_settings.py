"""Settings that contradict each other are refused, all of them at once, in a line each."""

import pytest
from pydantic import ValidationError

import celeryconfig
import settings
from settings import Settings, fault_lines
from tasks.publishing import preparing


def faults(**variables):
    try:
        Settings(_env_file=None, **variables)
    except ValidationError as error:
        return fault_lines(error)
    return []


def test_the_defaults_are_sound(environment):
    assert faults() == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param(
            {"IGNY8_LEASE": "45"}, ["longer than IGNY8_TOTAL_TIMEOUT"], id="a request outlives it"
        ),
        pytest.param(
            {"IGNY8_LEASE": "3600"}, ["shorter than the 3600 s"], id="the broker gives it away"
        ),
        pytest.param({"IGNY8_TICK": "180"}, ["IGNY8_TICK (180 s)"], id="a tick as long as a lease"),
        pytest.param(
            {"IGNY8_READ_TIMEOUT": "41"}, ["must fit into IGNY8_TOTAL_TIMEOUT"], id="parts > whole"
        ),
        pytest.param(
            {"IGNY8_RETRY_FIRST_DELAY": "7200"}, ["IGNY8_RETRY_FIRST_DELAY"], id="first > longest"
        ),
        pytest.param({"REDIS_URL": "redsi://x"}, ["must begin with redis://"], id="no such broker"),
        pytest.param(
            {"IGNY8_LEASE": "10", "IGNY8_TICK": "20", "REDIS_URL": "x"},
            ["CELERY_BROKER_URL", "IGNY8_LEASE", "IGNY8_TICK"],
            id="three at once",
        ),
        pytest.param({"PORT": "http", "IGNY8_TICK": "0"}, ["PORT: ", "IGNY8_TICK: "], id="no type"),
    ],
)
def test_a_contradiction_is_one_line(environment, variables, words):
    found = sorted(faults(**variables))

    assert len(found) == len(words)
    assert all(word in line for line, word in zip(found, sorted(words), strict=True)), found


def test_time_limits_end_no_task_that_holds_a_lease():
    """They are prefork's; threads can't be ended, and prolong their lease."""
    limited = {name for name, to in celeryconfig.task_routes.items() if to["queue"] == "media"}
    soft, hard = celeryconfig.task_soft_time_limit, celeryconfig.task_time_limit

    assert limited == {"publish.prepare_pictures"}
    assert preparing.AT_A_TIME < soft < hard < settings.VISIBILITY_TIMEOUT


def test_no_value_is_shown(environment):
    shown = "\n".join(faults(REDIS_URL="redsi://me:hushhush@x", IGNY8_SECRET_KEYS=5))

    assert "hushhush" not in shown


def test_a_process_that_needs_them_ends_with_the_lines(environment):
    environment.setenv("IGNY8_LEASE", "4")
    environment.setenv("IGNY8_TICK", "5")
    settings.current.cache_clear()

    with pytest.raises(SystemExit) as ended:
        settings.current_or_exit()
    lines = str(ended.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["refusing to start"] * 2
