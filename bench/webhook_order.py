"""10,000 webhooks in mixed order, 30 % twice and 5 % poison, through the doors and real workers.

When half of them are read the worker is killed, and started again.
Prints how long it took and what is not as at the site in the end: nothing must be.
"""

import argparse
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / room) for room in ("", "workers"))]


def main() -> None:
    """Run once."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--changes", type=int, default=9_000, help="what editors do (9000)")
    options.add_argument("--posts", type=int, default=300)
    options.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.here:  # a child of the process below, in which our settings are those of the run
        sys.exit(run(chosen.here, chosen.posts, chosen.changes))
    from own_servers import run_again

    sys.exit(run_again(__file__, IGNY8_TICK="1"))


def run(folder: Path, posts: int, changes: int) -> int:
    """Return the number of differences."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    from engine import Engine
    from factories import SITE_KEY, make_integration, make_site
    from mixed_webhooks import application, differences, live, publish, send, unread
    from servers import wait_until

    from cli.database import upgrade
    from models.session import session_scope
    from simulators.wordpress import SimulatedSite

    upgrade()
    with SimulatedSite(api_key=SITE_KEY) as site:
        with session_scope() as session:
            integration = make_integration(session, make_site(session, url=site.url, key=SITE_KEY))
        publish(integration, site, posts)
        live(site, changes, random.Random(1))
        began = time.perf_counter()
        sent = send(application(), site, seed=1)
        stored = time.perf_counter()
        with Engine(folder, ROOT) as engine:
            started = time.perf_counter()
            half = unread() // 2
            wait_until(lambda: unread() < half, timeout=900, what="half of them read")
            engine["publish"].kill()
            engine["publish"].start()
            wait_until(lambda: unread() == 0, timeout=900, what="all of them read")
        done = time.perf_counter()
        found = differences(site, sent)
    total = len(sent.ids) + sent.poison
    print(f"{total} messages ({sent.poison} poison; 30 % of them sent twice)")
    print(f"taken in: {total / (stored - began):.0f}/s by one caller")
    print(f"read: {total / (done - started):.0f}/s by one worker, of one site")
    print(f"not as at the site, lost, or twice: {len(found)}")
    for line in found[:20]:
        print(f"  {line}")
    return len(found)


if __name__ == "__main__":
    main()
