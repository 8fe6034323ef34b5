"""Feeding bulk jobs: a few of their contents at a time are accepted, in turn for all accounts.

What is not accepted yet can still be paused or cancelled; so a site never has many at once.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from models.bulk.progress import NO_CHANGE, REMOVED, WORDS
from models.bulk_job import (
    ITEM_ACCEPTED,
    ITEM_WAITS,
    BulkItem,
    BulkItemState,
    BulkJob,
    BulkState,
)
from models.content import Content, ContentStatus
from models.integration import Integration
from models.publication import PublicationState
from models.publishing.accepting import Wanted, accept_publish
from models.sites.standing import IN_SERVICE

FEED_LOCK = 0x62756C6B
"""Any number of our own, the same in every process."""

SITE_ROOM = 40
"""Of all bulk jobs, on their way to one site: two full batches, so that it never waits for us."""

GROUP = 20
"""Accepted in one transaction: other writers wait for no more than that."""

PLACES_AT_ONCE = 20
NOT_APPROVED = "not_approved"
SKIP_WORDS = {
    NOT_APPROVED: "it is not approved, and only approved contents go out (override_status)",
    "site_inactive": "its site is switched off",
    "no_integration": "its site has no active integration",
    "several": "its site has several active integrations: name one",
    "other_site": "it is of another site than the integration",
    "cancelled": "the job was cancelled before its turn",
}


@dataclass(frozen=True, slots=True)
class FeedingPlace:
    """A job's site that has room for more."""

    job_id: str
    integration_id: int


def wait_for_feeder(session: Session) -> None:
    """Let one at a time feed or change a job: after a pause nothing more of it is accepted.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(FEED_LOCK)))


def feeding_places(session: Session, job_id: str | None = None) -> list[FeedingPlace]:
    """Return who is fed next, in turn for the accounts; in one, who has the fewest on their way.

    One probe of an index for each site of a running job, however many items wait.
    """
    found = _sites_with_waiting(job_id)
    turn = sa.func.row_number().over(
        partition_by=found.c.account_id, order_by=(found.c.on_their_way, found.c.first)
    )
    ranked = sa.select(found, turn.label("turn")).where(found.c.first.is_not(None)).subquery()
    query = (
        sa.select(ranked.c.job_id, ranked.c.integration_id)
        .order_by(ranked.c.turn, ranked.c.first)
        .limit(PLACES_AT_ONCE)
    )
    return [FeedingPlace(*row) for row in session.execute(query)]


def _sites_with_waiting(job_id: str | None) -> sa.Subquery:
    accepted = (
        sa.select(BulkItem.integration_id, sa.func.count().label("number"))
        .where(BulkItem.state == ITEM_ACCEPTED)
        .group_by(BulkItem.integration_id)
        .subquery("accepted")
    )
    first = (
        sa.select(sa.func.min(BulkItem.id))
        .where(
            BulkItem.job_id == BulkJob.id,
            BulkItem.integration_id == Integration.id,
            BulkItem.state == ITEM_WAITS,
        )
        .correlate(BulkJob, Integration)
        .scalar_subquery()
    )
    on_their_way = sa.func.coalesce(accepted.c.number, 0)
    return (
        sa.select(
            BulkJob.id.label("job_id"),
            BulkJob.account_id,
            Integration.id.label("integration_id"),
            on_their_way.label("on_their_way"),
            first.label("first"),
        )
        .join(Integration, Integration.account_id == BulkJob.account_id)
        .outerjoin(accepted, accepted.c.integration_id == Integration.id)
        .where(
            BulkJob.state == BulkState.RUNNING,
            *(() if job_id is None else (BulkJob.id == job_id,)),
            IN_SERVICE,
            on_their_way < SITE_ROOM,
        )
        .subquery("found")
    )


def feed_place(session: Session, place: FeedingPlace) -> int:
    """Accept the next items of a job for one site, as many as there is room for; return how many.

    One transaction of the caller's; what it writes is seen together or not at all.
    """
    wait_for_feeder(session)
    job = session.get(BulkJob, place.job_id)
    if job is None or job.state is not BulkState.RUNNING:
        return 0
    claimed = _claim(session, place)
    if not claimed:
        return 0
    integration = session.get_one(
        Integration,
        place.integration_id,
        # One key that can't be read must not stop the others.
        options=[defer(Integration.credentials)],
    )
    contents = _contents(session, claimed)
    for item in claimed:
        content = contents.get(item.content_id or 0)
        if content is None:
            _skip(item, REMOVED, WORDS[REMOVED])
        elif content.status is ContentStatus.APPROVED or job.options.get("override_status"):
            _accept(session, job, item, content, integration)
        else:
            _skip(item, NOT_APPROVED, SKIP_WORDS[NOT_APPROVED])
    session.flush()
    return len(claimed)


def _claim(session: Session, place: FeedingPlace) -> list[BulkItem]:
    on_their_way = sa.select(sa.func.count()).where(
        BulkItem.integration_id == place.integration_id, BulkItem.state == ITEM_ACCEPTED
    )
    room = SITE_ROOM - (session.scalar(on_their_way) or 0)
    if room <= 0:
        return []
    waiting = (
        sa.select(BulkItem.id)
        .where(
            BulkItem.job_id == place.job_id,
            BulkItem.integration_id == place.integration_id,
            BulkItem.state == ITEM_WAITS,
        )
        .order_by(BulkItem.id)
        .limit(min(room, GROUP))
        .cte("waiting")
    )
    claimed = session.scalars(
        sa.update(BulkItem)
        .where(BulkItem.id.in_(sa.select(waiting.c.id)), BulkItem.state == ITEM_WAITS)
        .values(state=BulkItemState.ACCEPTED)
        .returning(BulkItem)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    # In the order in which everybody locks publications.
    return sorted(claimed, key=lambda item: item.content_id or 0)


def _contents(session: Session, items: list[BulkItem]) -> dict[int, Content]:
    ids = [item.content_id for item in items if item.content_id is not None]
    # Locked against changes: a content's status must be that of the text which goes out.
    locked = sa.select(Content).where(Content.id.in_(ids)).order_by(Content.id)
    query = locked.with_for_update(read=True).execution_options(populate_existing=True)
    return {content.id: content for content in session.scalars(query)}


def _accept(
    session: Session, job: BulkJob, item: BulkItem, content: Content, integration: Integration
) -> None:
    wanted = Wanted(
        post_status=job.options.get("post_status", "publish"),
        restore=bool(job.options.get("restore")),
        force=bool(job.options.get("force")),
    )
    accepted = accept_publish(session, content, integration, wanted)
    publication = accepted.publication
    item.publication_id, item.revision = publication.id, publication.revision
    item.code = item.reason = None
    if not accepted.changed and publication.state is PublicationState.PUBLISHED:
        item.state, item.code = BulkItemState.PUBLISHED, NO_CHANGE


def _skip(item: BulkItem, code: str, reason: str) -> None:
    item.state, item.code, item.reason = BulkItemState.SKIPPED, code, reason
