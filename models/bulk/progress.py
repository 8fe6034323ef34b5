"""How far a bulk job is: each item's state as its publication and its site have it now."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.bulk_job import (
    ITEM_ACCEPTED,
    ITEM_WAITS,
    OPEN_ITEMS,
    OPEN_JOBS,
    BulkItem,
    BulkItemState,
    BulkJob,
    BulkState,
)
from models.clock import now
from models.content import Content
from models.integration import Integration
from models.publication import WAITING, Publication, PublicationState
from models.sites.standing import ACCOUNT_OFF, INTEGRATION_OFF, OFF, OFF_WORDS, SITE_OFF

ENDED = (
    BulkItemState.PUBLISHED,
    BulkItemState.FAILED,
    BulkItemState.SKIPPED,
    BulkItemState.CANCELLED,
)
SETTLED_AT_ONCE = 500
NO_CHANGE = "no_change"
REMOVED, HELD, WITHDRAWN = "removed", "held", "withdrawn"
WORDS = {
    REMOVED: "its content or its integration was removed",
    HELD: "somebody holds the publication back",
    WITHDRAWN: "somebody called the publication off",
    INTEGRATION_OFF: f"{OFF_WORDS[INTEGRATION_OFF]}: it waits until that is on, or cancelled",
    SITE_OFF: f"{OFF_WORDS[SITE_OFF]}: it waits until that is on, or cancelled",
    ACCOUNT_OFF: f"{OFF_WORDS[ACCOUNT_OFF]}: it waits until that is resumed, or cancelled",
}

_accepted = BulkItem.state == BulkItemState.ACCEPTED
_waiting = BulkItem.state == BulkItemState.WAITING
_suspended = Integration.suspended_at.is_not(None)
_gone = sa.or_(
    sa.and_(_accepted, Publication.id.is_(None)),
    sa.and_(_waiting, sa.or_(BulkItem.content_id.is_(None), BulkItem.integration_id.is_(None))),
)
_shows = sa.and_(_accepted, Publication.published_revision >= BulkItem.revision)
_on_its_site = sa.and_(_accepted, Publication.state.in_(WAITING))


_open = sa.or_(_on_its_site, _waiting)


def _is(state: PublicationState) -> sa.ColumnElement[bool]:
    return sa.and_(_accepted, Publication.state == state)


# In the order in which they count; what none of them fits is as its row says.
_CASES: tuple[tuple[sa.ColumnElement[bool], BulkItemState, Any, Any], ...] = (
    (_gone, BulkItemState.SKIPPED, REMOVED, WORDS[REMOVED]),
    (_shows, BulkItemState.PUBLISHED, sa.null(), sa.null()),
    (
        _is(PublicationState.FAILED),
        BulkItemState.FAILED,
        Publication.failure_code,
        Publication.failure,
    ),
    (_is(PublicationState.HELD), BulkItemState.SKIPPED, HELD, WORDS[HELD]),
    (_is(PublicationState.WITHDRAWN), BulkItemState.CANCELLED, WITHDRAWN, WORDS[WITHDRAWN]),
    (
        sa.and_(_suspended, _open),
        BulkItemState.PARKED,
        Integration.suspended_code,
        Integration.suspended_reason,
    ),
    *((sa.and_(off, _open), BulkItemState.PARKED, code, WORDS[code]) for off, code in OFF),
)


def _shown(place: int, otherwise: Any) -> sa.ColumnElement[Any]:
    return sa.case(*((case[0], case[place]) for case in _CASES), else_=otherwise)


STATE: sa.ColumnElement[BulkItemState] = sa.type_coerce(
    _shown(1, BulkItem.state), BulkItem.__table__.c.state.type
)
CODE = _shown(2, sa.func.coalesce(BulkItem.code, Publication.failure_code))
REASON = _shown(3, sa.func.coalesce(BulkItem.reason, Publication.failure))


def items(*columns: Any) -> sa.Select[Any]:
    """Return the select of items with what they rest on; STATE, CODE and REASON tell of them."""
    return (
        sa.select(*columns)
        .select_from(BulkItem)
        .outerjoin(Publication, Publication.id == BulkItem.publication_id)
        .outerjoin(Integration, Integration.id == BulkItem.integration_id)
        .outerjoin(Content, Content.id == BulkItem.content_id)
    )


def counts(session: Session, job_id: str) -> dict[BulkItemState, int]:
    """Return how many items of a job are in which state at this moment; all states are there."""
    shown = items(STATE.label("state")).where(BulkItem.job_id == job_id).subquery()
    query = sa.select(shown.c.state, sa.func.count()).group_by(shown.c.state)
    return dict.fromkeys(BulkItemState, 0) | dict(session.execute(query).all())


def unchanged(session: Session, job_id: str) -> int:
    """Return how many items their sites had shown already (C22)."""
    query = sa.select(sa.func.count()).where(BulkItem.job_id == job_id, BulkItem.code == NO_CHANGE)
    return session.scalar(query) or 0


def settled_counts(
    session: Session, job_ids: Collection[str]
) -> dict[str, dict[BulkItemState, int]]:
    """Return the counts of several jobs as of the last tick: from an index alone."""
    query = (
        sa.select(BulkItem.job_id, BulkItem.state, sa.func.count())
        .where(BulkItem.job_id.in_(list(job_ids)))
        .group_by(BulkItem.job_id, BulkItem.state)
    )
    found = {job_id: dict.fromkeys(BulkItemState, 0) for job_id in job_ids}
    for job_id, state, count in session.execute(query):
        found[job_id][state] = count
    return found


def has_open_jobs(session: Session) -> bool:
    """Whether there is anything to feed, to settle or to finish."""
    running = sa.exists().where(BulkJob.state.in_(OPEN_JOBS))
    on_their_way = sa.exists().where(BulkItem.state == ITEM_ACCEPTED)
    return bool(session.scalar(sa.select(sa.or_(running, on_their_way))))


def settle_items(session: Session) -> int:
    """Write down which accepted items have come to their end, some hundred at most."""
    query = items(BulkItem.id, STATE.label("state"), CODE.label("code"), REASON.label("reason"))
    ended = (
        query.where(BulkItem.state == ITEM_ACCEPTED, STATE.in_(ENDED))
        .limit(SETTLED_AT_ONCE)
        .cte("ended")
    )
    written = session.execute(
        sa.update(BulkItem)
        .where(BulkItem.id == ended.c.id, BulkItem.state == ITEM_ACCEPTED)
        .values(state=ended.c.state, code=ended.c.code, reason=ended.c.reason)
        # Not rowcount: sqlite3 has none for what begins with WITH.
        .returning(BulkItem.id)
        .execution_options(synchronize_session=False)
    )
    return len(written.all())


def skip_removed(session: Session) -> None:
    """End the waiting items whose integration was removed: nobody would find them."""
    running = sa.select(BulkJob.id).where(BulkJob.state.in_(OPEN_JOBS))
    session.execute(
        sa.update(BulkItem)
        .where(
            BulkItem.job_id.in_(running),
            BulkItem.integration_id.is_(None),
            BulkItem.state == ITEM_WAITS,
        )
        .values(state=BulkItemState.SKIPPED, code=REMOVED, reason=WORDS[REMOVED])
        .execution_options(synchronize_session=False)
    )


def finish_jobs(session: Session) -> list[str]:
    """End the jobs of which nothing is open any more; return their ids."""
    open_item = sa.exists().where(
        BulkItem.job_id == BulkJob.id,
        BulkItem.state.in_(OPEN_ITEMS),
    )
    finished = session.execute(
        sa.update(BulkJob)
        .where(BulkJob.state.in_(OPEN_JOBS), ~open_item)
        .values(state=BulkState.FINISHED, finished_at=now())
        .returning(BulkJob.id)
        .execution_options(synchronize_session=False)
    )
    return list(finished.scalars())
