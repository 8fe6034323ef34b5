"""Bulk jobs: every few seconds, and when rung for, what has room is accepted."""

from dataclasses import asdict

import structlog

from models.bulk.feeding import FeedingPlace, feed_place, feeding_places, wait_for_feeder
from models.bulk.progress import finish_jobs, has_open_jobs, settle_items, skip_removed
from models.session import session_scope
from tasks import doorbell
from tasks.app import app
from tasks.heartbeat import beats

log = structlog.get_logger()


@app.task(name="feed_bulk_jobs")
@beats("feed_bulk_jobs")
def feed_bulk_jobs() -> None:
    """Accept what there is room for, and ring: for the accepted, and for what is left."""
    accepted = feed()
    if accepted:
        log.info("bulk.accepted", items=accepted)
        doorbell.ring()
        doorbell.ring_bulk()


def feed(job_id: str | None = None) -> int:
    """Note what has ended and accept a few more, of one job or of all; return how many.

    Each site's group is a transaction of its own.
    """
    with session_scope(read_only=True) as session:
        if not has_open_jobs(session):
            return 0
    settle()
    with session_scope(read_only=True) as session:
        places = feeding_places(session, job_id)
    accepted = sum(_feed_place(place) for place in places)
    with session_scope() as session:
        wait_for_feeder(session)
        finish_jobs(session)
    return accepted


def _feed_place(place: FeedingPlace) -> int:
    try:
        with session_scope() as session:
            return feed_place(session, place)
    except Exception as error:
        # Whatever it is: one site's fault must not stop the others.
        log.exception("bulk.place_failed", **asdict(place), error=type(error).__name__)
        return 0


def settle() -> None:
    """Note what has come to its end, a transaction for each part."""
    with session_scope() as session:
        skip_removed(session)
    settled = 1
    while settled:
        with session_scope() as session:
            settled = settle_items(session)
