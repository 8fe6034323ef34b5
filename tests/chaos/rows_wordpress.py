"""Rows marked W: against a real WordPress, counted through its own REST API."""

from chaos_table import POSTGRESQL, SQLITE, WAITS, Row, Size
from chaos_wordpress import real_named_site, real_secure_site, real_site
from rows_site_answers import STATUSES, after_our_deadline, dialled
from rows_site_away import go_away, lose_name
from rows_site_strangers import redirect, show_bad_certificates
from servers import wait_until

NONSENSE = [
    {"kind": kind, "probability": 0.07} for kind in ("html_200", "truncated_json", "cut_body")
]
"""What a proxy can make of a real site's answer, after the site has done its work."""

ROOM = 6
"""It takes about three posts a second here, where a simulated site takes sixty."""

TAKEOVER = 120
"""Seconds after which the plugin lets a dead request's key be taken over."""


def kill_workers(run):
    """Kill a worker each time while its request is at the site."""
    proxy = run.sites[0].proxy
    for _ in run.strikes():
        killed = False
        while not killed:
            wait_for_request(run)
            run.pause(0.05)
            killed = any(run.world.kill_sender(port) for port in list(proxy.senders))


def wait_for_request(run):
    """Return when a request is on its way to the site; publish more where nothing is left to do."""
    counts = run.sites[0].proxy.counts
    before = counts["forwarded"]

    def is_on_its_way():
        if run.drain(0.2):
            run.publish(1)
        return counts["forwarded"] > before

    wait_until(is_on_its_way, what="a request")


def crash_site(run):
    """Kill the web server in mid-publish; what it had begun is taken over when its time is up."""
    run.patience = 3 * TAKEOVER
    (site,) = run.sites
    for _ in run.strikes():
        run.publish(1)
        while not crash_in_mid_publish(run, site.behind):
            pass


def crash_in_mid_publish(run, site):
    """Kill it when it has begun with a text; return whether it had not come to that text's end.

    Questions are left alone: a site that dies of each is never asked to publish again.
    """
    before = site.begun()

    def has_begun():
        if run.drain(0.2):
            run.publish(1)
        return site.begun() - before

    wait_until(has_begun, timeout=2 * TAKEOVER, what="a publish")
    site.crash()
    return bool(site.begun() - before)


ROWS = [
    Row(
        "W: SIGKILL of workers",
        kill_workers,
        Size(5, 25, 12),
        Size(100, 300, 300),
        databases=(POSTGRESQL,),
        sites=real_site,
        room=ROOM,
    ),
    Row(
        "W: 20 % of answers lost",
        dialled({"kind": "lost_answer", "probability": 0.2}),
        Size(4, 25, 4),
        Size(40, 150, 20),
        full_databases=(SQLITE,),
        sites=real_site,
        room=ROOM,
    ),
    Row(
        "W: late answers, late requests, resets, drips and 503",
        dialled(
            {"kind": "late_answer", "seconds": after_our_deadline, "probability": 0.08},
            {"kind": "delay", "seconds": after_our_deadline, "probability": 0.08},
            {"kind": "reset_after_send", "probability": 0.1},
            {"kind": "drip_body", "bytes_per_second": 20, "probability": 0.08},
            {"kind": "drip_head", "bytes_per_second": 20, "probability": 0.08},
            {"kind": "status", "code": 503, "probability": 0.08},
            {"kind": "status", "code": 503, "retry_after": "1", "probability": 0.08},
        ),
        Size(5, 25, 3),
        Size(40, 100, 20),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=real_site,
        lane=WAITS,
        room=ROOM,
    ),
    Row(
        "W: 500, 502, 503, 429, HTML with 200, broken JSON",
        dialled(*STATUSES, *NONSENSE),
        Size(6, 20, 3),
        Size(60, 120, 20),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=real_site,
        room=ROOM,
    ),
    Row(
        "W: the site is down (quick: 4 s, full: 10 min)",
        go_away,
        Size(1, 6, 4),
        Size(1, 60, 600),
        databases=(POSTGRESQL,),
        full_databases=(SQLITE,),
        sites=real_site,
        lane=WAITS,
        room=60,  # all: callers go on while it is away
    ),
    Row(
        "W: DNS gone",
        lose_name,
        Size(2, 6, 2),
        Size(12, 60, 15),
        full_databases=(SQLITE,),
        sites=real_named_site,
        room=ROOM,
    ),
    Row(
        "W: TLS expired, self-signed, of another name",
        show_bad_certificates,
        Size(3, 4, 2),
        Size(12, 40, 10),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=real_secure_site,
        room=ROOM,
    ),
    Row(
        "W: redirect to another host",
        redirect,
        Size(2, 4, 2),
        Size(12, 40, 10),
        full_databases=(SQLITE,),
        sites=real_site,
        room=ROOM,
    ),
    Row(
        "W: SIGKILL of the site's web server",
        crash_site,
        Size(0, 0, 0),
        Size(10, 60, 15),
        databases=(),  # it waits two minutes for each takeover
        full_databases=(SQLITE,),
        sites=real_site,
        lane=WAITS,
        room=ROOM,
    ),
]
