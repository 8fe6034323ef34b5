"""The drain: what has no end state yet, what it waits for, and how long that takes."""

import contextlib
import math
import time

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from models import Integration, Publication, PublicationState
from models.clock import now
from models.session import session_scope

ENDS = (PublicationState.PUBLISHED, PublicationState.FAILED, PublicationState.WITHDRAWN)
EVERY = 0.1
"""Seconds between two looks."""

# The first that is true of a row; all of one site wait where one of them is on its way.
CAUSE = sa.case(
    (Integration.suspended_at.is_not(None), "suspension"),
    (Publication.state == PublicationState.PUBLISHING, "batch or its lease"),
    (Integration.breaker_open_until > now(), "breaker"),
    (Integration.next_post_at > now(), "Retry-After"),
    (Publication.due_at > now(), "retry"),
    else_="turn",
)


def waiting(integration_ids):
    """Return how many publications of these sites have no end yet, by what they wait for.

    Raises:
        sqlalchemy.exc.OperationalError: the database can't be asked.
    """
    query = (
        sa.select(CAUSE, sa.func.count())
        .select_from(Publication)
        .join(Integration, Integration.id == Publication.integration_id)
        .where(Publication.integration_id.in_(integration_ids), Publication.state.not_in(ENDS))
        .group_by(sa.literal_column("1"))
    )
    with session_scope(read_only=True) as session:
        return dict(session.execute(query).all())


def have_ended(accepted):
    """Whether these contents' publications have an end."""
    ids = [entry.content_id for entry in accepted]
    query = sa.select(sa.func.count()).where(
        Publication.content_id.in_(ids), Publication.state.in_(ENDS)
    )
    with session_scope(read_only=True) as session:
        return session.scalar(query) == len(ids)


def drain(integration_ids, patience):
    """Wait for the end of all; return the seconds by what was waited for.

    None, when ``patience`` seconds have passed in which not one came to its end: on a busy machine
    the whole may take any time. Where several waited for different things at the same time, it
    counts for each of them.
    """
    waits, fewest, ends = {}, math.inf, time.monotonic() + patience
    while time.monotonic() < ends:
        began = time.monotonic()
        with contextlib.suppress(OperationalError):
            causes = waiting(integration_ids)
            if not causes:
                return waits
            if (left := sum(causes.values())) < fewest:
                fewest, ends = left, began + patience
            for cause in causes:
                waits[cause] = waits.get(cause, 0.0) + EVERY
        time.sleep(EVERY)
    return None
