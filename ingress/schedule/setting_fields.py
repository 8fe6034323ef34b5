"""A site's publishing settings as callers send and see them, field by field (S47–S54)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ingress.contents.fields import Body
from models import PublishingSettings
from pipeline.schedule import zone_of
from pipeline.schedule.advice import notes, warnings
from pipeline.schedule.rules import DAYS, minutes_of, rules_of, window_of

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Order = Literal["oldest_approved", "priority"]
MOST_WINDOWS, MOST_BLACKOUTS = 24, 366


def _time_of_day(written: str) -> str:
    minutes_of(written)
    return written


def _date(written: str) -> str:
    return date.fromisoformat(written).isoformat()


def _zone(name: str) -> str:
    zone_of(name)
    return name


def _each_once(days: list[Day]) -> list[Day]:
    return sorted(set(days), key=DAYS.index)


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
CalendarDay = Annotated[str, AfterValidator(_date)]


class TimeSlot(Body):
    """A window; one that ends before it starts goes over midnight."""

    start: TimeOfDay = Field(examples=["09:00"])
    end: TimeOfDay = Field(examples=["17:00"], description="Up to `24:00`.")

    @model_validator(mode="after")
    def _some_length(self) -> Self:
        if self.start == self.end:
            raise ValueError("a window needs a length; the whole day is 00:00 to 24:00")
        if self.start == "24:00":
            raise ValueError("a window starts at 00:00, not at 24:00")
        return self


class Blackout(Body):
    """Days without publishing, the first and the last of them included."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=True)

    from_: CalendarDay = Field(alias="from", examples=["2026-12-24"])
    to: CalendarDay | None = Field(None, description="The same day if left out.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self.to = self.to or self.from_
        if self.to < self.from_:
            raise ValueError("`to` is before `from`")
        return self


Days = Annotated[list[Day], Field(min_length=1, max_length=50), AfterValidator(_each_once)]
TimeSlots = Annotated[list[TimeSlot], Field(min_length=1, max_length=MOST_WINDOWS)]
Blackouts = Annotated[list[Blackout], Field(max_length=MOST_BLACKOUTS)]
DailyLimit = Annotated[int, Field(ge=1, le=1000)]
WeeklyLimit = Annotated[int, Field(ge=1, le=7000)]
MonthlyLimit = Annotated[int, Field(ge=1, le=31_000)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
Zone = Annotated[str, AfterValidator(_zone)]
ZONE_WORDS = "An IANA name, or an offset such as `+05:30`. Null: as the site's WordPress tells."


class Columns(Body):
    def columns(self) -> dict[str, Any]:
        """Return the columns that a body sets; the zone is another matter."""
        values = self.model_dump(by_alias=True, exclude={"time_zone"})
        return {name: value for name, value in values.items() if value is not None}


class WholeSettings(Columns):
    """Settings as a whole: what is not named has its default."""

    auto_approval_enabled: bool = False
    auto_publish_enabled: bool = False
    daily_publish_limit: DailyLimit = 5
    weekly_publish_limit: WeeklyLimit = Field(20, description="A week begins on Monday.")
    monthly_publish_limit: MonthlyLimit = 60
    publish_days: Days = Field(["mon", "tue", "wed", "thu", "fri"])
    publish_time_slots: TimeSlots = Field([TimeSlot(start="09:00", end="17:00")])
    blackout_dates: Blackouts = Field([])
    minimum_gap_minutes: Minutes = 30
    jitter_minutes: Minutes = Field(10, description="Up to so much later, different each time.")
    publish_order: Order = "oldest_approved"
    time_zone: Zone | None = Field(None, description=ZONE_WORDS, examples=["Europe/Berlin"])


class SettingsChange(Columns):
    """What is not named stays as it is."""

    auto_approval_enabled: bool | None = None
    auto_publish_enabled: bool | None = None
    daily_publish_limit: DailyLimit | None = None
    weekly_publish_limit: WeeklyLimit | None = None
    monthly_publish_limit: MonthlyLimit | None = None
    publish_days: Days | None = None
    publish_time_slots: TimeSlots | None = None
    blackout_dates: Blackouts | None = None
    minimum_gap_minutes: Minutes | None = None
    jitter_minutes: Minutes | None = None
    publish_order: Order | None = None
    time_zone: Zone | None = Field(None, description=ZONE_WORDS)


class SettingsWarning(BaseModel):
    field: str
    message: str


class SlotAnswer(BaseModel):
    start: str
    end: str


class BlackoutAnswer(BaseModel):
    from_: str = Field(alias="from")
    to: str


class SettingsAnswer(BaseModel):
    """When, and how much at most, a site gets by itself."""

    site_id: int
    auto_approval_enabled: bool
    auto_publish_enabled: bool
    daily_publish_limit: int
    weekly_publish_limit: int
    monthly_publish_limit: int
    publish_days: list[Day]
    publish_time_slots: list[SlotAnswer]
    blackout_dates: list[BlackoutAnswer]
    minimum_gap_minutes: int
    jitter_minutes: int
    publish_order: Order
    time_zone: str
    time_zone_source: Literal["default", "wordpress", "person"] = Field(
        description="Who chose it; a person's choice outlives every connection test."
    )
    planned_at: datetime | None = Field(description="When a plan was made, or tried, last.")
    plan_due: bool = Field(description="Whether the plan is about to be made anew.")
    updated_at: datetime
    warnings: list[SettingsWarning] = Field(description="Allowed, and perhaps not meant.")
    notes: list[str] = Field(description="What the settings mean, where that is unusual.")


def zone_columns(body: WholeSettings | SettingsChange) -> dict[str, str]:
    """Return the columns of the zone that a body sets; a whole one without it takes it back."""
    if body.time_zone is not None:
        return {"time_zone": body.time_zone, "time_zone_source": "person"}
    if isinstance(body, WholeSettings) or "time_zone" in body.model_fields_set:
        return {"time_zone": "UTC", "time_zone_source": "default"}
    return {}


def settings_answer(settings: PublishingSettings) -> dict[str, Any]:
    """Return settings as JSON values, with what is to be said of them."""
    rules = rules_of(settings)
    windows = [window_of(each) for each in settings.publish_time_slots]
    columns = SettingsAnswer.model_fields.keys() - {"warnings", "notes"}
    answer = SettingsAnswer(
        **{name: getattr(settings, name) for name in columns},
        warnings=[SettingsWarning(field=f, message=m) for f, m in warnings(rules)],
        notes=list(notes(windows)),
    )
    return answer.model_dump(mode="json", by_alias=True)
