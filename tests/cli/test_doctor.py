"""`igny8 doctor`: says what is broken and what to do, and never breaks itself."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from factories import make_integration
from servers import free_port
from typer.testing import CliRunner

from beat_schedule import beat_schedule
from cli import checks, database
from cli.main import app
from models import Heartbeat, Installation, session
from models.clock import now
from tasks.heartbeat import BEAT_STARTED, note_beat_started


@pytest.fixture
def nothing_runs(environment):
    """Ports on which nobody answers."""
    for name in ("PORT", "FLOWER_PORT", "IGNY8_BROKER_PORT"):
        environment.setenv(name, str(free_port()))
    return environment


@pytest.fixture
def migrated(nothing_runs):
    database.upgrade()
    yield
    session.engine().dispose()


def ask():
    done = CliRunner().invoke(app, ["--json", "doctor"])
    found = json.loads(done.stdout)
    return done.exit_code, {check["subject"]: check for check in found["checks"]}


def test_sites_with_an_older_plugin_are_counted(migrated):
    with session.session_scope() as writing:
        site = make_integration(writing).site
        writing.add(Installation(site_id=site.id, version="1.0.0", last_seen=now()))

    found = ask()[1]["plugins"]

    assert (found["grade"], found["said"].partition(" ")[0]) == ("warn", "1")
    assert "plugin_outdated" in found["advice"]


def test_with_nothing_running_the_rest_is_still_looked_at(migrated):
    code, found = ask()

    grades = {subject: check["grade"] for subject, check in found.items()}
    assert code == 1
    assert grades | {"data folder": "ok"} == {
        "python": "ok",
        "data folder": "ok",
        "disk": "ok",
        "secret key": "ok",
        "database": "ok",
        "clock": "ok",
        "broker": "fail",
        "workers": "fail",
        "beat": "fail",
        "queues": "warn",
        "plugins": "ok",
        "API": "warn",
        "Flower": "warn",
    }
    assert "igny8 up" in found["broker"]["advice"]


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize(
    ("seconds", "words"), [(3600, "3600 s ahead of"), (-90, "90 s behind")], ids=["ahead", "behind"]
)
def test_a_clock_that_is_not_the_databases_is_told(seconds, words):
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
        found = ask()[1]["clock"]

    assert found["grade"] == "fail"
    assert words in found["said"]


def test_a_database_without_tables_is_told_how_to_get_them(nothing_runs):
    found = ask()[1]
    session.engine().dispose()

    assert found["database"]["grade"] == "fail"
    assert found["database"]["advice"] == "run `igny8 db upgrade`"


def test_a_database_that_is_away_is_said_without_its_password(nothing_runs):
    nothing_runs.setenv("DATABASE_URL", "postgresql://me:hushhush@127.0.0.1:1/none")

    done = CliRunner().invoke(app, ["doctor"])

    assert done.exit_code == 1
    assert "FAIL  database" in done.stdout
    assert "hushhush" not in done.stdout


def test_a_missing_key_is_broken(nothing_runs):
    nothing_runs.delenv("IGNY8_SECRET_KEYS")

    assert ask()[1]["secret key"]["grade"] == "fail"


def ticked(**ages):
    """Let periodic tasks have run so many seconds ago; `pulse_media` is the entry `pulse.media`."""
    rows = [
        {"name": name.replace("pulse_", "pulse."), "at": datetime.now(UTC) - timedelta(seconds=age)}
        for name, age in ages.items()
    ]
    with session.session_scope() as opened:
        opened.execute(sa.insert(Heartbeat), rows)


@pytest.fixture
def beat_just_started(migrated):
    note_beat_started()


@pytest.mark.usefixtures("beat_just_started")
@pytest.mark.parametrize(
    ("age", "grade"),
    [
        pytest.param(0, "ok", id="just now"),
        pytest.param(30, "ok", id="behind a busy worker"),
        pytest.param(55, "warn", id="late"),
        pytest.param(300, "fail", id="long ago"),
    ],
)
def test_the_age_of_the_last_tick_tells_whether_beat_lives(age, grade):
    ticked(dispatch=age)

    assert ask()[1]["beat"]["grade"] == grade


@pytest.mark.usefixtures("beat_just_started")
@pytest.mark.parametrize(
    ("rescue", "grade"),
    [
        pytest.param(100, "ok", id="within three intervals of 60 s"),
        pytest.param(200, "warn", id="more than three"),
        pytest.param(700, "fail", id="more than ten"),
    ],
)
def test_every_entry_is_measured_by_its_own_interval(rescue, grade):
    ticked(dispatch=0, rescue=rescue)

    found = ask()[1]["beat"]

    assert found["grade"] == grade
    assert "rescue" in found["said"]


NEVER = [name for name in beat_schedule if name != "dispatch" and not name.startswith("pulse.")]


def test_entries_that_have_never_run_are_named(migrated):
    ticked(dispatch=0)

    found = ask()[1]["beat"]

    assert found["grade"] == "warn"
    assert found["said"] == f"has never run: {', '.join(NEVER)}; dispatch 0 s ago"
    assert "unregistered task" in found["advice"]


def test_an_entry_whose_time_has_not_come_since_beat_started_is_not_named(migrated):
    ticked(dispatch=0, **{BEAT_STARTED: 3600})

    named = ask()[1]["beat"]["said"].partition(";")[0].removeprefix("has never run: ").split(", ")

    assert set(NEVER) - set(named) == {"prune", "check_releases"}


def test_what_has_stopped_is_worse_than_what_never_ran(migrated):
    ticked(dispatch=300)

    found = ask()[1]["beat"]

    assert found["grade"] == "fail"
    assert found["said"].startswith(f"has never run: {', '.join(NEVER)}; late: dispatch")


@pytest.mark.parametrize(
    ("media", "grade"),
    [
        pytest.param(20, "ok", id="just now"),
        pytest.param(120, "warn", id="three missed"),
        pytest.param(400, "fail", id="ten missed"),
    ],
)
def test_a_queue_that_nobody_takes_from_is_named(migrated, media, grade):
    ticked(pulse_publish=5, pulse_webhooks=5, pulse_maintenance=5, pulse_media=media)

    found = ask()[1]["queues"]

    assert found["grade"] == grade
    assert ("late: pulse.media" in found["said"]) == (grade != "ok")


def test_every_entry_of_beats_table_tells_its_last_tick(migrated):
    ticked(dispatch=10)

    told = json.loads(CliRunner().invoke(app, ["--json", "doctor"]).stdout)["last_tick_at"]

    assert set(told) == set(beat_schedule)
    assert datetime.fromisoformat(told["dispatch"]) < datetime.now(UTC) - timedelta(seconds=9)
    assert told["prune"] is None


def test_queues_from_which_nothing_came_yet_are_named(migrated):
    ticked(pulse_publish=5)

    assert ask()[1]["queues"]["said"] == "nothing taken yet from: media, webhooks, maintenance"


@pytest.mark.parametrize("variable", ["REDIS_URL", "CELERY_BROKER_URL"])
def test_a_broker_that_is_away_is_looked_for_where_it_is_set(nothing_runs, variable):
    nothing_runs.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    nothing_runs.setenv(variable, f"redis://127.0.0.1:{free_port()}/0")

    assert ask()[1]["broker"]["advice"] == f"look at {variable}"


def test_a_broker_that_answers_is_well(migrated, broker_url):
    assert ask()[1]["broker"] == {
        "subject": "broker",
        "grade": "ok",
        "said": broker_url,
        "advice": "",
    }


@pytest.mark.parametrize(
    ("free", "grade"),
    [
        pytest.param(100 * 1024**3, "ok", id="plenty"),
        pytest.param(500 * 1024**2, "warn", id="little"),
        pytest.param(1024**2, "fail", id="none to speak of"),
    ],
)
def test_disk_space_is_watched(nothing_runs, monkeypatch, free, grade):
    usage = (200 * 1024**3, 0, free)
    monkeypatch.setattr(
        checks.shutil, "disk_usage", lambda _: type("Usage", (), {"free": usage[2]})
    )

    assert ask()[1]["disk"]["grade"] == grade


def test_a_data_folder_under_a_file_is_one_finding(nothing_runs, tmp_path):
    (tmp_path / "file").touch()
    nothing_runs.setenv("IGNY8_DATA_DIR", str(tmp_path / "file" / "var"))
    nothing_runs.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/igny8.db")

    found = ask()[1]
    session.engine().dispose()

    assert found["data folder"]["grade"] == "fail"
    assert found["disk"]["grade"] == "fail"
