"""Rows: a site that is not there: it refuses connections, or its name is gone."""

import sqlalchemy as sa
from chaos_fronts import NAME, fronted, teach_workers
from chaos_table import POSTGRESQL, SQLITE, WAITS, Row, Size
from servers import wait_until

from models import Attempt
from models.session import session_scope


def go_away(run):
    """Every site refuses connections for the whole time of the row."""
    # The breaker's pause doubles: it may last as long again as the site was away.
    run.patience += run.size.seconds
    for site in run.sites:
        site.proxy.stop()
    run.struck(len(run.sites))
    run.last(run.size.seconds)
    wait_until(lambda: unreached(run), what="a refused connection")
    for site in run.sites:
        site.proxy.start()


def lose_name(run):
    """The site's name stops resolving, while its open connections end."""
    for _ in run.strikes():
        before = unreached(run)
        run.lesson.gone.touch()
        run.undo(run.lesson.gone.unlink, missing_ok=True)
        for site in run.sites:
            site.proxy.cut()
        run.publish(4)
        wait_until(lambda seen=before: unreached(run) > seen, what="a failed look-up")
        run.lesson.gone.unlink()


def unreached(run):
    """Return how often we tried to connect to the row's sites and could not."""
    query = sa.select(sa.func.count(Attempt.id)).where(
        Attempt.integration_id.in_(run.integrations), Attempt.error.like("could not connect%")
    )
    with session_scope(read_only=True) as session:
        return session.scalar(query)


def named_sites(run):
    run.lesson = teach_workers(run)
    return fronted(2, host=NAME)(run)


ROWS = [
    Row(
        "the site is down (quick: 8 s, full: 10 min)",
        go_away,
        Size(1, 12, 8),
        Size(1, 150, 600),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=fronted(2),
        room=150,  # all: what it is away for is accepted all the same
        lane=WAITS,
    ),
    Row(
        "DNS gone",
        lose_name,
        Size(2, 10, 3),
        Size(20, 150, 20),
        full_databases=(SQLITE,),
        sites=named_sites,
    ),
]
