"""Door 6, Flower and what can be read outside: nobody commands by it, and no secret is in it."""

import threading
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_integration, make_publication, make_site, reload
from peers import RawPeer, answer
from secret_forms import forms
from servers import free_port, wait_until
from standing import Queue, celery, message, surroundings, worker

from models import PublicationState
from models.session import session_scope
from simulators.wordpress import SimulatedSite
from tasks.app import app

pytestmark = pytest.mark.slow

CANARY = "igny8_live_canary-that-nobody-may-ever-read"
LOGIN = "operator:canary-password-of-flower"
WORDS = "the disk is full"
COMMANDS = [
    pytest.param("worker/pool/restart/x", id="b100-pool-restart"),
    pytest.param("worker/shutdown/x", id="b100-shutdown"),
    pytest.param("worker/queue/add-consumer/x?queue=y", id="b100-add-consumer"),
    pytest.param("task/apply/dispatch", id="b100-apply"),
    pytest.param("task/async-apply/dispatch", id="b100-async-apply"),
    pytest.param("task/send-task/dispatch", id="b100-send-task"),
    pytest.param("task/revoke/x", id="b100-revoke"),
    pytest.param("task/timeout/dispatch?workername=x&soft=1", id="b100-timeout"),
]


@pytest.fixture(scope="module")
def house(valkey_server, tmp_path_factory):
    """A worker and Flower, that have published to a site and failed at one; all they wrote."""
    folder = tmp_path_factory.mktemp("flower")
    port = free_port()
    valkey_server.flush()
    with surroundings(folder, valkey_server.url(), LOG_LEVEL="DEBUG"):
        words = ["flower", "--address=127.0.0.1", f"--port={port}", "--read_only=True"]
        flower = celery("flower", folder, *words, FLOWER_BASIC_AUTH=LOGIN)
        with worker(folder) as works, flower as shows:
            works.wait_for_log("ready.")
            shows.wait_for_port(port)
            yield {"port": port, "processes": (works, shows), "broker": valkey_server.url()}


def ask(house, path, *, method="GET", login=None):
    request = urllib.request.Request(f"http://127.0.0.1:{house['port']}/{path}", method=method)
    if method == "POST":
        request.data = b""
    if login:
        request.add_header("Authorization", "Basic " + b64encode(login.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=20) as told:
            return told.status, told.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("login", "statuses"),
    [
        pytest.param(None, {401}, id="without-login"),
        pytest.param("operator:wrong", {401}, id="wrong-login"),
        pytest.param(LOGIN, {403}, id="with-login"),
    ],
)
def test_flower_takes_no_commands(house, command, login, statuses):
    status, told = ask(house, f"api/{command}", method="POST", login=login)

    assert status in statuses
    assert "Traceback" not in told


@contextmanager
def events_of_workers(broker_url):
    """What the workers tell of their tasks, as it comes."""
    heard = []
    with app.connection_for_read(broker_url) as connection:
        receiver = app.events.Receiver(connection, handlers={"*": heard.append})
        listener = threading.Thread(target=receiver.capture, kwargs={"wakeup": False})
        listener.start()
        try:
            wait_until(lambda: heard, what="an event")  # a heartbeat: it listens
            yield heard
        finally:
            receiver.should_stop = True
            listener.join()


@contextmanager
def database_that_takes_no(table):
    words = f"begin select raise(abort, '{WORDS}'); end"
    with session_scope() as session:
        session.execute(sa.text(f"create trigger full before insert on {table} {words}"))
    yield
    with session_scope() as session:
        session.execute(sa.text("drop trigger full"))


def page_of(house, event):
    """Return Flower's page of a task that failed, once it knows so."""
    path = f"task/{event['uuid']}"
    return wait_until(
        lambda: page if WORDS in (page := repr(ask(house, path, login=LOGIN))) else None, what=path
    )


def test_b102_the_canary_is_nowhere_after_a_task_that_broke_off(house):
    queue = Queue(house["broker"])
    works, _ = house["processes"]
    key = f"{CANARY}-here-either"
    repeats = answer(400, b'{"code": "no", "message": "you sent ' + key.encode() + b'"}')
    with (
        RawPeer(repeats) as site,
        database_that_takes_no("sync_events"),
        events_of_workers(house["broker"]) as heard,
    ):
        with session_scope() as session:
            integration = make_integration(session, make_site(session, url=site.url, key=key))
        make_publication(integration)
        queue.push(message("dispatch"))
        failed = wait_until(
            lambda: [event for event in heard if event["type"] == "task-failed"], what="a failure"
        )
        page = page_of(house, failed[0])
        works.wait_for_log(WORDS)
    told = [page, repr(heard), works.text(), repr(ask(house, "metrics", login=LOGIN))]

    assert any(CANARY.encode() in request for request in site.heard)
    assert "Traceback" in failed[0]["traceback"]
    assert WORDS in failed[0]["traceback"]
    assert "flower_events_total" in told[-1]
    for text in told:
        assert CANARY not in text
        assert LOGIN.split(":")[1] not in text


def test_b102_the_canary_is_nowhere(house):
    queue = Queue(house["broker"])
    with SimulatedSite(api_key=CANARY) as site:
        rows = []
        for key in (CANARY, CANARY[::-1]):
            with session_scope() as session:
                ours = make_site(session, url=site.url, key=key)
                rows.append(make_integration(session, ours))
        publications = [make_publication(integration) for integration in rows]
        queue.push(message("dispatch"))
        wait_until(
            lambda: reload(publications[0]).state is PublicationState.PUBLISHED, what="the post"
        )
        wait_until(lambda: reload(rows[1]).suspended_at, what="the refused key")
    told = [ask(house, path, login=LOGIN) for path in ("", "workers", "tasks", "api/tasks")]
    told += [igny8("--json", *words).out for words in (("status",), ("events",), ("site", "list"))]
    told += [process.text() for process in house["processes"]] + [queue.dump()]
    with session_scope(read_only=True) as session:
        for table in ("sites", "site_integrations", "publications", "attempts", "sync_events"):
            told.append(session.execute(sa.text(f"select * from {table}")).all())

    assert "publish.push_posts" in repr(told)
    for secret in (CANARY, CANARY[::-1], LOGIN.split(":")[1]):
        for form in forms(secret):
            assert form.decode() not in repr(told)
