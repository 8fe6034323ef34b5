"""What only looks alive, or goes on after its time, harms nothing: beats, threads, shutdowns."""

import signal

import pytest
import sqlalchemy as sa
from engine import LINES, celery
from factories import make_publication
from servers import LocalProcess, wait_until

from models import Attempt, Heartbeat, Integration, Publication, PublicationState, SyncEvent
from models.session import session_scope
from tasks.doorbell import ring
from tasks.heartbeat import BEAT_STARTED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sqlite_database"),
    pytest.mark.parametrize("broker", ["valkey"], indirect=True),
]


def accept(integration, count):
    made = [make_publication(integration, title=f"Post {n}") for n in range(count)]
    ring()
    return made


def rows():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(Publication).order_by(Publication.id)).all()


def wait_for_all():
    def states():
        return {row.state for row in rows()}

    wait_until(
        lambda: states() == {PublicationState.PUBLISHED}, timeout=120, what="everything published"
    )


def titles(site):
    return sorted(post.title for post in site.posts)


def beats():
    with session_scope(read_only=True) as session:
        return dict(session.execute(sa.select(Heartbeat.name, Heartbeat.at)).all())


@pytest.fixture
def environment(environment):
    environment.setenv("IGNY8_PULSE", "1")
    return environment


def test_two_beats_publish_nothing_twice(engine, integration, simulated_site, tmp_path):
    second = LocalProcess(
        "beat-2", celery("beat", "-s", str(tmp_path / "beat-2")), tmp_path, env=engine["beat"].env
    )
    with second:
        accept(integration, 30)
        wait_for_all()
        wait_until(lambda: second.text().count("(pulse)") >= 3, what="the second beat's ticks")
        wait_until(lambda: engine["beat"].text().count("(pulse)") >= 3, what="the first's")

    assert titles(simulated_site) == sorted(f"Post {n}" for n in range(30))
    with session_scope(read_only=True) as session:
        told = session.scalars(sa.select(SyncEvent.content_id)).all()
    assert sorted(told) == sorted(row.content_id for row in rows())


def test_beat_notes_each_of_its_starts(engine):
    wait_until(lambda: BEAT_STARTED in beats(), what="the first start")
    first = beats()[BEAT_STARTED]
    engine["beat"].kill()
    engine["beat"].start()

    wait_until(lambda: beats()[BEAT_STARTED] > first, what="the second")


def test_every_queue_has_its_own_sign_of_life(engine):
    names = {"pulse.publish", "pulse.media", "pulse.webhooks", "pulse.maintenance"}
    wait_until(lambda: names <= set(beats()), what="a pulse of every queue")
    engine["media"].kill()
    before = beats()

    def others_went_on():
        after = beats()
        return all(after[name] > before[name] for name in names - {"pulse.media"})

    wait_until(others_went_on, what="pulses without the media worker")
    wait_until(others_went_on, what="pulses without the media worker")
    engine["media"].start()
    wait_until(lambda: beats()["pulse.media"] > before["pulse.media"], what="its pulse again")


@pytest.fixture
def stuck(environment, tmp_path, monkeypatch):
    """The folder by which the publish worker's calls are made to hang."""
    folder = tmp_path / "stuck"
    folder.mkdir()
    environment.setenv("STUCK_CALLS", str(folder))
    monkeypatch.setitem(LINES, "publish", [*LINES["publish"], "-I", "stuck_calls"])
    environment.setenv("IGNY8_ALLOWED_PRIVATE_HOSTS", "127.0.0.1,localhost")
    yield folder
    (folder / "go").touch()


def overtaken(stuck, integration):
    """Let a thread that hangs lose its lease, and go on; return its row, and that of who did it."""
    accept(integration, 1)
    wait_until((stuck / "hanging").exists, what="the thread that hangs")
    (late,) = rows()
    wait_for_all()
    (done,) = rows()
    assert done.fence > late.fence
    (stuck / "go").touch()
    return late, done


def test_a_thread_that_hangs_sees_before_its_request_that_its_lease_is_lost(
    stuck, engine, integration, simulated_site
):
    (stuck / "encode").touch()
    _, done = overtaken(stuck, integration)
    engine["publish"].wait_for_log("push.lease_lost")

    assert attempts(412) == []
    assert as_stored(rows()) == as_stored([done])
    assert titles(simulated_site) == ["Post 0"]


def test_one_that_hangs_after_that_look_is_refused_by_the_site(
    stuck, engine, integration, simulated_site
):
    (stuck / "send").touch()
    late, done = overtaken(stuck, integration)
    refused = wait_until(lambda: attempts(412), what="the site's refusal")

    assert [(each.fence, each.batch_id) for each in refused] == [(late.fence, late.batch_id)]
    assert as_stored(rows()) == as_stored([done])
    assert titles(simulated_site) == ["Post 0"]
    with session_scope(read_only=True) as session:
        assert len(session.scalars(sa.select(SyncEvent)).all()) == 1


def attempts(status):
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(Attempt).where(Attempt.status_code == status)).all()


def as_stored(found):
    columns = Publication.__table__.columns.keys()
    return [{name: getattr(row, name) for name in columns} for row in found]


def test_a_resolver_that_hangs_holds_no_worker(stuck, environment, engine, integration):
    """Its thread goes on after the time for a connection; the work waits, and then goes out."""
    with session_scope() as session:
        ours = session.get_one(Integration, integration.id)
        ours.external_site_url = ours.site_url.replace("127.0.0.1", "localhost")
        ours.config_json = {**ours.config_json, "site_url": ours.external_site_url}
    (stuck / "resolve").touch()
    accept(integration, 1)
    wait_until((stuck / "hanging").exists, what="the look-up that hangs")

    wait_until(lambda: rows()[0].failure_code == "unreachable", what="the end of waiting for it")
    (stuck / "go").touch()
    wait_for_all()


@pytest.fixture
def soft(environment):
    """Workers as the Procfile has them: TERM is a soft shutdown."""
    environment.setenv("REMAP_SIGTERM", "SIGQUIT")


def test_a_soft_shutdown_gives_back_what_was_not_sent(
    soft, engine, integration, simulated_site, turn_dial
):
    turn_dial(kind="slow", seconds=1.2)
    accept(integration, 20)
    wait_until(lambda: simulated_site.posts, what="the first post")

    engine["publish"].kill(signal.SIGTERM)
    wait_until(lambda: not engine["publish"].running, what="the worker's end")
    assert engine["publish"].exit_code == 0
    assert len(simulated_site.posts) < 20
    simulated_site.faults.clear()
    engine["publish"].start()
    wait_for_all()

    assert titles(simulated_site) == sorted(f"Post {n}" for n in range(20))
    assert {row.attempts for row in rows()} == {0}
