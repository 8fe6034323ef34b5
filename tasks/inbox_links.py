"""The links of the inbox's chain. Each takes a batch's id, and may run twice."""

from tasks import doorbell, inbox_applying, inbox_asking, inbox_reading
from tasks.app import app


@app.task(name="inbox.read_messages")
def read_messages(batch_id: int) -> None:
    """Read every message of a batch (S201)."""
    inbox_reading.read_messages(batch_id)


@app.task(name="inbox.refetch_posts")
def refetch_posts(batch_id: int) -> None:
    """Ask the site for posts that the messages can't settle (S202)."""
    inbox_asking.refetch_posts(batch_id)


@app.task(name="inbox.apply_messages")
def apply_messages(batch_id: int) -> None:
    """Write what is new (S203–S205)."""
    inbox_applying.apply_messages(batch_id)
    doorbell.ring_inbox()  # more may have come meanwhile
