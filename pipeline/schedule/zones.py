"""Time zones by name: IANA's, and fixed offsets where WordPress knows no more (defect 11)."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):(00|15|30|45)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
# Not zones: the host's own choice, and copies of the table, one of them with leap seconds.
_NOT_ZONES = re.compile(r"(localtime|posixrules|Factory)$|(posix|right)/")
LONGEST_NAME = 64
WIDEST_OFFSET = timedelta(hours=14)


class UnknownZone(ValueError):
    """No time zone goes by this name."""


def zone_of(name: str) -> tzinfo:
    """Return the zone of an IANA name, or of an offset such as `+05:30`.

    Raises:
        UnknownZone: there is none.
    """
    if found := _OFFSET.fullmatch(name):
        sign = -1 if found[1] == "-" else 1
        offset = sign * timedelta(hours=int(found[2]), minutes=int(found[3]))
        if abs(offset) <= WIDEST_OFFSET:
            return timezone(offset)
    if name == "UTC":
        return UTC
    if len(name) <= LONGEST_NAME and _NAME.fullmatch(name) and not _NOT_ZONES.match(name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass  # a folder of the table is an OSError
    raise UnknownZone(
        "no such time zone: give an IANA name such as Europe/Berlin, or an offset such as +05:30"
    )


def zone_from_wordpress(timezone_string: str | None, gmt_offset: float | None) -> str | None:
    """Return the name of the zone that a WordPress is in; None where it tells none that we know.

    ``gmt_offset`` is in hours; WordPress leaves `timezone_string` empty where only that was chosen.
    """
    for name in (timezone_string or "", _named(gmt_offset)):
        try:
            zone_of(name)
        except UnknownZone:
            continue
        return name
    return None


def _named(gmt_offset: float | None) -> str:
    if gmt_offset is None or not abs(gmt_offset) <= WIDEST_OFFSET / timedelta(hours=1):
        return ""
    minutes = round(gmt_offset * 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
