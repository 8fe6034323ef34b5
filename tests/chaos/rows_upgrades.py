"""Rows: what an older or a newer release has left, in the queues and in the rows."""

from chaos_checks import rows_of
from chaos_table import BOTH, Row, Size

from models import PublicationState
from models.clock import now_plus
from tasks.app import app

LINKS = ("build_excerpts", "build_taxonomy", "build_images", "push_posts", "confirm_posts")

NEVER = 10**9
"""An id that no row has."""

MESSAGES = [
    {"name": "publish.of_a_later_release", "queue": "publish"},
    {"name": "maintenance.of_an_earlier_release", "queue": "maintenance", "args": (1, "two")},
    {"name": "publish.push_posts", "queue": "publish"},
    {"name": "publish.push_posts", "queue": "publish", "args": (1, 2, 3)},
    {"name": "publish.push_posts", "queue": "publish", "args": ("x" * 5000,)},
    {"name": "publish.push_posts", "queue": "publish", "args": (None,)},
    {"name": "publish.build_images", "queue": "media", "args": (NEVER,), "kwargs": {"new": 1}},
    {"name": "publish.build_images", "queue": "media", "args": (NEVER,)},
    {"name": "publish.confirm_posts", "queue": "publish", "args": (NEVER,)},
    {"name": "publish.confirm_posts", "queue": "publish", "args": (10**30,)},
    {"name": "publish.build_excerpts", "queue": "publish", "args": (-1,)},
    {"name": "dispatch", "queue": "publish", "args": ("an argument it never had",)},
    {"name": "rescue", "queue": "maintenance", "kwargs": {"limit": 5}},
    {"name": "publish.push_posts", "queue": "publish", "args": (NEVER,), "expires": 1},
    {"name": "publish.push_posts", "queue": "publish", "args": (NEVER,), "priority": 255},
    {"name": "publish.push_posts", "queue": "publish", "args": (NEVER,), "retries": 10**6},
]

SHAPES = {
    "no parts": {"excerpt": None, "taxonomy": None, "images": None},
    "empty parts": {"excerpt": "", "taxonomy": {}, "images": []},
    "a part with less": {"images": [{"role": "featured", "source": "old.png"}]},
    "a part with more": {
        "images": [{"role": "featured", "source": "new.png", "srcset": "a later field"}],
        "taxonomy": {"categories": [["News"]], "tags": ["x"], "formats": ["a later field"]},
    },
    "claimed, but for no batch": {
        "state": PublicationState.PUBLISHING,
        "batch_id": None,
        "leased_until": now_plus(-60),
    },
    "unclear, with all attempts but one used": {
        "state": PublicationState.UNCONFIRMED,
        "unclear": True,
        "attempts": 7,
    },
}


def send_strange_messages(run):
    """Messages of other releases, straight onto the queues, between those of the work."""
    for number in run.strikes():
        message = dict(MESSAGES[number % len(MESSAGES)])
        app.send_task(message.pop("name"), **message)


def repeat_messages(run):
    """Every message of a batch again and again, by hand."""
    for _ in run.strikes():
        accepted = run.publish_slowly(2)
        rows = rows_of(entry.content_id for entry in accepted).values()
        for batch_id in {row.batch_id for row in rows if row.batch_id}:
            for link in LINKS:
                for _ in range(15):
                    app.send_task(f"publish.{link}", args=(batch_id,), queue="publish")
        run.undial()
        for _ in range(50):
            app.send_task("dispatch", queue="publish")


def leave_old_rows(run):
    """Rows as another release has left them; nobody works on them before they are as we want."""
    shapes = list(SHAPES.values())
    for number in run.strikes():
        run.accept(shape=shapes[number % len(shapes)])


ROWS = [
    Row(
        "messages of other releases in the queues",
        send_strange_messages,
        Size(len(MESSAGES), 16, 3),
        Size(10 * len(MESSAGES), 150, 12),
    ),
    Row(
        "every message of a batch 15 times",
        repeat_messages,
        Size(3, 6, 2),
        Size(20, 60, 12),
    ),
    Row(
        "rows of other releases",
        leave_old_rows,
        Size(2 * len(SHAPES), 8, 2),
        Size(10 * len(SHAPES), 60, 10),
        databases=BOTH,
    ),
]
