"""Times that people give: RFC 3339, always with an offset, and not beyond what anybody plans."""

import re
from datetime import UTC, datetime, timedelta

MOST_AHEAD = timedelta(days=731)
"""Two years: what is later is a slip of the pen."""

PAST = "publish_at has passed, so it goes out now."

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)


class BadMoment(ValueError):
    """No time that anything can be scheduled for; the words say what to give instead."""


def moment_of(written: str) -> datetime:
    """Return an RFC 3339 time such as `2026-03-29T09:30:00+02:00`, in UTC; seconds may be left out.

    Raises:
        BadMoment: it is none, or has no offset.
    """
    found = _RFC3339.fullmatch(written)
    if found is None:
        raise BadMoment("not a time: write it like 2026-03-29T09:30:00+02:00")
    if found["offset"] is None:
        raise BadMoment("say in which zone: end it with Z, or with an offset such as +02:00")
    try:
        return datetime.fromisoformat(written.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadMoment("there is no such day, time or offset") from None


def exact_moment(wanted: datetime, present: datetime) -> tuple[datetime, list[str]]:
    """Return when something wanted for a time goes out, and notes on that for who wants it.

    Raises:
        BadMoment: it is more than two years ahead.
    """
    if wanted > present + MOST_AHEAD:
        raise BadMoment("more than two years ahead")
    if wanted < present:
        return present, [PAST]
    return wanted, []
