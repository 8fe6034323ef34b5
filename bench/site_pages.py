"""What the pages of a large site cost: its content types, and how well its sync goes.

A million published contents and a million events of one site, 500 types and 500 taxonomies.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "ingress")]

CONTENTS, EVENTS, TYPES, TERMS = 1_000_000, 1_000_000, 500, 500
ROUNDS, OK = 15, 200
AGAIN = 10
"""Times more that a page is asked for in a round: the first finds the caches full of the scan."""
QUICK = {
    # A fill takes its time, and all it refers to is there.
    "postgresql": (
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL session_replication_role = replica",
    ),
    "sqlite": (),
}
NUMBERS = {
    "postgresql": "SELECT generate_series(1, {count}) AS n",
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "
        "WHERE n < {count}) SELECT n FROM numbers"
    ),
}
FILLS = (
    (
        CONTENTS,
        """
        INSERT INTO contents (id, account_id, site_id, title, status, revision, fingerprint)
        SELECT 1000 + n, {account}, {site}, 'A title', 'approved', 1, '' FROM ({numbers}) x
        """,
    ),
    (
        CONTENTS,
        """
        INSERT INTO revisions (id, content_id, number, document, fingerprint)
        SELECT 1000 + n, 1000 + n, 1, '{{}}', '' FROM ({numbers}) x
        """,
    ),
    (
        CONTENTS,
        """
        INSERT INTO publications (account_id, content_id, integration_id, key, state, revision,
            revision_id, post_status, restore, fence, attempts, unclear)
        SELECT {account}, 1000 + n, {integration}, 'key-' || n, 'published', 1,
            1000 + n, 'publish', false, 1, 0, false FROM ({numbers}) x
        """,
    ),
    (
        TERMS,
        """
        INSERT INTO terms (id, site_id, type, name, path)
        SELECT 1000 + n, {site}, 'tag', 'term ' || n, 'term ' || n FROM ({numbers}) x
        """,
    ),
    (
        CONTENTS,
        """
        INSERT INTO content_terms (content_id, term_id)
        SELECT 1000 + n, 1001 + n % 500 FROM ({numbers}) x
        """,
    ),
    (
        EVENTS,
        """
        INSERT INTO sync_events (account_id, site_id, integration_id, event_type, action, status,
            direction, description, details, created_at)
        SELECT {account}, {site}, {integration}, 'publish', 'content_publish',
            CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'success' END,
            'igny8_to_wp', 'x', '{{}}', {moment} FROM ({numbers}) x
        """,
    ),
)
MOMENTS = {
    # Thirty days of events; the last are twenty minutes old.
    "postgresql": "now() - interval '20 minutes' - ({count} - n) * interval '2.5 seconds'",
    "sqlite": (
        "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-20 minutes', "
        "'-' || (({count} - n) * 2.5) || ' seconds')"
    ),
}


def fill(tenant: Any, dialect: str) -> None:
    """Write the rows by the database itself, and count them as the workers do."""
    import sqlalchemy as sa

    from models import Integration
    from models.session import session_scope
    from models.sites.structures import Look, keep_structure
    from models.sites.synced_counts import recount
    from tasks.sites.health import roll_up

    ids = {
        "account": tenant.account.id,
        "site": tenant.site.id,
        "integration": tenant.integration.id,
    }
    for count, statement in FILLS:
        numbers = NUMBERS[dialect].format(count=count)
        moment = MOMENTS[dialect].format(count=count)
        with session_scope() as session:
            for setting in QUICK[dialect]:
                session.execute(sa.text(setting))
            session.execute(sa.text(statement.format(numbers=numbers, moment=moment, **ids)))
    _tidy(dialect)
    with session_scope() as session:
        keep_structure(session, tenant.integration.id, Look(structure_of(TYPES), None, "plugin"))
        recount(session, session.get_one(Integration, tenant.integration.id))
    while roll_up():
        pass
    _tidy(dialect)


def _tidy(dialect: str) -> None:
    """Do what autovacuum would have done by now."""
    import sqlalchemy as sa

    from models.session import engine

    with engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            sa.text("VACUUM ANALYZE" if dialect == "postgresql" else "ANALYZE")
        )


def structure_of(count: int) -> dict[str, Any]:
    """Return so many types and taxonomies, as the plugin tells them."""
    entry = {"enabled": True, "fetch_limit": 100}
    return {
        kind: {f"{kind[:4]}_{n}": {"label": f"Kind {n}", "count": n, **entry} for n in range(count)}
        for kind in ("post_types", "taxonomies")
    }


def cost(call: Callable[[], object]) -> tuple[float, float]:
    """Return milliseconds by the clock, and of this process's own work: SQLite's is part of it."""
    began, worked = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - began) * 1e3, (time.process_time() - worked) * 1e3


def measure(tenant: Any, dialect: str) -> None:
    """Print the two pages' costs, and the second beside the scan that it spares."""
    import logging

    import sqlalchemy as sa
    import structlog
    from ingress_rows import Caller

    import settings
    from ingress import create_app
    from ingress.integrations.health_answers import sync_health
    from models import EventStatus, Integration, SyncEvent
    from models.session import session_scope
    from models.sites.health import hour_of

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    api = Caller(create_app(settings.current()).test_client(), tenant.headers)
    base = f"/api/v1/integration/integrations/{tenant.integration.id}"

    def get(page: str) -> None:
        answer = api.get(f"{base}/{page}/")
        assert answer.status_code == OK, answer.text  # noqa: S101

    kinds = structure_of(TYPES)

    def push() -> None:
        answer = api.post(f"{base}/update-structure/", json=kinds)
        assert answer.status_code == OK, answer.text  # noqa: S101

    def read() -> None:
        with session_scope(read_only=True) as session:
            sync_health(session, session.get_one(Integration, tenant.integration.id))

    def scan() -> None:
        """Gather the same facts from the events themselves."""
        outcome = sa.func.sum(sa.case((SyncEvent.status == EventStatus.SUCCESS, 1), else_=0))
        hour = hour_of(SyncEvent.created_at).label("hour")
        query = sa.select(hour, SyncEvent.direction, outcome, sa.func.max(SyncEvent.created_at))
        query = query.where(SyncEvent.integration_id == tenant.integration.id)
        with session_scope(read_only=True) as session:
            session.execute(query.group_by(hour, SyncEvent.direction)).all()

    for warm in ("content-types", "sync-health"):
        get(warm)
    calls = ((lambda: get("content-types"), AGAIN), (push, 1), (read, AGAIN), (scan, 1))
    report(dialect, best_of(calls))


def best_of(calls: tuple[tuple[Callable[[], object], int], ...]) -> list[tuple[float, ...]]:
    """Return the best cost of each call, which is made so many times more in each round.

    The best: what it costs, and not what else the machine has to do.
    """
    rounds = [
        [tuple(map(min, *(cost(call) for _ in range(times + 1)))) for call, times in calls]
        for _ in range(ROUNDS)
    ]
    return [tuple(map(min, zip(*column, strict=True))) for column in zip(*rounds, strict=True)]


def report(dialect: str, found: list[tuple[float, ...]]) -> None:
    """Print what was measured."""
    names = ("content-types", f"push of {TYPES} types and taxonomies", "sync-health", "scan")
    goals = (" (goal: under 20)", "", "", "")
    for name, goal, (clock, work) in zip(names, goals, found, strict=True):
        print(f"{dialect}: {name} {clock:.1f} ms{goal}, own work {work:.1f} ms")
    ratio, of_work = (found[2][kind] / found[3][kind] for kind in (0, 1))
    print(f"{dialect}: sync-health / scan {ratio:.4f} (goal: at most 0.01)")
    if dialect == "sqlite":
        print(f"{dialect}: sync-health / scan by work alone {of_work:.4f}")


def run(dialect: str) -> int:
    """Make a database, and work on it in a process that has it in its settings."""
    from cryptography.fernet import Fernet

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="igny8-bench-"))
        url = f"sqlite:///{folder}/bench.db"
        if dialect == "postgresql":
            from servers.postgres import Postgres

            server = Postgres().start()
            stack.callback(server.stop)
            url = server.url(server.create())
        ours = {
            "DATABASE_URL": url,
            "IGNY8_DATA_DIR": folder,
            "IGNY8_SECRET_KEYS": Fernet.generate_key().decode(),
            "IGNY8_LIMIT_TOKEN": "0",
            "CELERY_BROKER_URL": "memory://",
        }
        command = [sys.executable, __file__, dialect, "--here"]
        return subprocess.run(command, env={**os.environ, **ours}, check=False).returncode


def work(dialect: str) -> int:
    """Fill the database of our settings, and measure."""
    from ingress_rows import make_tenant

    from cli import database
    from models.session import session_scope

    database.upgrade()
    with session_scope() as session:
        tenant = make_tenant(session)
    fill(tenant, dialect)
    measure(tenant, dialect)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dialect", choices=sorted(NUMBERS), nargs="?", default="postgresql")
    parser.add_argument("--here", action="store_true", help="on the database of our settings")
    chosen = parser.parse_args()
    sys.exit((work if chosen.here else run)(chosen.dialect))
