"""What to tell a person about their settings: what they may not have meant, and what they mean."""

from collections.abc import Iterator

from pipeline.schedule.rules import MINUTES_A_DAY, PublishingRules, Window, merged


def warnings(rules: PublishingRules) -> Iterator[tuple[str, str]]:
    """Yield settings that are allowed and contradict each other: field and words."""
    wider = (("weekly", rules.weekly), ("monthly", rules.monthly))
    for name, limit in wider:
        if rules.daily > limit:
            words = f"one day may have {rules.daily}, and the {name} limit is {limit}"
            yield "daily_publish_limit", words
    if rules.weekly > rules.monthly:
        words = f"one week may have {rules.weekly}, and the monthly limit is {rules.monthly}"
        yield "weekly_publish_limit", words
    fit = _fitting(rules)
    if rules.daily > fit:
        words = (
            f"a day's windows have room for {fit} so far apart, the daily limit is {rules.daily}"
        )
        yield "minimum_gap_minutes", words


def _fitting(rules: PublishingRules) -> int:
    gap = int(rules.gap.total_seconds() // 60)
    if gap == 0:
        return rules.daily
    return sum((window.end - window.start - 1) // gap + 1 for window in rules.windows)


def notes(windows: list[Window]) -> Iterator[str]:
    """Yield what windows mean that are unusual; ``windows`` as they were given."""
    for window in windows:
        if window.end > MINUTES_A_DAY:
            yield (
                f"{written(window)} goes over midnight: it belongs to the day it starts on, and "
                "what goes out after midnight counts for the next day"
            )
    as_one = merged(windows)
    if len(as_one) < len(windows):
        yield "overlapping windows count as one: " + ", ".join(map(written, as_one))


def written(window: Window) -> str:
    return f"{clock(window.start)}–{clock(window.end)}"


def clock(minutes: int) -> str:
    """Return minutes after midnight as HH:MM; the end of a day is 24:00."""
    shown = minutes if minutes <= MINUTES_A_DAY else minutes - MINUTES_A_DAY
    return f"{shown // 60:02d}:{shown % 60:02d}"
