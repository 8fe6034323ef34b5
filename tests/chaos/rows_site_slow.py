"""Rows: one site that is slow, and the others beside it."""

import time

import sqlalchemy as sa
from chaos_drain import have_ended
from chaos_fronts import QuietSite
from chaos_table import POSTGRESQL, Row, Size
from servers import wait_until

import settings
from models import Integration
from models.session import session_scope
from tasks.doorbell import ring

QUICK_SITES = 19
POSTS_EACH, BACKLOG = 2, 20
"""Of each quick site and of the slow one, in each round, times the rounds. The ratio of few posts
says little: only the long form's tells.
"""


def one_slow_site(run):
    """Publish to 19 quick sites with and without a slow one beside them, in turns."""
    rates = {True: [], False: []}
    for number in range(2 * run.size.times):
        beside = number % 2 == 1
        rates[beside].append(_rate_of_quick_ones(run, beside))
        run.struck(beside)
    with_it, without = sum(rates[True]), sum(rates[False])
    # Only counted, never timed: this is for the reader.
    run.notes.append(f"the quick ones keep {with_it / without:.0%} of their rate")


def _rate_of_quick_ones(run, beside):
    """Return posts a second of the quick sites; beside a slow one it must still be busy after."""
    slow, *quick_ones = run.integrations
    _switch_sites(run.integrations, on=False)  # what is measured is publishing, not accepting
    backlog = _keep_busy(run, slow) if beside else []
    size = run.size.times
    quick = [
        _accept_at(run, 1 + place) for _ in range(POSTS_EACH * size) for place in range(QUICK_SITES)
    ]
    began = time.monotonic()
    _switch_sites(quick_ones, on=True)
    ring()
    wait_until(lambda: have_ended(quick), what="the quick sites' end")
    rate = len(quick) / (time.monotonic() - began)
    if beside and have_ended(backlog):
        raise AssertionError("the quick sites had to wait until the slow one was done")
    run.sites[0].undial()
    wait_until(lambda: have_ended(backlog), what="the slow site's end")
    return rate


def _keep_busy(run, slow):
    """Give the slow site its work, and return it when the site lets a request wait.

    Only then: what its posts cost to build is work like any other site's, no loss of the others.
    """
    before = run.dialled()
    backlog = [_accept_at(run, 0) for _ in range(BACKLOG * run.size.times)]
    run.sites[0].dial(kind="slow", seconds=settings.current().read_timeout * 0.8)
    _switch_sites([slow], on=True)
    ring()
    wait_until(lambda: run.dialled() > before, what="the slow site's first request")
    return backlog


def _switch_sites(integrations, *, on):
    with session_scope() as session:
        session.execute(
            sa.update(Integration).where(Integration.id.in_(integrations)).values(is_active=on)
        )


def _accept_at(run, place):
    """Accept a content for one of the row's sites; contents go to sites by their number."""
    number = run.clients.next_number()
    while number % len(run.sites) != place:
        number = run.clients.next_number()
    return run.clients.accept(number)


ROWS = [
    Row(
        "one slow site beside 19 quick ones",
        one_slow_site,
        Size(1, 0, 1),
        Size(5, 0, 1),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=lambda _: [QuietSite() for _ in range(1 + QUICK_SITES)],
        edits=0,
    ),
]
