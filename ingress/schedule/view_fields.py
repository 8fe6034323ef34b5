"""A site's schedule as callers see it: the plan beside what happened."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ingress.schedule.entry_fields import EntryAnswer, entry_answer
from models import ScheduleEntry
from tasks.schedule.view import ScheduleView


class ScheduleQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=90)] = Field(
        30, description="How far to look ahead and back; the planner itself looks 30 days ahead."
    )


class PlannedAnswer(EntryAnswer):
    """A content and its slot."""

    title: str
    local_at: datetime | None = Field(description="The slot as the site's clock shows it.")


class HappenedAnswer(PlannedAnswer):
    """What became of a slot that was taken."""

    publication_state: str | None
    published_at: datetime | None
    external_url: str | None
    failure: str | None


class CapAnswer(BaseModel):
    used: int
    limit: int


class CapsAnswer(BaseModel):
    """What counts today, this week from Monday, and this month, in the site's time zone."""

    site_integration_id: int
    day: CapAnswer
    week: CapAnswer
    month: CapAnswer


class ScheduleAnswer(BaseModel):
    """A site's plan as it was made last, beside what happened; at most 1,000 entries of each."""

    site_id: int
    time_zone: str
    auto_publish_enabled: bool
    planned_at: datetime | None
    plan_due: bool = Field(description="Whether the plan is about to be made anew.")
    present: datetime = Field(description="The database's time, by which everything goes out.")
    until: datetime
    counts: dict[str, int] = Field(description="All entries by state.")
    caps: list[CapsAnswer]
    warnings: list[str]
    planned: list[PlannedAnswer] = Field(
        description="The next one first, at the end what has no slot; held ones, too."
    )
    happened: list[HappenedAnswer] = Field(description="The newest first.")


def schedule_answer(view: ScheduleView) -> dict[str, Any]:
    """Return a schedule as JSON values."""
    settings = view.settings
    return ScheduleAnswer(
        site_id=settings.site_id,
        time_zone=settings.time_zone,
        auto_publish_enabled=settings.auto_publish_enabled,
        planned_at=settings.planned_at,
        plan_due=settings.plan_due,
        present=view.present,
        until=view.until,
        counts=view.counts,
        caps=[CapsAnswer(**each) for each in view.caps],
        warnings=view.warnings,
        planned=[PlannedAnswer(**_planned(view, each)) for each in view.to_come],
        happened=[HappenedAnswer(**_happened(view, each)) for each in view.happened],
    ).model_dump(mode="json")


def _planned(view: ScheduleView, entry: ScheduleEntry) -> dict[str, Any]:
    local = entry.slot_at.astimezone(view.zone) if entry.slot_at else None
    return entry_answer(entry) | {"title": entry.content.title, "local_at": local}


def _happened(view: ScheduleView, entry: ScheduleEntry) -> dict[str, Any]:
    made = entry.publication
    return _planned(view, entry) | {
        "publication_state": made.state.value if made else None,
        "published_at": made.published_at if made else None,
        "external_url": made.external_url if made else None,
        "failure": made.failure if made else None,
    }
