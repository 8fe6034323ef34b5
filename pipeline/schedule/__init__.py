"""When a site gets its next posts: its rules, its calendar, its caps, and the plan they make."""

from pipeline.schedule.caps import Ledger, usage_since
from pipeline.schedule.planner import HORIZON, Plan, Queued, Refusal, Slot, Warned, plan
from pipeline.schedule.reasons import WORDS, Reason
from pipeline.schedule.rules import PublishingRules, Window, rules_of
from pipeline.schedule.zones import UnknownZone, zone_from_wordpress, zone_of

__all__ = [
    "HORIZON",
    "WORDS",
    "Ledger",
    "Plan",
    "PublishingRules",
    "Queued",
    "Reason",
    "Refusal",
    "Slot",
    "UnknownZone",
    "Warned",
    "Window",
    "plan",
    "rules_of",
    "usage_since",
    "zone_from_wordpress",
    "zone_of",
]
