"""What callers send and get about the schedule of a content, field by field."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ingress.contents.fields import Body, RowId
from models import ScheduleEntry
from pipeline.schedule.moments import moment_of
from pipeline.schedule.reasons import WORDS


def _moment(given: object) -> datetime:
    if not isinstance(given, str):
        raise ValueError("not a time: write it like 2026-03-29T09:30:00+02:00")  # noqa: TRY004 - pydantic's protocol
    return moment_of(given)


Moment = Annotated[datetime, BeforeValidator(_moment)]
Priority = Annotated[int, Field(ge=-1000, le=1000)]


class ScheduleRequest(Body):
    """What a content is scheduled for; all of it has a default."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        openapi_extra={"required": False},  # type: ignore[typeddict-unknown-key]
    )

    publish_at: Moment | None = Field(
        None,
        description="RFC 3339 with an offset; one that has passed means now. When left out, the "
        "next free slot of the site's settings.",
    )
    site_integration_id: RowId | None = Field(
        None, description="Which integration; the site's only active one when left out."
    )
    priority: Priority = Field(
        0, description="The higher one goes first, where the site's order is by priority."
    )
    status: Literal["publish", "draft"] = Field("publish", description="Of the post on the site.")
    override_status: bool = Field(False, description="Publish although it is not approved (C29).")


class ScheduleChange(Body):
    """What is not named stays as it is."""

    publish_at: Moment | None = Field(
        None, description="Null: the next free slot of the site's settings."
    )
    priority: Priority | None = None


class EntryQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    site_integration_id: RowId | None = Field(
        None, description="Which integration; may be left out where the content has one entry."
    )


class EntryAnswer(BaseModel):
    """A content in the schedule of its site."""

    id: int
    content_id: int
    site_id: int
    site_integration_id: int
    state: str = Field(description="waiting, held, taken or withdrawn.")
    source: str = Field(description="approval, automation or person.")
    exact: bool = Field(description="Whether a person chose the time.")
    slot_at: datetime | None = Field(description="When it goes out; null until it is planned.")
    slot_until: datetime | None = Field(description="The end of its window.")
    reason: str
    reason_words: str
    missed: int = Field(description="Slots that passed without it.")
    priority: int
    post_status: str
    override_status: bool
    publication_id: int | None
    taken_at: datetime | None = Field(description="When its publish was accepted.")


class ScheduledAnswer(EntryAnswer):
    notes: list[str] = Field(description="What was done with the given time.")
    warnings: list[str] = Field(description="Limits that an exact time exceeds: it may.")


class EntriesAnswer(BaseModel):
    results: list[EntryAnswer]


def entry_answer(entry: ScheduleEntry) -> dict[str, Any]:
    """Return an entry as JSON values."""
    changed = {"site_integration_id", "state", "source", "reason_words"}
    return EntryAnswer(
        site_integration_id=entry.integration_id,
        state=entry.state.value,
        source=entry.source.value,
        reason_words=WORDS.get(entry.reason, entry.reason),
        **{name: getattr(entry, name) for name in EntryAnswer.model_fields.keys() - changed},
    ).model_dump(mode="json")
