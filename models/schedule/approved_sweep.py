"""Approved contents come into the schedule by themselves: by the sweep (option A, S61) or because
an automation has ended (option B, S62). The unique pair of an entry keeps them from doubling.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.account import Account
from models.content import Content, ContentStatus
from models.integration import Integration
from models.plan_requests import ask_for_plan, lock_settings
from models.publication import Publication
from models.publishing_settings import PublishingSettings
from models.schedule.missed_slots import NOT_APPROVED
from models.schedule.planning import IS_HELD, IS_WAITING
from models.schedule_entry import EntrySource, EntryState, ScheduleEntry
from models.sites.standing import inactive_sites


def approve_reviewed(session: Session, limit: int) -> int:
    """Approve contents in review of sites that have it so (S48); return how many."""
    found = _fairly(
        sa.select(Content.id, Content.account_id)
        .join(PublishingSettings, PublishingSettings.site_id == Content.site_id)
        .where(
            Content.status == ContentStatus.REVIEW,
            ~Content.swept,
            PublishingSettings.auto_approval_enabled,
        ),
        limit,
    )
    return _approve(session, list(session.scalars(found)))


def schedule_approved(session: Session, limit: int) -> int:
    """Put approved contents of sites that publish by themselves into the schedule.

    Each content once: what was published, scheduled or withdrawn before is left alone. Return how
    many were seen to, those that were left alone among them.
    """
    found = _fairly(
        sa.select(Content.id, Content.account_id)
        .join(PublishingSettings, PublishingSettings.site_id == Content.site_id)
        .join(Account, Account.id == Content.account_id)
        .where(
            Content.status == ContentStatus.APPROVED,
            ~Content.swept,
            PublishingSettings.auto_publish_enabled,
            Account.suspended_at.is_(None),
            _has_integration(),
        ),
        limit,
    )
    ids = list(session.scalars(found))
    if ids:
        _add_entries(session, ids, EntrySource.APPROVAL)
    return len(ids)


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of the contents that an automation has ended with."""

    approved: list[int]
    scheduled: list[int]
    left: list[int]
    """Drafts, other sites' contents, and what is published or scheduled already."""


def schedule_finished(
    session: Session, site_id: int, run_id: str, content_ids: Collection[int]
) -> Finished:
    """Approve what an automation has brought to review, and put it into its site's schedule.

    Its approval holds where the site publishes nothing by itself, too: then nothing is scheduled.
    """
    own = sa.select(Content.id).where(Content.site_id == site_id, Content.id.in_(content_ids))
    in_review = list(session.scalars(own.where(Content.status == ContentStatus.REVIEW)))
    _approve(session, in_review)
    by_itself = session.scalar(
        sa.select(PublishingSettings.auto_publish_enabled).filter_by(site_id=site_id)
    )
    ready = own.where(Content.status == ContentStatus.APPROVED, _has_integration())
    ids = list(session.scalars(ready.order_by(Content.id))) if by_itself else []
    scheduled = _add_entries(session, ids, EntrySource.AUTOMATION, run_id) if ids else []
    left = sorted(set(content_ids) - {*in_review, *scheduled})
    return Finished(sorted(in_review), scheduled, left)


def release_approved(session: Session, limit: int) -> int:
    """Let entries go that had no slot because their content was not approved, and is now."""
    entry = ScheduleEntry
    found = session.execute(
        sa.select(entry.id, entry.site_id)
        .join(Content, Content.id == entry.content_id)
        .where(
            sa.or_(IS_WAITING, IS_HELD),
            entry.reason == NOT_APPROVED,
            Content.status == ContentStatus.APPROVED,
        )
        .limit(limit)
    ).all()
    sites = lock_settings(session, {row.site_id for row in found}, skip_locked=True)
    ask_for_plan(session, sites)
    released = session.execute(
        sa.update(entry)
        .where(
            entry.id.in_([row.id for row in found if row.site_id in set(sites)]),
            entry.state.in_([EntryState.HELD, EntryState.WAITING]),
            entry.reason == NOT_APPROVED,
        )
        .values(
            state=EntryState.WAITING,
            reason=sa.case((entry.exact, "exact"), else_="not_planned"),
        )
        .execution_options(synchronize_session=False)
    )
    return int(released.rowcount)  # type: ignore[attr-defined]


def _fairly(found: sa.Select[int, int], limit: int) -> sa.Select[int]:
    """Return the ids of contents round their accounts, in each the oldest first."""
    turn = sa.func.row_number().over(partition_by=Content.account_id, order_by=Content.id)
    turns = found.add_columns(turn.label("turn")).subquery("turns")
    return sa.select(turns.c.id).order_by(turns.c.turn, turns.c.id).limit(limit)


def _has_integration() -> sa.Exists:
    return sa.exists().where(
        Integration.site_id == Content.site_id,
        Integration.is_active,
        Integration.site_id.not_in(inactive_sites()),
    )


def _approve(session: Session, ids: Sequence[int]) -> int:
    approved = session.execute(
        sa.update(Content)
        .where(Content.id.in_(ids), Content.status == ContentStatus.REVIEW)
        .values(status=ContentStatus.APPROVED)
        .execution_options(synchronize_session=False)
    )
    return int(approved.rowcount)  # type: ignore[attr-defined]


def _add_entries(
    session: Session, ids: Sequence[int], source: EntrySource, run_id: str | None = None
) -> list[int]:
    """Make the missing entries, and note that these contents are seen to."""
    sites = session.scalars(sa.select(Content.site_id).where(Content.id.in_(ids)).distinct())
    ask_for_plan(session, list(sites))
    known = sa.exists().where(
        Publication.content_id == Content.id, Publication.integration_id == Integration.id
    )
    # The site's active one: the oldest, where it has several.
    first = (
        sa.select(sa.func.min(Integration.id))
        .where(Integration.site_id == Content.site_id, Integration.is_active)
        .correlate(Content)
        .scalar_subquery()
    )
    fresh = session.execute(
        sa.select(Content.id, Content.account_id, Content.site_id, Integration.id)
        .join(Integration, Integration.id == first)
        .where(Content.id.in_(ids), Content.status == ContentStatus.APPROVED, ~known)
        .order_by(Content.id)
    ).all()
    made = _insert(session, fresh, source, run_id) if fresh else []
    session.execute(
        sa.update(Content)
        .where(Content.id.in_(ids))
        .values(swept=True)
        .execution_options(synchronize_session=False)
    )
    return made


def _insert(
    session: Session,
    rows: Sequence[sa.Row[int, int, int, int]],
    source: EntrySource,
    run_id: str | None,
) -> list[int]:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    adding = dialect.insert(ScheduleEntry).values(
        [
            {
                "content_id": content_id,
                "account_id": account_id,
                "site_id": site_id,
                "integration_id": integration_id,
                "source": source,
                "automation_run_id": run_id,
            }
            for content_id, account_id, site_id, integration_id in rows
        ]
    )
    kept = adding.on_conflict_do_nothing(index_elements=["content_id", "integration_id"])
    return sorted(session.scalars(kept.returning(ScheduleEntry.content_id)))
