"""ScheduleEntry: a content in the schedule of a site, from its approval to its publish."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.content import Content
from models.integration import Integration
from models.publication import Publication


class EntryState(enum.StrEnum):
    """Where an entry is; from `taken` on, the publication tells."""

    WAITING = "waiting"
    HELD = "held"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


class EntrySource(enum.StrEnum):
    """Who put it into the schedule."""

    APPROVAL = "approval"
    """The sweep of approved contents (option A)."""

    AUTOMATION = "automation"
    """An automation that ended its last stage (option B)."""

    PERSON = "person"


WAITING_ENTRY_SQL = text("state = 'waiting'")
HELD_ENTRY_SQL = text("state = 'held'")


class ScheduleEntry(Base):
    """One content on one integration in its site's schedule; it becomes one publish (C27)."""

    __tablename__ = "schedule_entries"
    __table_args__ = (
        # The sweep and an automation may both find a content: it is one entry all the same.
        UniqueConstraint("content_id", "integration_id"),
        # Partial: the tick looks at what waits, however much has been published.
        Index(
            "ix_schedule_entries_due",
            "slot_at",
            postgresql_where=WAITING_ENTRY_SQL,
            sqlite_where=WAITING_ENTRY_SQL,
        ),
        Index(
            "ix_schedule_entries_waiting",
            "site_id",
            postgresql_where=WAITING_ENTRY_SQL,
            sqlite_where=WAITING_ENTRY_SQL,
        ),
        # What has used up a site's caps, and what its calendar shows.
        Index("ix_schedule_entries_integration_id_slot_at", "integration_id", "slot_at"),
        # What people have timed exactly comes at its time, however long ago that was.
        Index(
            "ix_schedule_entries_exact",
            "slot_at",
            postgresql_where=text("state = 'waiting' AND exact"),
            sqlite_where=text("state = 'waiting' AND exact = 1"),
        ),
        # What may be let go again; nobody holds back much.
        Index(
            "ix_schedule_entries_held",
            "site_id",
            postgresql_where=HELD_ENTRY_SQL,
            sqlite_where=HELD_ENTRY_SQL,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE")
    )
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    state: Mapped[EntryState] = mapped_column(default=EntryState.WAITING)
    source: Mapped[EntrySource]
    automation_run_id: Mapped[str | None]
    """The automation's own name of the run that approved it."""

    priority: Mapped[int] = mapped_column(default=0)
    """The higher one goes first, where the site's order is by priority."""

    approved_at: Mapped[created_now]
    """When it came into the queue: the older one goes first."""

    exact: Mapped[bool] = mapped_column(default=False)
    """A person chose the time: the planner leaves it, and no window binds it."""

    override_status: Mapped[bool] = mapped_column(default=False)
    """A person wants it published though it is not approved (C29)."""

    post_status: Mapped[str] = mapped_column(default="publish")
    slot_at: Mapped[datetime | None]
    """When it goes out; none while the planner finds no slot, and `reason` says why."""

    slot_until: Mapped[datetime | None]
    """The end of its window: what has not gone by then is planned again. None: no window."""

    reason: Mapped[str] = mapped_column(default="not_planned")
    """Why this slot, or why none: a word of `pipeline.schedule`."""

    missed: Mapped[int] = mapped_column(default=0)
    """Slots that passed without it."""

    taken_at: Mapped[datetime | None]
    """When its publish was accepted: at `slot_at`, or as much later as the tick was."""

    publication_id: Mapped[int | None] = mapped_column(
        ForeignKey("publications.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[created_now]

    content: Mapped[Content] = relationship()
    integration: Mapped[Integration] = relationship()
    publication: Mapped[Publication | None] = relationship()
