"""How long a plan takes: 30 days of 1,000 sites with 60 contents each, by the pure planner.

    python bench/planning.py [--sites 1000] [--items 60] [--days 30]

Goal: less than 5 s for all of them (docs/performance.md).
"""

import argparse
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle

from pipeline.schedule import PublishingRules, Queued, Window, plan, zone_of

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "+05:45")
START = datetime(2026, 3, 16, 7, 30, tzinfo=UTC)
"""Two weeks before the clocks of Europe change."""


def main() -> None:
    """Plan them all, three times, and print the fastest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args()
    seconds, slots = min(_round(asked) for _ in range(3))
    print(
        f"{asked.sites} sites x {asked.items} contents x {asked.days} days: {seconds:.2f} s, "
        f"{slots} slots, {1000 * seconds / asked.sites:.2f} ms a site"
    )


def _round(asked: argparse.Namespace) -> tuple[float, int]:
    sites = [_site(number, zone, asked.items) for number, zone in _numbered(asked.sites)]
    end = START + timedelta(days=asked.days)
    began = time.process_time()
    slots = sum(len(plan(rules, queue, used, START, end).slots) for rules, queue, used in sites)
    return time.process_time() - began, slots


def _numbered(sites: int) -> list[tuple[int, str]]:
    return list(zip(range(sites), cycle(ZONES), strict=False))


def _site(
    number: int, zone: str, items: int
) -> tuple[PublishingRules, list[Queued], list[datetime]]:
    windows = (Window(9 * 60, 12 * 60), Window(22 * 60, 26 * 60))
    rules = PublishingRules(zone=zone_of(zone), windows=windows)
    queue = [
        Queued(number * items + item, START - timedelta(hours=items - item))
        for item in range(items)
    ]
    return rules, queue, [START - timedelta(hours=20 * n) for n in range(15)]


if __name__ == "__main__":
    main()
