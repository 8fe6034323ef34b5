"""Giving back what a lost worker held, and an end for what loses every worker (a poison row).

A worker that dies says nothing of the row that killed it, and up to 19 others died with it. So a
row that was lost twice is claimed alone, and after `MOST_RESCUES` it fails: the others go on.
A lease also ends while a batch waits in a queue that nobody serves, or when the broker has lost its
message: that is no lost worker, so only what a link had begun and not ended counts. A living worker
that takes longer than its lease counts too: a text that takes for ever to read must have an end.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import settings
from models.clock import now, now_plus
from models.history import EventStatus, SyncEvent
from models.integration import Integration
from models.publication import ON_ITS_WAY, Batch, Publication, PublicationState
from models.publishing.suspects import ALONE_AFTER

MOST_RESCUES = 8

WORKER_LOST = "worker_lost"

LOST_REASON = (
    f"{MOST_RESCUES} times the worker that had it ended, or took longer than its lease; the "
    "workers' log says more. Publish it again when that is mended: the site is asked first"
)


def rescue_expired(session: Session) -> list[int]:
    """Give back what nobody works on any more; return the publications' ids.

    Whether the lost worker had sent anything is unknown, so every item comes back unclear, and its
    next step asks the site first.
    """
    at_work = sa.exists().where(Batch.id == Publication.batch_id, Batch.link.is_not(None))
    lost = Publication.rescues + sa.case((at_work, 1), else_=0)
    fails = lost >= MOST_RESCUES
    rescued = session.execute(
        sa.update(Publication)
        .where(Publication.state == ON_ITS_WAY, _abandoned())
        .values(
            state=sa.case(
                (fails, PublicationState.FAILED.value), else_=PublicationState.UNCONFIRMED.value
            ),
            unclear=True,
            rescues=sa.case((fails, 0), else_=lost),
            failure_code=sa.case((fails, WORKER_LOST), else_=Publication.failure_code),
            failure=sa.case((fails, LOST_REASON), else_=Publication.failure),
            batch_id=None,
            leased_until=None,
            due_at=now_plus(_pause(lost)),
        )
        .returning(
            Publication.id,
            Publication.state,
            Publication.account_id,
            Publication.integration_id,
            Publication.content_id,
        )
        .execution_options(synchronize_session=False)
    ).all()
    _tell(session, [row for row in rescued if row.state is PublicationState.FAILED])
    return [row.id for row in rescued]


def _abandoned() -> sa.ColumnElement[bool]:
    """A lease that has run out; none, or one longer than any we give, was not written by us."""
    longest = 2 * settings.current().lease
    leased_until = Publication.leased_until
    return sa.or_(leased_until < now(), leased_until.is_(None), leased_until > now_plus(longest))


def _pause(lost: sa.ColumnElement[int]) -> sa.ColumnElement[float]:
    """Return the seconds until it may lose another worker: its site's other items go first."""
    known = settings.current()
    pauses = {
        times: min(
            known.retry_first_delay * 2.0 ** (times - ALONE_AFTER - 1), known.retry_longest_delay
        )
        for times in range(ALONE_AFTER + 1, MOST_RESCUES)
    }
    return sa.case(*((lost == times, seconds) for times, seconds in pauses.items()), else_=0.0)


def _tell(session: Session, failed: list[Any]) -> None:
    sites = dict(
        session.execute(
            sa.select(Integration.id, Integration.site_id).where(
                Integration.id.in_({row.integration_id for row in failed})
            )
        ).all()
        if failed
        else ()
    )
    for row in failed:
        session.add(
            SyncEvent(
                account_id=row.account_id,
                site_id=sites[row.integration_id],
                integration_id=row.integration_id,
                event_type="publish",
                action="content_publish",
                status=EventStatus.FAILED,
                description="Publishing failed",
                content_id=row.content_id,
                error_message=LOST_REASON,
                details={"code": WORKER_LOST, "times_lost": MOST_RESCUES},
            )
        )
