"""What is known of a site's types and taxonomies, written so that older news never wins (C34)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.clock import UtcDateTime, now, now_plus
from models.history import EventStatus, SyncEvent
from models.integration import Integration
from models.site_run import IS_OPEN, SiteRun, SiteRunKind
from models.sites.standing import IN_SERVICE
from models.structure import SiteStructure

DAY, SPREAD = 24 * 3600, 3600
FIRST_LOOK = 60.0
"""Seconds after a site is connected: its plugin pushes at once, and spares us the question."""


@dataclass(frozen=True, slots=True)
class Look:
    """A site as somebody saw it."""

    kinds: Mapping[str, Any]
    """post_types, taxonomies, site_facts, terms; what is missing is left as it is."""

    observed_at: datetime | None
    source: str
    """`plugin` or `fetch`."""

    plugin_connection_enabled: bool | None = None
    two_way_sync_enabled: bool | None = None

    @property
    def is_whole(self) -> bool:
        """Whether both kinds were told; else the sync got only a part (C12)."""
        return {"post_types", "taxonomies"} <= self.kinds.keys()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored after a look."""

    changed: bool
    """False where a newer look is there already."""

    post_types: int
    taxonomies: int
    last_structure_fetch: datetime | None
    is_whole: bool


def _insert(session: Session) -> Any:
    postgres = session.get_bind().dialect.name == "postgresql"
    return (postgresql.insert if postgres else sqlite.insert)(SiteStructure)


def keep_structure(session: Session, integration_id: int, look: Look) -> Kept:
    """Store a look unless a newer one is known, and say what is known now."""
    told = sa.literal(look.observed_at, UtcDateTime())
    # A site's clock that is ahead must not shut out all its later looks.
    observed = now() if look.observed_at is None else sa.case((told > now(), now()), else_=told)
    values: dict[str, Any] = {
        **look.kinds,
        "observed_at": observed,
        "last_structure_fetch": now(),
        "source": look.source,
        "due_at": now_plus(DAY + integration_id % SPREAD),
    }
    for flag in ("plugin_connection_enabled", "two_way_sync_enabled"):
        if (value := getattr(look, flag)) is not None:
            values[flag] = value
    adding = _insert(session).values(integration_id=integration_id, **values)
    changed = session.scalar(
        adding.on_conflict_do_update(
            index_elements=["integration_id"],
            set_={name: adding.excluded[name] for name in values},
            where=sa.or_(
                SiteStructure.observed_at.is_(None),
                SiteStructure.observed_at <= adding.excluded.observed_at,
            ),
        ).returning(SiteStructure.integration_id)
    )
    row = session.get_one(SiteStructure, integration_id, populate_existing=True)
    return Kept(
        changed is not None,
        len(row.post_types),
        len(row.taxonomies),
        row.last_structure_fetch,
        look.is_whole,
    )


def note_push(session: Session, integration: Integration, kept: Kept) -> None:
    """Keep the statuses in step with a push (C12, C41), and tell of it (S34, S37).

    One that is older than what is known changes no status.
    """
    if kept.changed:
        _note_statuses(session, integration, kept)
    session.execute(
        sa.insert(SyncEvent).values(
            account_id=integration.account_id,
            site_id=integration.site_id,
            integration_id=integration.id,
            event_type="sync",
            action=SiteRunKind.STRUCTURE_SYNC.value,
            status=EventStatus.SUCCESS if kept.changed else EventStatus.SKIPPED,
            direction="wp_to_igny8",
            content_type=None,
            description=_words(kept),
            details={
                "post_types": kept.post_types,
                "taxonomies": kept.taxonomies,
                "partial": not kept.is_whole,
            },
        )
    )


def _note_statuses(session: Session, integration: Integration, kept: Kept) -> None:
    fetching = sa.exists().where(
        SiteRun.integration_id == Integration.id,
        SiteRun.kind == SiteRunKind.STRUCTURE_SYNC,
        IS_OPEN,
    )
    status = Integration.connection_status
    session.execute(
        sa.update(Integration)
        .where(Integration.id == integration.id)
        .values(
            last_sync_at=now(),
            sync_status=sa.case(
                (fetching, Integration.sync_status),
                else_="success" if kept.is_whole else "partial",
            ),
            # While we can't reach the site, that is what is wrong with it.
            sync_error=sa.case((status == "error", Integration.sync_error)),
            connection_status=sa.case((status == "connected", "ready"), else_=status),
        )
        .execution_options(synchronize_session=False)
    )


def _words(kept: Kept) -> str:
    if not kept.changed:
        return "The plugin told an older structure than the known one"
    whole = "the site's structure" if kept.is_whole else "a part of the site's structure"
    return f"The plugin told {whole}"


def plan_first_fetch(session: Session, integration_id: int) -> None:
    """See to it that a site that was connected is asked for its structure, if nobody tells it."""
    session.execute(
        _insert(session)
        .values(integration_id=integration_id, due_at=now_plus(FIRST_LOOK))
        .on_conflict_do_nothing()
    )


def plan_fetch(session: Session, integration_id: int, seconds: float) -> None:
    """Write when a site is asked for its structure next."""
    adding = _insert(session).values(integration_id=integration_id, due_at=now_plus(seconds))
    session.execute(
        adding.on_conflict_do_update(
            index_elements=["integration_id"], set_={"due_at": adding.excluded.due_at}
        )
    )


def take_due_structures(
    session: Session, platforms: Collection[str], limit: int
) -> list[Integration]:
    """Return sites whose structure is due, and set their next date: two that ask share nothing."""
    due = (
        sa.select(SiteStructure.integration_id)
        .join(Integration, Integration.id == SiteStructure.integration_id)
        .where(
            SiteStructure.due_at <= now(),
            IN_SERVICE,
            Integration.sync_enabled,
            Integration.breaker_opens == 0,
            Integration.platform.in_(list(platforms)),
        )
        .order_by(SiteStructure.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=SiteStructure)
        .cte("due")
    )
    taken = session.execute(
        sa.update(SiteStructure)
        .where(
            SiteStructure.integration_id.in_(sa.select(due.c.integration_id)),
            SiteStructure.due_at <= now(),
        )
        .values(due_at=now_plus(DAY + SiteStructure.integration_id % SPREAD))
        .returning(SiteStructure.integration_id)
        .execution_options(synchronize_session=False)
    )
    ids = list(taken.scalars())
    return list(session.scalars(sa.select(Integration).where(Integration.id.in_(ids))))


def change_overrides(session: Session, integration_id: int, overrides: Mapping[str, Any]) -> None:
    """Write a user's choices; the row is locked by who read them (`locked_structure`)."""
    session.execute(
        sa.update(SiteStructure)
        .where(SiteStructure.integration_id == integration_id)
        .values(overrides=dict(overrides))
        .execution_options(synchronize_session=False)
    )


def locked_structure(session: Session, integration_id: int) -> SiteStructure | None:
    """Return what is known of a site, locked against another user's choice at the same time."""
    query = sa.select(SiteStructure).filter_by(integration_id=integration_id)
    return session.scalars(query.with_for_update()).one_or_none()
