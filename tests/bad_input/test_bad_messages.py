"""Door 6, the broker: whoever can write to it can't stop a worker, nor make it run code."""

import pickle

import pytest
import sqlalchemy as sa
from factories import SITE_KEY, make_integration, make_publication, make_site, reload
from servers import wait_until
from standing import Queue, message, surroundings, worker

from models import Heartbeat, Publication, PublicationState
from models.session import session_scope
from simulators.wordpress import SimulatedSite

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(valkey_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("messages")
    valkey_server.flush()
    with surroundings(folder, valkey_server.url()), worker(folder) as process:
        process.wait_for_log("ready.")
        yield process


@pytest.fixture(autouse=True)
def put_on_again(running):
    yield
    if not running.running:
        running.start().wait_for_log("ready.")


@pytest.fixture
def queue(running, valkey_server):
    return Queue(valkey_server.url())


class Bomb:
    """What a pickle runs when somebody loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def last_dispatch():
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(Heartbeat.at).where(Heartbeat.name == "dispatch"))


def still_works(queue, process):
    """The worker takes the next message, and is the one it was."""
    before, pid = last_dispatch(), process.pid
    queue.push(message("dispatch"))
    wait_until(
        lambda: last_dispatch() != before or not process.running,
        timeout=30,
        what="the next dispatch",
    )
    return process.running and process.pid == pid and last_dispatch() != before


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="b91-nothing"),
        pytest.param(b"\x00\xff\xfe", id="b91-no-text"),
        pytest.param(b"no json", id="b91-no-json"),
        pytest.param(b"null", id="b91-null"),
        pytest.param(b"[]", id="b91-a-list"),
        pytest.param(b"{}", id="b91-an-empty-object"),
        pytest.param(b"[" * 100_000, id="b91-nested"),
        pytest.param(b'{"properties": 7}', id="b91-properties-a-number"),
        pytest.param(pickle.dumps({}), id="b91-a-bare-pickle"),
        pytest.param(message("dispatch")[:100], id="b91-half-a-message"),
        pytest.param(message(body=b"{no json"), id="b91-body-no-json"),
        pytest.param(message(body=b"\xff\xfe"), id="b91-body-not-utf-8"),
        pytest.param(message(body=b"[]"), id="b91-body-empty-list"),
        pytest.param(message(body=b"7"), id="b91-body-a-number"),
        pytest.param(message(body=b"[" * 50_000), id="b91-body-nested"),
        pytest.param(message("no.such.task"), id="b91-unknown-task"),
        pytest.param(message("publish.push_posts"), id="b91-too-few-arguments"),
        pytest.param(message("publish.push_posts", [1, 2, 3]), id="b91-too-many-arguments"),
        pytest.param(message("publish.push_posts", kwargs={"x": 1}), id="b91-unknown-argument"),
        pytest.param(message("dispatch", kwargs={"__class__": "x"}), id="b91-dunder-argument"),
        pytest.param(message(content_type="application/x-yaml"), id="b91-yaml"),
        pytest.param(message(content_type="application/x-nothing"), id="b91-unknown-type"),
        pytest.param(message(encoding="rot13"), id="b91-unknown-encoding"),
        pytest.param(message(headers={"task": None}), id="b91-task-null"),
        pytest.param(message(headers={"task": ["a"]}), id="b91-task-a-list"),
        pytest.param(message("publish.push_posts", [10**9]), id="b92-deleted-row"),
        pytest.param(message("publish.push_posts", [2**70]), id="b92-beyond-64-bits"),
        pytest.param(message("publish.push_posts", ["1' OR 1=1"]), id="b92-sql"),
        pytest.param(message("publish.push_posts", ["9" * 1_000_000]), id="b92-1-mb-id"),
        pytest.param(message("publish.push_posts", [None]), id="b92-null"),
        pytest.param(message("publish.push_posts", [{"id": 1}]), id="b92-an-object"),
        pytest.param(message(headers={"retries": 10**6}), id="b92-retries"),
        pytest.param(message(headers={"eta": "9999-12-31T23:59:59"}), id="b92-eta-9999"),
        pytest.param(message(headers={"eta": "soon"}), id="b92-eta-a-word"),
        pytest.param(message(headers={"expires": "1999-01-01T00:00:00"}), id="b92-expired"),
        pytest.param(message(headers={"expires": "never"}), id="b92-expires-a-word"),
        pytest.param(message(headers={"timelimit": [-1, "x"]}), id="b92-time-limits"),
        pytest.param(message(priority=255), id="b92-priority-255"),
    ],
)
def test_a_message_that_nobody_sent_stops_nothing(queue, running, raw):
    queue.push(raw)

    assert still_works(queue, running)
    with session_scope(read_only=True) as session:
        assert session.scalars(sa.select(Publication)).all() == []


@pytest.mark.parametrize("name", [pytest.param("application/x-python-serialize", id="b91-pickle")])
def test_a_pickle_is_not_loaded(queue, running, tmp_path, name):
    bomb = tmp_path / "was here"
    queue.push(message(body=pickle.dumps(Bomb(bomb)), content_type=name, encoding="binary"))

    assert still_works(queue, running)
    assert not bomb.exists()


@pytest.mark.parametrize("copies", [pytest.param(300, id="b93-three-hundred-copies")])
def test_many_copies_of_one_message_have_one_effect(queue, running, copies):
    with SimulatedSite(api_key=SITE_KEY) as site:
        with session_scope() as session:
            ours = make_site(session, url=site.url, key=SITE_KEY)
            integration = make_integration(session, ours)
        publication = make_publication(integration)
        queue.push(*[message("dispatch")] * copies)
        wait_until(lambda: reload(publication).state is PublicationState.PUBLISHED, what="the post")
        queue.wait_taken()
        assert still_works(queue, running)

        assert len(site.posts) == 1
        assert reload(publication).fence == 1
