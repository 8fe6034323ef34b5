"""Rows: contents that kill whoever sends them."""

import json

from chaos_checks import rows_of
from chaos_drain import have_ended
from chaos_fronts import fronted
from chaos_table import POSTGRESQL, WAITS, Row, Size
from servers import wait_until

from models import PublicationState

CODE = "worker_lost"
PATIENCE = 600.0
"""Seconds; each of its deaths costs a lease, and those of one site come one after another."""


def poison(run):
    """Some contents kill every worker that sends them: those end as failed, and no other does."""
    titles = set()

    def kill_who_sends_it(request, port):
        if request.method != "POST" or _title(request) not in titles:
            return False
        run.struck(run.world.kill_sender(port))
        return True

    for site in run.sites:
        site.proxy.watch = kill_who_sends_it
    doomed = []
    for _ in range(run.size.times):
        run.pause(run.size.seconds / run.size.times)
        number = run.clients.next_number()
        titles.add(f"{run.row.name}: {number}")
        doomed.append(run.clients.accept(number))
        run.may_fail[doomed[-1].content_id] = CODE
    wait_until(lambda: have_ended(doomed), what="the end of the poison", timeout=PATIENCE)
    prove_that_they_failed(doomed, CODE)


def _title(request):
    try:
        return json.loads(request.body)["title"]
    except (ValueError, KeyError, TypeError):
        return None  # a picture


def prove_that_they_failed(doomed, code):
    for row in rows_of(entry.content_id for entry in doomed).values():
        if (row.state, row.failure_code) != (PublicationState.FAILED, code):
            raise AssertionError(
                f"what was to fail with {code} ended as {row.state.value}, {row.failure_code}"
            )


ROWS = [
    Row(
        "a content that kills each worker that sends it",
        poison,
        Size(1, 24, 1),
        Size(2, 80, 10),
        databases=(POSTGRESQL,),
        sites=fronted(2),
        lane=WAITS,
    ),
]
