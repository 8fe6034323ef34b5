"""The links of the inbox's chain. Each takes a batch's id, and may run twice."""

from tasks import doorbell
from tasks.app import app
from tasks.inbox import applying, asking, reading


@app.task(name="inbox.read_messages")
def read_messages(batch_id: int) -> None:
    """Read every message of a batch (S201)."""
    reading.read_messages(batch_id)


@app.task(name="inbox.refetch_posts")
def refetch_posts(batch_id: int) -> None:
    """Ask the site for posts that the messages can't settle (S202)."""
    asking.refetch_posts(batch_id)


@app.task(name="inbox.apply_messages")
def apply_messages(batch_id: int) -> None:
    """Write what is new (S203–S205)."""
    applying.apply_messages(batch_id)
    doorbell.ring_inbox()  # more may have come meanwhile
