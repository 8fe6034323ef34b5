"""A publish is accepted: the row the work hangs on, and the run by which its caller asks (S112)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.clock import now
from models.content import Content, Revision
from models.history import Run
from models.integration import Integration
from models.plan_requests import suggest_plan
from models.publication import PARTS, WITHOUT_EFFECT, Publication, PublicationState
from models.publishing.kept_keys import take_kept_key
from models.publishing.taken_by_hand import link_entry, take_by_hand


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller asks for beyond "this content on that site"."""

    post_status: str = "publish"
    restore: bool = False
    force: bool = False
    """Send again although nothing has changed."""

    until: datetime | None = None
    """The end of its slot's window, after which it is planned again; None: at any time."""

    scheduled: bool = False
    """Its slot has come, and its entry is taken; else a person's publish takes it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    run: Run
    publication: Publication
    changed: bool
    """False when the site already shows exactly this (C22): there is nothing to do."""


def accept_publish(
    session: Session, content: Content, integration: Integration, wanted: Wanted
) -> Accepted:
    """Record the wish to see ``content`` on ``integration``; the caller commits, then enqueues.

    Accepting twice is one wish: the row is unique, and an unchanged wish changes nothing.
    """
    entry_id = None if wanted.scheduled else take_by_hand(session, content, integration)
    publication = _ensure(session, content, integration, wanted)
    # Read under the row's lock: a caller who was overtaken by an edit must not bring back the
    # text that it read before.
    revision_id = _newest_revision(session, content)
    if _differs(publication, revision_id, wanted):
        _raise_revision(session, publication, revision_id, wanted)
    elif publication.state in {PublicationState.FAILED, PublicationState.WITHDRAWN}:
        _try_again(session, publication, wanted)
    elif publication.publish_until != wanted.until:
        _set_window(session, publication, wanted, by_hand=entry_id is not None)
    if entry_id is not None:
        link_entry(session, entry_id, publication)
    if wanted.until is None:  # not in a slot that was planned
        suggest_plan(session, integration.site_id)
    changed = publication.state is not PublicationState.PUBLISHED
    run = Run(
        account_id=content.account_id, publication_id=publication.id, revision=publication.revision
    )
    session.add(run)
    session.flush()
    return Accepted(run, publication, changed)


def _newest_revision(session: Session, content: Content) -> int:
    newest = (
        sa.select(Revision.id).filter_by(content_id=content.id).order_by(Revision.number.desc())
    )
    return session.scalars(newest.limit(1)).one()


def _ensure(
    session: Session, content: Content, integration: Integration, wanted: Wanted
) -> Publication:
    wish = {"content_id": content.id, "integration_id": integration.id}
    query = sa.select(Publication).filter_by(**wish).with_for_update()
    if found := session.scalars(query).one_or_none():
        return found
    try:
        with session.begin_nested():
            added = Publication(
                **wish,
                **take_kept_key(session, content, integration),
                account_id=content.account_id,
                revision_id=_newest_revision(session, content),
                post_status=wanted.post_status,
                restore=wanted.restore,
                publish_until=wanted.until,
            )
            session.add(added)
    except IntegrityError:  # another request was quicker
        return session.scalars(query).one()
    return added


def _differs(publication: Publication, revision_id: int, wanted: Wanted) -> bool:
    return (
        wanted.force
        or (wanted.restore and not publication.restore)
        or publication.revision_id != revision_id
        or publication.post_status != wanted.post_status
    )


# While it is being published, the chain keeps the state, and looks at the revision at its end.
# What somebody holds back stays so: a newer text does not say that it may go.
_HELD = Publication.state == PublicationState.HELD
_AWAKE = sa.case(
    (Publication.state == PublicationState.PUBLISHING, PublicationState.PUBLISHING.value),
    (_HELD, PublicationState.HELD.value),
    (Publication.unclear, PublicationState.UNCONFIRMED.value),
    else_=PublicationState.QUEUED.value,
)
# What has ended without ever being on the site counted for no day: it counts for this one.
_COUNTS_FROM = sa.case((WITHOUT_EFFECT, now()), else_=Publication.created_at)


def _raise_revision(
    session: Session, publication: Publication, revision_id: int, wanted: Wanted
) -> None:
    session.execute(
        sa.update(Publication)
        .where(Publication.id == publication.id)
        .values(
            revision=Publication.revision + 1,
            revision_id=revision_id,
            post_status=wanted.post_status,
            # A restore that has not happened yet is still wanted; publishing clears it.
            restore=sa.or_(Publication.restore, sa.literal(wanted.restore)),
            state=_AWAKE,
            due_at=now(),
            publish_until=wanted.until,
            created_at=_COUNTS_FROM,
            attempts=0,
            rescues=0,
            waits=0,
            failure=sa.case((_HELD, Publication.failure)),
            failure_code=sa.case((_HELD, Publication.failure_code)),
            # They are the older text's, and must not go out with this one.
            **dict.fromkeys(PARTS, sa.null()),
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(publication)


def _try_again(session: Session, publication: Publication, wanted: Wanted) -> None:
    session.execute(
        sa.update(Publication)
        .where(
            Publication.id == publication.id,
            Publication.state.in_([PublicationState.FAILED, PublicationState.WITHDRAWN]),
        )
        .values(
            state=_AWAKE,
            due_at=now(),
            publish_until=wanted.until,
            created_at=_COUNTS_FROM,
            attempts=0,
            rescues=0,
            waits=0,
            failure=None,
            failure_code=None,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(publication)


def _set_window(
    session: Session, publication: Publication, wanted: Wanted, *, by_hand: bool
) -> None:
    """A person's publish needs no window any more; what waits for its next try keeps its time.

    ``by_hand``: its entry was taken with it, so the time it waits for is that of a slot.
    """
    session.execute(
        sa.update(Publication)
        .where(Publication.id == publication.id)
        .values(publish_until=wanted.until, due_at=now() if by_hand else Publication.due_at)
        .execution_options(synchronize_session=False)
    )
    session.refresh(publication)
