"""10,000 contents over 200 simulated sites as one bulk job, with a small job of another account.

Says how long the request, the feeding and the whole take, and what an idle tick and a tick with
everything open cost. The links run in this process, one after the other.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "tasks")]


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took, and its result."""
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result


def make_rows(sites: list[tuple[str, str]], items: int) -> int:
    """Make an account with its sites and contents; return its id."""
    from factories import make_account, make_content, make_integration, make_site

    from models.session import session_scope

    with session_scope() as session:
        account = make_account(session)
        for url, key in sites:
            site = make_site(session, account, url=url, key=key)
            make_integration(session, site)
            for number in range(items // len(sites)):
                make_content(session, site, f"Title {number}")
        return account.id


def start(account_id: int) -> str:
    """Make a job of everything that an account has."""
    from models.bulk.jobs import Selection, make_bulk_job
    from models.session import session_scope

    with session_scope() as session:
        return make_bulk_job(session, account_id, Selection(), {}).id


def counted(job_id: str) -> dict[str, int]:
    """Return how many items of a job are in which state, the empty ones left out."""
    from models.bulk.progress import counts
    from models.session import session_scope

    with session_scope(read_only=True) as session:
        return {str(state): n for state, n in counts(session, job_id).items() if n}


def run(large: str, small: str) -> dict[str, Any]:
    """Feed and publish until both have ended."""
    from chains import run_due

    from tasks.bulk import feed

    feeding: list[float] = []
    small_ended: int | None = None
    began = time.perf_counter()
    while not {"waiting", "accepted"}.isdisjoint(counted(large)):
        seconds, _ = timed(feed)
        feeding.append(seconds)
        run_due()
        if small_ended is None and counted(small).keys() == {"published"}:
            small_ended = len(feeding)
    idle = [timed(feed)[0] for _ in range(20)]
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "rounds": len(feeding),
        "feeding_seconds": round(sum(feeding), 1),
        "tick_ms": round(1000 * statistics.median(feeding), 1),
        "idle_tick_ms": round(1000 * statistics.median(idle), 1),
        "round_in_which_the_small_job_ended": small_ended,
    }


def measure(sites_wanted: int, items: int) -> None:
    """Make the rows, run, and print what it took."""
    from models import Base
    from models.session import engine
    from simulators.wordpress import SimulatedSite

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Base.metadata.create_all(engine())
    keys = [f"igny8_live_bulk{number:030d}" for number in range(sites_wanted + 1)]
    with ExitStack() as stack:
        sites = [stack.enter_context(SimulatedSite(api_key=key)) for key in keys]
        places = [(site.url, key) for site, key in zip(sites, keys, strict=True)]
        account, other = make_rows(places[:-1], items), make_rows(places[-1:], 5)
        asking, large = timed(lambda: start(account))
        done = run(large, start(other))
        posts = [len(site.posts) for site in sites[:-1]]
    print(f"asking {asking:.2f} s; {done}")
    print(f"job {counted(large)}; posts {sum(posts)}, at one site {sorted(set(posts))}")


def main() -> None:
    """Run the measurement in a process whose settings name an empty database."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sites", type=int, default=200)
    asked.add_argument("--items", type=int, default=10_000)
    asked.add_argument("--database-url", help="An empty database; else SQLite.")
    asked.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    wanted = asked.parse_args()
    if wanted.here:
        measure(wanted.sites, wanted.items)
        return
    from factories import SECRET_KEY

    with tempfile.TemporaryDirectory() as folder:
        ours = {
            "IGNY8_DATA_DIR": folder,
            "DATABASE_URL": wanted.database_url or f"sqlite:///{folder}/igny8.db",
            "IGNY8_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
            "IGNY8_SECRET_KEYS": SECRET_KEY,
        }
        command = [sys.executable, *sys.argv, "--here"]
        sys.exit(subprocess.run(command, env={**os.environ, **ours}, check=False).returncode)


if __name__ == "__main__":
    main()
