"""Door 6, Flower and what can be read outside: nobody commands by it, and no secret is in it."""

import urllib.error
import urllib.request
from base64 import b64encode

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_integration, make_publication, make_site, reload
from servers import free_port, wait_until
from standing import Queue, celery, message, surroundings, worker

from models import PublicationState
from models.session import session_scope
from simulators.wordpress import SimulatedSite

pytestmark = pytest.mark.slow

CANARY = "igny8_live_canary-that-nobody-may-ever-read"
LOGIN = "operator:canary-password-of-flower"
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
        assert secret not in repr(told)
