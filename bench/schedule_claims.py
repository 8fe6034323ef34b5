"""What a tick of due slots costs over 10,000 and over 1,000,000 entries, on PostgreSQL.

Both tables have the same few due entries; the rest waits for later, or has been published. The
two are measured in turns, so that whatever else the machine does slows both. Prints ratios:
times change from machine to machine.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from models import Base  # noqa: E402 - the path comes first
from models.schedule.due_slots import lock_due  # noqa: E402
from models.schedule.missed_slots import clear_missed_slots, hold_unapproved  # noqa: E402

SMALL, LARGE = 10_000, 1_000_000
SITES, DUE = 1_000, 50
CLAIM_LIMIT, EMPTY_LIMIT, INDEX_LIMIT = 1.5, 1.5, 0.1

FILL = """
SET session_replication_role = replica;
INSERT INTO accounts (id, name) SELECT n, 'Account ' || n FROM generate_series(1, 20) n;
INSERT INTO sites (id, account_id, name, url, hosting_type)
SELECT n, 1 + n % 20, 'Site ' || n, 'https://site-' || n || '.example', 'wordpress'
FROM generate_series(1, :sites) n;
INSERT INTO site_integrations (id, account_id, site_id, platform, platform_type, config_json,
  is_active, sync_enabled, sync_status, connection_status)
SELECT id, account_id, id, 'wordpress', 'cms', '{}', true, true, 'pending', 'connected' FROM sites;
INSERT INTO publishing_settings (site_id, account_id, auto_approval_enabled, auto_publish_enabled,
  daily_publish_limit, weekly_publish_limit, monthly_publish_limit, publish_days,
  publish_time_slots, blackout_dates, minimum_gap_minutes, jitter_minutes, publish_order,
  time_zone, time_zone_source, plan_due)
SELECT id, account_id, true, true, 5, 20, 60, '[]', '[]', '[]', 30, 10, 'oldest_approved', 'UTC',
  'default', false
FROM sites;
INSERT INTO contents (id, account_id, site_id, title, status, revision, fingerprint, swept)
SELECT n, sites.account_id, sites.id, 'Title ' || n, 'approved', 1, '', true
FROM generate_series(1, :rows) n JOIN sites ON sites.id = 1 + n % :sites;
INSERT INTO schedule_entries (id, account_id, site_id, integration_id, content_id, state, source,
  priority, exact, override_status, post_status, slot_at, slot_until, reason, missed)
SELECT id, account_id, site_id, site_id, id,
  CASE WHEN id % 100 < :waiting THEN 'waiting' ELSE 'taken' END,
  'approval', 0, false, false, 'publish',
  now() + make_interval(hours => CASE WHEN id % 100 < :waiting THEN 1 ELSE -1 END * (1 + id % 700)),
  now() + make_interval(hours => CASE WHEN id % 100 < :waiting THEN 1 ELSE -1 END * (2 + id % 700)),
  'window', 0
FROM contents
"""
"""Without a check of each reference, which would take minutes: they fit."""

COME = sa.text("""
UPDATE schedule_entries SET slot_at = now(), slot_until = now() + make_interval(hours => 1)
WHERE id IN (SELECT id FROM schedule_entries WHERE state = 'waiting' ORDER BY id LIMIT :due)
""")
SIZES = sa.text(
    "SELECT pg_relation_size('ix_schedule_entries_due'), pg_relation_size('whole_slot_at')"
)


def make(url: str, rows: int, waiting: int) -> sa.Engine:
    """Return a database with so many entries, of which ``waiting`` percent wait."""
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        values = {"rows": rows, "waiting": waiting, "sites": SITES}
        for statement in map(sa.text, FILL.split(";")):
            used = statement.compile().params
            connection.execute(statement, {name: values[name] for name in used})
        connection.exec_driver_sql("CREATE INDEX whole_slot_at ON schedule_entries (slot_at)")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return engine


def claim(session: Session) -> int:
    """Do what a tick does to find and lock what is due."""
    return len(lock_due(session, DUE))


def whole_tick(session: Session) -> int:
    """Do all that a tick does where nothing is due."""
    return claim(session) + hold_unapproved(session) + clear_missed_slots(session, 500)


def timed(engine: sa.Engine, work: Callable[[Session], int], *, due: bool) -> float:
    """Return how long ``work`` takes in a transaction that is rolled back; it finds all or none."""
    with Session(engine) as session:
        if due:
            session.execute(COME, {"due": DUE})
        start = time.perf_counter()
        found = work(session)
        took = time.perf_counter() - start
        session.rollback()
    if found != (DUE if due else 0):
        raise RuntimeError(f"it found {found}")
    return took


def ratio(
    small: sa.Engine, large: sa.Engine, work: Callable[[Session], int], rounds: int, *, due: bool
) -> tuple[float, float, float]:
    """Return both medians in milliseconds, and how many times the small one the large one is."""
    pairs = [[timed(each, work, due=due) for each in (small, large)] for _ in range(rounds)]
    mid = [1000 * statistics.median(column) for column in zip(*pairs, strict=True)]
    return mid[0], mid[1], mid[1] / mid[0]


def main() -> None:
    """Run once; the status says whether all limits are kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=LARGE, help=f"of the large one ({LARGE})")
    options.add_argument("--waiting", type=int, default=5, help="percent that wait for later (5)")
    options.add_argument("--rounds", type=int, default=40)
    chosen = options.parse_args()
    from servers import Postgres

    with ExitStack() as undo:
        server = Postgres().start()
        undo.callback(server.stop)
        small, large = (
            make(server.url(server.create()), rows, chosen.waiting) for rows in (SMALL, chosen.rows)
        )
        undo.callback(large.dispose)
        undo.callback(small.dispose)
        kept = []
        for name, work, due, limit in (
            (f"claim of {DUE}", claim, True, CLAIM_LIMIT),
            ("empty tick", whole_tick, False, EMPTY_LIMIT),
        ):
            ratio(small, large, work, 5, due=due)  # both are warm from here on
            few, many, found = ratio(small, large, work, chosen.rounds, due=due)
            print(f"{name:14} {few:7.2f} ms {many:7.2f} ms  {found:.2f}x, at most {limit}x")
            kept.append(found <= limit)
        with large.connect() as connection:
            partial, whole = connection.execute(SIZES).one()
        print(f"partial index  {partial / whole:.3f}x the whole one, at most {INDEX_LIMIT}x")
        kept.append(partial <= INDEX_LIMIT * whole)
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()
