"""Why an entry has the slot it has, or none; the words are for the person who asks."""

import enum


class Reason(enum.StrEnum):
    """Of a slot: what it waited for. Of a refusal: what keeps it out."""

    NOW = "now"
    WINDOW = "window"
    GAP = "minimum_gap"
    DAILY_LIMIT = "daily_limit"
    WEEKLY_LIMIT = "weekly_limit"
    MONTHLY_LIMIT = "monthly_limit"
    MISSED = "missed"
    EXACT = "exact"
    BY_HAND = "by_hand"
    SITE_AWAY = "site_away"

    # Only of refusals.
    NO_WINDOW = "no_window"
    HORIZON = "beyond_horizon"
    AUTO_PUBLISH_OFF = "auto_publish_off"
    NOT_APPROVED = "not_approved"
    NOT_PLANNED = "not_planned"
    SITE_OFF = "site_off"
    ZONE_AWAITED = "zone_awaited"

    # Of what is not in the queue.
    HELD = "held"
    WITHDRAWN = "withdrawn"


LIMITS = (Reason.MONTHLY_LIMIT, Reason.WEEKLY_LIMIT, Reason.DAILY_LIMIT)

WORDS: dict[str, str] = {
    Reason.NOW: "A window is open and nothing is in its way.",
    Reason.WINDOW: "It waits for the next window.",
    Reason.GAP: "It keeps the minimum gap from the one before it.",
    Reason.DAILY_LIMIT: "The days before it have as many as the daily limit lets through.",
    Reason.WEEKLY_LIMIT: "The weeks before it have as many as the weekly limit lets through.",
    Reason.MONTHLY_LIMIT: "The months before it have as many as the monthly limit lets through.",
    Reason.MISSED: "Its slot passed without it, so it has got another one.",
    Reason.EXACT: "A person chose this time.",
    Reason.BY_HAND: "Somebody published it by hand before its slot.",
    Reason.SITE_AWAY: "Its site fails, or asked us to wait: it goes out when the site takes posts.",
    Reason.HELD: "Somebody holds it back.",
    Reason.WITHDRAWN: "Somebody took it out of the schedule.",
    Reason.NO_WINDOW: "The settings leave no window open in the time that is planned.",
    Reason.HORIZON: "Everything before it fills the time that is planned.",
    Reason.AUTO_PUBLISH_OFF: "auto_publish_enabled is off for its site.",
    Reason.NOT_APPROVED: "Its content is not approved.",
    Reason.SITE_OFF: "Its site is switched off.",
    Reason.ZONE_AWAITED: "Its site is being asked for its time zone; nothing goes out before.",
    Reason.NOT_PLANNED: "It came in after the newest plan; the next one has it.",
}
