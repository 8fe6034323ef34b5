"""What `igny8 schedule settings` does: say when and how much a site gets, and change that."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from cli.bell import wake_schedule
from cli.exits import CommandError, Exit
from cli.finding import find_integration, names_of
from cli.output import output
from ingress.schedule.setting_fields import SettingsChange, settings_answer, zone_columns
from models import PublishingSettings, Site
from models.session import session_scope
from tasks.sites.settings import settings_in_zone, write_settings

Given = Mapping[str, Any]


def change_settings(site: str, given: Given) -> None:
    """Set what is not None, and say what holds then.

    Raises:
        CommandError: a value can't be used; its words name the option's field.
    """
    wanted = {name: value for name, value in given.items() if value is not None}
    change = _checked({name: _READERS.get(name, _same)(value) for name, value in wanted.items()})
    with session_scope() as session:
        integration = find_integration(session, site)
        found = integration.site
        settings = _changed(session, found, change) if wanted else settings_in_zone(session, found)
        values = settings_answer(settings) | names_of(integration)
    if wanted:
        wake_schedule()
    _say(values)
    output().result(values)


def _changed(session: Session, site: Site, change: SettingsChange) -> PublishingSettings:
    return write_settings(session, site, change.columns() | zone_columns(change))


def _checked(values: Given) -> SettingsChange:
    try:
        return SettingsChange.model_validate(values)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise CommandError("; ".join(faults), Exit.BAD_INPUT) from None


def _same(value: Any) -> Any:
    return value


def _days(written: str) -> list[str]:
    return [day.strip().lower() for day in written.split(",") if day.strip()]


def _windows(written: list[str]) -> list[dict[str, str]]:
    parts = (each.partition("-") for each in written)
    return [{"start": start.strip(), "end": end.strip()} for start, _, end in parts]


def _blackouts(written: list[str]) -> list[dict[str, str]]:
    parts = (each.partition("/") for each in written if each != "none")
    return [{"from": first, "to": last or first} for first, _, last in parts]


def _zone(written: str) -> str | None:
    return None if written == "wordpress" else written


_READERS: dict[str, Callable[[Any], Any]] = {
    "publish_days": _days,
    "publish_time_slots": _windows,
    "blackout_dates": _blackouts,
    "time_zone": _zone,
}


def _say(values: Given) -> None:
    windows = (f"{each['start']}-{each['end']}" for each in values["publish_time_slots"])
    blackouts = (f"{each['from']}/{each['to']}" for each in values["blackout_dates"])
    zone = f"{values['time_zone']} ({values['time_zone_source']})"
    rows = [
        ("auto publish", _on(values["auto_publish_enabled"])),
        ("auto approval", _on(values["auto_approval_enabled"])),
        ("limits", _limits(values)),
        ("days", ", ".join(values["publish_days"])),
        ("windows", ", ".join(windows)),
        ("time zone", zone),
        ("blackout days", ", ".join(blackouts) or "none"),
        ("minimum gap", f"{values['minimum_gap_minutes']} minutes"),
        ("jitter", f"up to {values['jitter_minutes']} minutes"),
        ("order", values["publish_order"]),
    ]
    output().line(values["url"])
    output().table(("setting", "value"), rows)
    for warning in values["warnings"]:
        output().note(f"warning: {warning['field']}: {warning['message']}")
    for note in values["notes"]:
        output().note(f"note: {note}")


def _on(switch: bool) -> str:
    return "on" if switch else "off"


def _limits(values: Given) -> str:
    return (
        f"{values['daily_publish_limit']} a day, {values['weekly_publish_limit']} a week, "
        f"{values['monthly_publish_limit']} a month"
    )
