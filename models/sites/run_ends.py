"""The end of a request about a site: its row, the integration's statuses, and the event of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now
from models.history import EventStatus, SyncEvent
from models.integration import Integration
from models.site_run import SiteRun, SiteRunKind, SiteRunState
from models.structure import SiteStructure


@dataclass(frozen=True, slots=True)
class End:
    """What a run came to."""

    succeeded: bool
    reason: str | None = None
    """Why it failed, in words an operator can act on."""

    code: str | None = None
    details: Mapping[str, Any] | None = None
    """What its caller is shown besides."""

    is_partial: bool = False
    """It succeeded, with a part of what there is (C12)."""


def end_site_run(session: Session, run: SiteRun, end: End) -> bool:
    """Write a run's end and what follows from it; False when the run is not ours any more."""
    result = {
        **(end.details or {}),
        "success": end.succeeded,
        "reason": end.reason,
        "code": end.code,
    }
    ended = session.execute(
        sa.update(SiteRun)
        .where(
            SiteRun.id == run.id, SiteRun.fence == run.fence, SiteRun.state == SiteRunState.RUNNING
        )
        .values(
            state=SiteRunState.SUCCEEDED if end.succeeded else SiteRunState.FAILED,
            result=result,
            progress={},  # A whole structure; the links of a run that has ended read nothing.
            finished_at=now(),
            leased_until=None,
        )
        .returning(SiteRun.finished_at)
        .execution_options(synchronize_session=False)
    ).scalar()
    if ended is None:
        return False
    if values := _STATUSES.get(run.kind, {}).get(end.succeeded):
        if end.is_partial:
            values = values | {"sync_status": "partial"}
        if "last_sync_at" in values:
            values = values | {"last_sync_at": ended}  # Exactly: a later one is a push's.
        if not end.succeeded:
            values = values | {"sync_error": f"{end.code or 'failed'}: {end.reason}"}
        session.execute(
            sa.update(Integration)
            .where(Integration.id == run.integration_id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    tell_of_sync(session, run.integration_id, run.kind, end)
    return True


_HAS_STRUCTURE = sa.exists().where(
    SiteStructure.integration_id == Integration.id, SiteStructure.observed_at.is_not(None)
)
WELL = sa.case((_HAS_STRUCTURE, "ready"), else_="connected")
"""C41: ready, once the site's structure is here."""

_STATUSES: Mapping[SiteRunKind, Mapping[bool, dict[str, Any]]] = {
    SiteRunKind.CONNECTION_TEST: {
        True: {"connection_status": WELL, "sync_error": None},
        False: {"connection_status": "error"},
    },
    SiteRunKind.STRUCTURE_SYNC: {
        True: {
            "sync_status": "success",
            "last_sync_at": now(),
            "sync_error": None,
            # That it tells its structure does not mend what a test has found.
            "connection_status": sa.case(
                (Integration.connection_status == "connected", WELL),
                else_=Integration.connection_status,
            ),
        },
        False: {"sync_status": "failed"},
    },
}

_WORDS = {
    SiteRunKind.CONNECTION_TEST: ("The connection works", "The connection test failed"),
    SiteRunKind.COLLECTION_TEST: ("The content type works", "The test of a content type failed"),
    SiteRunKind.STRUCTURE_SYNC: ("The site's structure arrived", "The structure did not arrive"),
    SiteRunKind.KEY_ROTATION: ("The site has its new key", "The key was not changed"),
}


def tell_of_sync(session: Session, integration_id: int, kind: SiteRunKind, end: End) -> None:
    """Write the event of a sync or a test that has come to its end (S34)."""
    place = session.execute(
        sa.select(Integration.account_id, Integration.site_id).filter_by(id=integration_id)
    ).one()
    well, ill = _WORDS[kind]
    session.execute(
        sa.insert(SyncEvent).values(
            account_id=place.account_id,
            site_id=place.site_id,
            integration_id=integration_id,
            event_type="sync",
            action=kind.value,
            status=EventStatus.SUCCESS if end.succeeded else EventStatus.FAILED,
            direction=_DIRECTIONS.get(kind),
            content_type=None,
            description=well if end.succeeded else ill,
            error_message=end.reason,
            details={"code": end.code} if end.code else {},
        )
    )


_DIRECTIONS = {SiteRunKind.STRUCTURE_SYNC: "wp_to_igny8"}
