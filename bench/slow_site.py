"""What 19 quick sites lose by one beside them that takes 29 s for each answer (30 is the limit).

Real workers with the settings as they come, and PostgreSQL. The two ways take turns in pairs: with
the slow site waiting for its answers all the while, and without. Each gets its ratio.
"""

import argparse
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / room) for room in ("", "workers"))]

QUICK = 19
SLOW_ANSWER = 29.0
"""Seconds; a site that takes longer is out of order, and its breaker opens."""


def main() -> None:
    """Run in a process whose settings name servers of this run alone."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pairs", type=int, default=5)
    options.add_argument("--posts", type=int, default=40, help="of each quick site in a round (40)")
    options.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.here:
        run(chosen.here, chosen.pairs, chosen.posts)
        return
    from own_servers import run_again

    sys.exit(run_again(__file__))


def run(folder: Path, pairs: int, posts: int) -> None:
    """Make the sites, start the engine, and print the ratio of each pair."""
    from engine import LINES, Engine
    from factories import make_account, make_integration, make_site

    from cli.database import upgrade
    from models.session import session_scope
    from simulators.wordpress import SimulatedSite

    LINES["publish"] = ["-P", "threads", "-c", "32", *LINES["publish"][-2:]]  # as in the Procfile
    upgrade()
    keys = [f"igny8_live_slow{number:030d}" for number in range(1 + QUICK)]
    with ExitStack() as stack:
        sites = [stack.enter_context(SimulatedSite(api_key=key)) for key in keys]
        with session_scope() as session:
            account = make_account(session)
            made = [
                make_integration(session, make_site(session, account, url=site.url, key=key)).id
                for site, key in zip(sites, keys, strict=True)
            ]
        stack.enter_context(Engine(folder, ROOT))
        round_of(made, sites[0], posts, beside=False)  # connections, caches
        ratios = []
        for number in range(pairs):
            order = (True, False) if number % 2 else (False, True)
            rates = {beside: round_of(made, sites[0], posts, beside=beside) for beside in order}
            ratios.append(rates[True] / rates[False])
            print(f"{rates[True]:.1f}/s beside it, {rates[False]:.1f}/s alone", flush=True)
    print(f"they keep {statistics.median(ratios):.0%} of their rate (wanted: 95 % or more)")


def round_of(made: list[int], slow: Any, posts: int, *, beside: bool) -> float:
    """Return the quick sites' posts a second in one round."""
    from servers import wait_until

    from tasks.doorbell import ring

    if beside:
        slow.faults.add(kind="slow", seconds=SLOW_ANSWER)
        waits = accept(made[:1], 10)
        ring()
        wait_until(slow.faults.struck, what="the slow site's first request")
    switch(made[1:], on=False)  # what is measured is publishing, not accepting
    quick = accept(made[1:], posts)
    began = time.monotonic()
    switch(made[1:], on=True)
    ring()
    wait_until(lambda: ended(quick) == len(quick), what="the quick sites' end")
    rate = len(quick) / (time.monotonic() - began)
    if beside:
        if ended(waits) == len(waits):
            raise SystemExit("the slow site was done first: it needs more posts")
        slow.faults.clear()
        wait_until(lambda: ended(waits) == len(waits), timeout=120, what="the slow site's end")
    return rate


def accept(integrations: list[int], posts: int) -> list[int]:
    """Accept a publish of new contents at each; return the publications' ids."""
    from factories import make_content

    from models import Integration
    from models.publishing.accepting import Wanted, accept_publish
    from models.session import session_scope

    made = []
    with session_scope() as session:
        for integration_id in integrations:
            integration = session.get_one(Integration, integration_id)
            for _ in range(posts):
                content = make_content(session, integration.site)
                accepted = accept_publish(session, content, integration, Wanted())
                session.flush()
                made.append(accepted.publication.id)
    return made


def ended(publications: list[int]) -> int:
    """Return how many of these have an end."""
    import sqlalchemy as sa

    from models import Publication
    from models.publication import PublicationState
    from models.session import session_scope

    query = sa.select(sa.func.count()).where(
        Publication.id.in_(publications), Publication.state == PublicationState.PUBLISHED
    )
    with session_scope(read_only=True) as session:
        return session.scalar(query) or 0


def switch(integrations: list[int], *, on: bool) -> None:
    """Switch sites on or off."""
    import sqlalchemy as sa

    from models import Integration
    from models.session import session_scope

    with session_scope() as session:
        session.execute(
            sa.update(Integration).where(Integration.id.in_(integrations)).values(is_active=on)
        )


if __name__ == "__main__":
    main()
