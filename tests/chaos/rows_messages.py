"""Rows: messages that somebody has put onto the broker by hand."""

import json
import pickle
from base64 import b64encode

from chaos_checks import rows_of
from chaos_drain import have_ended
from chaos_table import POSTGRESQL, Row, Size
from servers import wait_until

from tasks.app import app

PREFIX, ASIDE = "igny8:", "aside:"
QUEUES = ("publish", "media", "maintenance")
COPIES_AT_ONCE = 1000
PATIENCE = 300.0
"""Seconds in which a queue must get shorter: how long 100,000 messages take is the machine's."""


class Bomb:
    """What a pickle does when somebody loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def no_messages(run):
    """Yield what is no message of ours, as bytes; a pickle that is loaded makes ``run.bomb``."""
    good = message(run, "publish.push_posts", (10**9,))
    yield from (b"", b"\x00\xff\xfe", b"no json", b"null", b"7", b"[]", b'"text"', b"{}")
    yield good[: len(good) // 2]
    for field in ("body", "headers", "properties", "content-type"):
        yield changed(good, **{field: None})
        yield json.dumps({k: v for k, v in json.loads(good).items() if k != field}).encode()
    for type_ in ("application/x-yaml", "application/x-nothing", "text/plain", ""):
        yield changed(good, **{"content-type": type_})
    for body in ("no base64!", b64encode(b"\xff{").decode(), b64encode(b"{no json").decode()):
        yield changed(good, body=body)
    bomb = pickle.dumps(Bomb(run.bomb))
    for type_ in ("application/x-python-serialize", "application/json"):
        binary = {"content-type": type_, "content-encoding": "binary"}
        yield changed(good, body=b64encode(bomb).decode(), **binary)
    yield bomb


def changed(raw, **fields):
    return json.dumps(json.loads(raw) | fields).encode()


def message(run, name, arguments):
    """Return a message as Celery itself writes it to the broker."""
    options = app.conf.broker_transport_options | {"global_keyprefix": ASIDE}
    with app.connection_for_write(transport_options=options) as connection:
        app.send_task(name, args=arguments, queue="publish", connection=connection)
    with run.world.broker.client() as client:
        return client.lpop(f"{ASIDE}publish")


def push_no_messages(run):
    """Put bytes that are no message between those of the work."""
    run.bomb = run.folder / "a pickle was loaded"
    kinds = list(no_messages(run))
    with run.world.broker.client() as client:
        for number in run.strikes():
            queue = run.random.choice(QUEUES)
            client.lpush(f"{PREFIX}{queue}", kinds[number % len(kinds)])
        wait_until_taken(client)
    if run.bomb.exists():
        raise AssertionError("a pickle was loaded")


def wait_until_taken(client):
    while left := waiting(client):
        wait_until(lambda: waiting(client) < left, timeout=PATIENCE, what="a shorter queue")


def waiting(client):
    """Return how many messages wait in the queues."""
    return sum(client.llen(f"{PREFIX}{queue}") for queue in QUEUES)


def copy_one_message(run):
    """Push ``size.times`` copies of the message that sends a batch which is on its way."""
    accepted = run.publish_slowly(20)
    rows = rows_of(entry.content_id for entry in accepted).values()
    batch_id = next(row.batch_id for row in rows if row.batch_id)
    run.undial()  # its own posts still take their time
    copy = message(run, "publish.push_posts", (batch_id,))
    with run.world.broker.client() as client:
        for start in range(0, run.size.times, COPIES_AT_ONCE):
            copies = min(COPIES_AT_ONCE, run.size.times - start)
            client.lpush(f"{PREFIX}publish", *[copy] * copies)
            run.struck(copies)
        wait_until_taken(client)
    wait_until(lambda: have_ended(accepted), what="the batch's end")


ROWS = [
    Row(
        "bytes that are no message, and pickles, in the queues",
        push_no_messages,
        Size(27, 20, 3),
        Size(200, 150, 15),
    ),
    Row(
        "one message copied (quick: 2,000 times, full: 100,000 times)",
        copy_one_message,
        Size(2000, 12, 2),
        Size(100_000, 100, 15),
        full_databases=(POSTGRESQL,),
    ),
]
