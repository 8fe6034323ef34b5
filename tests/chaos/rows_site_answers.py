"""Rows: what a site, or what lies between us and it, answers, if it answers at all."""

from chaos_fronts import fronted
from chaos_sites import simulated_sites
from chaos_table import POSTGRESQL, SQLITE, Row, Size

import settings

BEYOND = 0.3
"""Seconds after our deadline when an answer comes too late."""


def after_our_deadline():
    return settings.current().total_timeout + BEYOND


def dialled(*faults):
    """Return a fault: these stay on every site's dial until they have struck ``size.times``.

    By then each of them has struck, too.
    """

    def strike(run):
        for fault in faults:
            known = {name: value() if callable(value) else value for name, value in fault.items()}
            run.dial(**known)
        run.last(run.size.seconds)
        run.clients.finish()  # while more comes in, what is left tells nothing of progress
        kinds = {fault["kind"] for fault in faults}
        _publish_until(run, lambda: run.dials.have_struck(run.size.times))
        run.undial()
        run.struck(run.dialled())
        if "delay" in kinds:  # the last of them are still on their way to the site
            run.late(after_our_deadline() + 1)

    return strike


def _publish_until(run, enough, rounds=50):
    """Publish more for as long as all is done and chance has struck too seldom."""
    for _ in range(rounds):
        while not enough() and not run.drain(0.2):
            if not run.drain():
                return  # something never ends: the checker says what
        if enough():
            return
        run.dials.ensure_next()
        run.publish(5)
    raise AssertionError("the fault does not strike")


def short_reservations(run):
    """Sites where a dead request's key is free again after 2 s, and not 2 minutes."""
    return simulated_sites(run, stale_seconds=2)


STATUSES = [
    {"kind": "status", "code": code, "retry_after": wait, "probability": 0.06}
    for code in (500, 502, 503, 429)
    for wait in (None, "1")
]
RETRY_AFTERS = [
    {"kind": "status", "code": 503, "retry_after": value, "probability": 0.08}
    for value in ("-1", "abc", "", "Thu, 01 Jan 1970 00:00:00 GMT")
]
NONSENSE = [
    {"kind": kind, "probability": 0.07}
    for kind in (
        "html_200",
        "html_200_after_work",
        "truncated_json",
        "cut_body",
        "json_without_id",
        "wrong_content_id",
    )
]
CRASHES = [{"kind": "crash", "at": place, "probability": 0.08} for place in ("reserved", "draft")]
DRIPS = [
    {"kind": "drip_body", "bytes_per_second": 20, "probability": 0.12},
    {"kind": "drip_header", "bytes_per_second": 20, "probability": 0.12},
    {"kind": "drip_body", "bytes_per_second": 20, "probability": 0.1, "path": "/publications"},
]


ROWS = [
    Row(
        "20 % of answers lost",
        dialled({"kind": "lost_answer", "probability": 0.2}),
        Size(8, 60, 5),
        Size(100, 400, 20),
        full_databases=(SQLITE,),
    ),
    Row(
        "answers after our timeout",
        dialled({"kind": "late_answer", "seconds": after_our_deadline, "probability": 0.15}),
        Size(4, 40, 4),
        Size(40, 250, 20),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
    ),
    Row(
        "500, 502, 503, 429, with and without Retry-After",
        dialled(*STATUSES),
        Size(12, 50, 4),
        Size(120, 400, 20),
        full_databases=(SQLITE,),
    ),
    Row(
        "Retry-After that nobody can read",
        dialled(*RETRY_AFTERS),
        Size(4, 30, 3),
        Size(40, 150, 12),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
    ),
    Row(
        "HTML with 200, broken JSON, another content's answer",
        dialled(*NONSENSE),
        Size(10, 50, 4),
        Size(120, 350, 20),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
    ),
    Row(
        "the site's server dies in mid-publish",
        dialled(*CRASHES),
        Size(4, 40, 3),
        Size(30, 150, 15),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=short_reservations,
    ),
    Row(
        "dripping bodies and headers",
        dialled(*DRIPS),
        Size(4, 40, 4),
        Size(40, 200, 20),
        full_databases=(SQLITE,),
    ),
    Row(
        "connections reset before and after the work",
        dialled(
            {"kind": "reset", "probability": 0.15},
            {"kind": "reset_after_send", "probability": 0.15},
        ),
        Size(8, 50, 4),
        Size(100, 350, 20),
        full_databases=(SQLITE,),
        sites=fronted(2),
    ),
    Row(
        "requests that reach the site after we gave them up",
        dialled({"kind": "delay", "seconds": after_our_deadline, "probability": 0.2}),
        Size(4, 40, 4),
        Size(40, 250, 20),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=fronted(2),
        edits=0.5,
    ),
]
