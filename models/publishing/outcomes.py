"""What became of a batch's items, written in a few statements under its lease."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now, now_plus
from models.history import Attempt, EventStatus, SyncEvent
from models.integration import Integration
from models.plan_requests import suggest_plan
from models.publication import Publication, PublicationState
from models.publishing.batches import by_id, held, update_batch
from models.publishing.found import found_at_the_site
from models.publishing.going_above import caught_up, raise_runs
from models.publishing.outcome_values import Failure, Seen
from models.publishing.suspects import was_refused
from models.sites.care import Place, SiteNews, tell_of_site
from models.sites.run_ends import WELL

_AGAIN = PublicationState.QUEUED.value
_FINISHED = {"batch_id": None, "leased_until": None}


def add_attempts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was tried: one statement for all of it."""
    session.execute(sa.insert(Attempt), list(rows))


def write_failures(
    session: Session, batch_id: int, site_id: int, integration_id: int, failures: Iterable[Failure]
) -> bool:
    """Write the decisions, and an event for every item that failed for good.

    False when none of the items is ours any more: what this worker knows is of yesterday.
    """
    by_publication = {failure.publication_id: failure for failure in failures}
    ours = _still_ours(session, batch_id, by_publication)
    written = [by_publication[id_] for id_ in ours]
    if not written:
        return False
    raise_runs(session, written)
    update_batch(session, batch_id, ours, _failure_values(written) | _FINISHED)
    events = {
        failure.publication_id: _event(failure, site_id, integration_id)
        for failure in written
        if failure.state is PublicationState.FAILED
    } | {
        failure.publication_id: _above_event(failure, site_id, integration_id)
        for failure in written
        if failure.above and failure.state is not PublicationState.FAILED
    }
    _tell(session, batch_id, events)
    return True


def _tell(session: Session, batch_id: int, events: Mapping[int, Mapping[str, Any]]) -> None:
    """Add an event for each publication; it took as long as the batch's last write of it."""
    if not events:
        return
    took = (
        sa.select(Attempt.duration_ms)
        .where(
            Attempt.publication_id == sa.bindparam("of_publication"),
            Attempt.batch_id == batch_id,
            Attempt.method == "POST",
        )
        .order_by(Attempt.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    session.execute(
        sa.insert(SyncEvent).values(duration_ms=took),
        [{**values, "of_publication": id_} for id_, values in events.items()],
    )


def _still_ours(session: Session, batch_id: int, ids: Iterable[int]) -> list[int]:
    query = sa.select(Publication.id).where(*held(batch_id), Publication.id.in_(list(ids)))
    return list(session.scalars(query.with_for_update()))


def _failure_values(failures: Sequence[Failure]) -> dict[str, Any]:
    each = {failure.publication_id: failure for failure in failures}
    state = sa.case(
        *(
            (
                Publication.id == id_,
                # What failed was an older wish: the newer one gets its own chance.
                sa.case(
                    (_newer_than(failure.revision), _state_of(PublicationState.QUEUED, failure)),
                    else_=_state_of(failure.state, failure),
                ),
            )
            for id_, failure in each.items()
        )
    )
    delays = sa.case(
        *((Publication.id == id_, sa.literal(f.delay, sa.Float)) for id_, f in each.items())
    )
    return {
        "state": state,
        "due_at": now_plus(delays),
        "attempts": _used_up(each, "attempts"),
        "waits": _used_up(each, "waits"),
        "unclear": by_id("unclear", {id_: f.unclear for id_, f in each.items()}),
        "failure_code": _told(each, "failure_code", "code"),
        "failure": _told(each, "failure", "reason"),
        **caught_up(failures),
        **found_at_the_site(failures),
    }


def _used_up(each: Mapping[int, Failure], column: str) -> sa.ColumnElement[int]:
    """Return what was used up; a newer wish has used none."""
    return sa.case(
        *(
            (Publication.id == id_, sa.case((_newer_than(f.revision), 0), else_=getattr(f, column)))
            for id_, f in each.items()
        )
    )


def _told(each: Mapping[int, Failure], column: str, source: str) -> sa.ColumnElement[str]:
    """Return what each last met; a refusal stays told until its text is tried again."""
    told = by_id(column, {id_: getattr(failure, source) for id_, failure in each.items()})
    untried = [id_ for id_, failure in each.items() if failure.untried]
    if not untried:
        return told
    stays = sa.and_(Publication.id.in_(untried), was_refused())
    return sa.case((stays, getattr(Publication, column)), else_=told)


def _newer_than(revision: int) -> sa.ColumnElement[bool]:
    return Publication.revision > revision


def _state_of(state: PublicationState, failure: Failure) -> str:
    if state is PublicationState.QUEUED and failure.unclear:
        return PublicationState.UNCONFIRMED.value
    return state.value


def _event(failure: Failure, site_id: int, integration_id: int) -> dict[str, Any]:
    return {
        "account_id": failure.account_id,
        "site_id": site_id,
        "integration_id": integration_id,
        "event_type": "publish",
        "action": "content_publish",
        "status": EventStatus.FAILED,
        "description": "Publishing failed",
        "content_id": failure.content_id,
        "error_message": failure.reason,
        "details": {"code": failure.code, "attempts": failure.attempts},
    }


def _above_event(failure: Failure, site_id: int, integration_id: int) -> dict[str, Any]:
    return _event(failure, site_id, integration_id) | {
        "event_type": "conflict",
        "action": "site_ahead",
        "status": EventStatus.PENDING,
        "description": "The site was ahead of our database; the accepted text is sent above it",
        "details": {"code": failure.code, "site_revision": failure.above},
    }


def write_seen(
    session: Session, batch_id: int, site_id: int, integration_id: int, seen: Iterable[Seen]
) -> None:
    """Write what the site shows, and a success event for each (S35, S174)."""
    each = {post.publication_id: post for post in seen}
    revisions = by_id("published_revision", {id_: post.revision for id_, post in each.items()})
    written = session.execute(
        sa.update(Publication)
        .where(*held(batch_id), Publication.id.in_(list(each)))
        .values(
            state=sa.case(
                (Publication.revision > revisions, _AGAIN),
                else_=PublicationState.PUBLISHED.value,
            ),
            restore=sa.and_(Publication.restore, Publication.revision > revisions),
            published_revision=revisions,
            published_at=now(),
            due_at=now(),
            # The window has done its part: a repair of what is there does not wait for the next.
            publish_until=sa.case((Publication.revision > revisions, Publication.publish_until)),
            attempts=0,
            rescues=0,
            waits=0,
            unclear=False,
            failure=None,
            failure_code=None,
            **_unless_told_since(each),
            **{name: _shown(name, source, each) for name, source in _SEEN_COLUMNS.items()},
            **_FINISHED,
        )
        .returning(Publication.id)
        .execution_options(synchronize_session=False)
    ).scalars()
    events = {id_: _success(each[id_], site_id, integration_id) for id_ in written}
    _tell(session, batch_id, events)


def _unless_told_since(each: Mapping[int, Seen]) -> dict[str, sa.ColumnElement[Any]]:
    """Return what is written, but where a webhook has told of it after the site was asked."""
    row = Publication
    asked = by_id("remote_seen_at", {id_: post.asked_after for id_, post in each.items()})
    told_since = sa.and_(row.remote_seen_at > asked, row.external_status.is_not(None))
    return {
        name: sa.case(
            (told_since, getattr(row, name)),
            else_=sa.func.coalesce(_shown(name, source, each), getattr(row, name)),
        )
        for name, source in _TOLD_COLUMNS.items()
    }


def _shown(name: str, source: str, each: Mapping[int, Seen]) -> sa.ColumnElement[Any]:
    return by_id(name, {id_: getattr(post, source) for id_, post in each.items()})


_SEEN_COLUMNS = {
    "fingerprint": "fingerprint",
    "external_id": "external_id",
    "external_url": "url",
    "image_results": "images",
}
_TOLD_COLUMNS = {"external_status": "status", "remote_modified_at": "modified_at"}
"""Of which webhooks tell, too."""


def _success(post: Seen, site_id: int, integration_id: int) -> dict[str, Any]:
    failed = [image for image in post.images if image.get("status") != "attached"]
    return {
        "account_id": post.account_id,
        "site_id": site_id,
        "integration_id": integration_id,
        "event_type": "publish",
        "action": "content_publish",
        "status": EventStatus.SUCCESS,
        "description": "Published" if not failed else f"Published; {len(failed)} image(s) failed",
        "content_id": post.content_id,
        "external_id": post.external_id,
        "details": {"revision": post.revision, "url": post.url, "failed_images": failed},
    }


def suspend_site(session: Session, integration_id: int, code: str, reason: str) -> None:
    """Stop sending to a site until it is repaired; its work waits, and no attempt is burnt."""
    suspended = session.execute(
        sa.update(Integration)
        .where(Integration.id == integration_id, Integration.suspended_at.is_(None))
        .values(
            suspended_at=now(),
            suspended_reason=reason,
            suspended_code=code,
            looks=0,
            next_look_at=None,
            connection_status="error",
            sync_error=f"{code}: {reason}",
        )
        .returning(Integration.account_id, Integration.site_id)
        .execution_options(synchronize_session=False)
    ).first()
    if suspended is not None:
        tell_of_site(
            session, Place(*suspended, integration_id), SiteNews("site_suspended", code, reason)
        )


def resume_site(session: Session, integration_id: int) -> None:
    """Let the work of a site that is well again go on.

    Its own limits stay: that it answers a question does not make it quick, or its bucket full.
    """
    found = session.get_one(Integration, integration_id, with_for_update=True)
    place = Place(found.account_id, found.site_id, integration_id)
    if found.suspended_at is not None:
        tell_of_site(session, place, SiteNews("site_resumed"))
    elif found.breaker_opens:
        tell_of_site(session, place, SiteNews("breaker_closed"))
    found.suspended_at = found.suspended_reason = found.suspended_code = found.sync_error = None
    found.connection_status = WELL
    found.looks, found.next_look_at = 0, None
    found.failures_in_a_row = found.breaker_opens = 0
    found.breaker_open_until = None
    suggest_plan(session, found.site_id)  # its slots went by meanwhile
