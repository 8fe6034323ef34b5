"""Rows: what a site, or what lies between us and it, does to us."""

import sys
import time

import sqlalchemy as sa
from certificates import BROKEN
from chaos_checks import ENDS, rows_of
from chaos_fronts import NAME, Deaf, FrontedSite, QuietSite, fronted, teach_workers
from chaos_sites import SimulatedSite
from chaos_table import POSTGRESQL, Row, Size
from fault_proxy import ANY
from servers import wait_until

import settings
from models import Attempt, Integration
from models.session import session_scope
from tasks.doorbell import ring

BEYOND = 0.3
"""Seconds after our deadline when an answer comes too late."""


def after_our_deadline():
    return settings.current().total_timeout + BEYOND


# --- the dial ----------------------------------------------------------------------------------


def dialled(*faults):
    """Return a fault: these stay on every site's dial until they have struck ``size.times``."""

    def strike(run):
        for fault in faults:
            known = {name: value() if callable(value) else value for name, value in fault.items()}
            run.dial(**known)
        last_until(run, run.size.seconds)
        _publish_until(run, lambda: run.dialled() >= run.size.times)
        run.undial()
        run.struck(run.dialled())

    return strike


def last_until(run, seconds):
    """Let the callers go on for so long."""
    run.clients.hurry.wait(seconds)


def _publish_until(run, enough, rounds=50):
    """Publish more for as long as all is done and chance has struck too seldom."""
    for _ in range(rounds):
        try:
            wait_until(lambda: enough() or run.drain(0.2), what="the strikes")
        except TimeoutError:
            return  # something never ends: the checker says what
        if enough():
            return
        run.publish(5)
    raise AssertionError("the fault does not strike")


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


# --- away --------------------------------------------------------------------------------------


def go_away(run):
    """Every site refuses connections for the whole time of the row."""
    # The breaker's pause doubles: it may last as long again as the site was away.
    run.patience += run.size.seconds
    for site in run.sites:
        site.proxy.stop()
    run.struck(len(run.sites))
    last_until(run, run.size.seconds)
    wait_until(lambda: unreached(run), what="a refused connection")
    for site in run.sites:
        site.proxy.start()


def lose_name(run):
    """The site's name stops resolving, while its open connections end."""
    for _ in run.strikes():
        before = unreached(run)
        run.lesson.gone.touch()
        for site in run.sites:
            site.proxy.cut()
        run.publish(4)
        wait_until(lambda seen=before: unreached(run) > seen, what="a failed look-up")
        run.lesson.gone.unlink()


def unreached(run):
    """Return how often we tried to connect to the row's sites and could not."""
    query = sa.select(sa.func.count(Attempt.id)).where(
        Attempt.integration_id.in_(integrations(run)), Attempt.error.like("could not connect%")
    )
    with session_scope(read_only=True) as session:
        return session.scalar(query)


def integrations(run):
    return [integration_id for _, integration_id in run.clients.integrations]


def named_sites(run):
    run.lesson = teach_workers(run)
    return fronted(2, host=NAME)(run)


# --- suspended ---------------------------------------------------------------------------------


def show_bad_certificates(run):
    """Show one bad certificate after another; nothing may be sent until it is repaired."""
    (site,) = run.sites
    for number in range(run.size.times):
        site.proxy.stop()  # open connections know the good one
        site.proxy.tls = run.lesson.certificates.context(BROKEN[number % len(BROKEN)])
        before = site.proxy.counts["requests"]
        site.proxy.start()
        run.struck()
        run.publish(3)
        wait_until(lambda: suspended(run, "tls"), what="the site's suspension")
        run.publish(1)
        run.pause(settings.current().tick * 2)
        if site.proxy.counts["requests"] != before:
            raise AssertionError("a request was sent over a connection nobody should trust")
        site.proxy.tls = run.lesson.certificates.context()
        run.resume()


def secure_site(run):
    run.lesson = teach_workers(run)
    behind = SimulatedSite(run.world, run.folder).wait()
    return [FrontedSite(behind, behind.key, tls=run.lesson.certificates.context())]


def redirect(run):
    """Send everybody to another host; nobody may follow, with our key least of all."""
    other = Deaf()
    run.undo(other.stop)
    for _ in range(run.size.times):
        run.dial(kind="redirect", path=ANY, location=f"{other.url}wp-json/")
        run.struck()
        run.publish(4)
        wait_until(lambda: suspended(run, "redirected"), what="the suspension")
        run.undial()
        run.resume()
    if other.visits():
        raise AssertionError("a redirect was followed to another host")


def suspended(run, code):
    """Whether every site of the row is suspended, for this reason."""
    ids = integrations(run)
    with session_scope(read_only=True) as session:
        found = session.scalars(
            sa.select(Integration.sync_error).where(
                Integration.id.in_(ids), Integration.suspended_at.is_not(None)
            )
        ).all()
    return len(found) == len(ids) and all(error.startswith(code) for error in found)


# --- one that is slow --------------------------------------------------------------------------

QUICK_SITES = 19


def one_slow_site(run):
    """Publish to 19 quick sites with and without a slow one beside them, in turns."""
    rates = {True: [], False: []}
    for number in range(2 * run.size.times):
        beside = number % 2 == 1
        rates[beside].append(_rate_of_quick_ones(run, beside))
        run.struck(beside)
    with_it, without = sum(rates[True]), sum(rates[False])
    # Only counted, never timed: this is for the reader.
    words = f"the quick ones keep {with_it / without:.0%} of their rate beside a slow site"
    sys.stderr.write(f"         {words}\n")


def _rate_of_quick_ones(run, beside):
    """Return posts a second of the quick sites; beside a slow one it must still be busy after."""
    slow = run.sites[0]
    _switch_sites(run, on=False)  # what is measured is publishing, not accepting
    quick = [_accept_at(run, 1 + place) for _ in range(2) for place in range(QUICK_SITES)]
    backlog = [_accept_at(run, 0) for _ in range(10)] if beside else []
    slow.dial(kind="slow", seconds=settings.current().read_timeout * 0.8)
    began = time.monotonic()
    _switch_sites(run, on=True)
    ring()
    wait_until(lambda: _ended(quick), what="the quick sites' end")
    rate = len(quick) / (time.monotonic() - began)
    if beside and _ended(backlog):
        raise AssertionError("the quick sites had to wait until the slow one was done")
    slow.undial()
    wait_until(lambda: _ended(backlog), what="the slow site's end")
    return rate


def _switch_sites(run, *, on):
    ids = [integration_id for _, integration_id in run.clients.integrations]
    with session_scope() as session:
        session.execute(sa.update(Integration).where(Integration.id.in_(ids)).values(is_active=on))


def _accept_at(run, place):
    """Accept a content for one of the row's sites; contents go to sites by their number."""
    number = run.clients.next_number()
    while number % len(run.sites) != place:
        number = run.clients.next_number()
    return run.clients.accept(number)


def _ended(accepted):
    rows = rows_of([each.content_id for each in accepted])
    return all(row.state in ENDS for row in rows.values())


ROWS = [
    Row(
        "20 % of answers lost",
        dialled({"kind": "lost_answer", "probability": 0.2}),
        Size(8, 60, 5),
        Size(1000, 5000, 300),
    ),
    Row(
        "answers after our timeout",
        dialled({"kind": "late_answer", "seconds": after_our_deadline, "probability": 0.15}),
        Size(4, 40, 4),
        Size(200, 1500, 300),
        databases=(POSTGRESQL,),
    ),
    Row(
        "500, 502, 503, 429, with and without Retry-After",
        dialled(*STATUSES),
        Size(12, 50, 4),
        Size(1000, 3000, 300),
    ),
    Row(
        "Retry-After that nobody can read",
        dialled(*RETRY_AFTERS),
        Size(4, 30, 3),
        Size(300, 1000, 120),
        databases=(POSTGRESQL,),
    ),
    Row("the site is down", go_away, Size(1, 12, 8), Size(1, 200, 600), sites=fronted(2)),
    Row(
        "HTML with 200, broken JSON, another content's answer",
        dialled(*NONSENSE),
        Size(10, 50, 4),
        Size(1000, 3000, 300),
        databases=(POSTGRESQL,),
    ),
    Row(
        "the site's server dies in mid-publish",
        dialled(*CRASHES),
        Size(4, 40, 3),
        Size(300, 1500, 120),
        databases=(POSTGRESQL,),
        sites=lambda _: [QuietSite(stale_seconds=2) for _ in range(4)],
    ),
    Row("dripping bodies and headers", dialled(*DRIPS), Size(4, 40, 4), Size(200, 1500, 300)),
    Row(
        "connections reset before and after the work",
        dialled(
            {"kind": "reset", "probability": 0.15},
            {"kind": "reset_after_send", "probability": 0.15},
        ),
        Size(8, 50, 4),
        Size(1000, 3000, 300),
        sites=fronted(2),
    ),
    Row(
        "requests that reach the site after we gave them up",
        dialled({"kind": "delay", "seconds": after_our_deadline, "probability": 0.2}),
        Size(4, 40, 4),
        Size(200, 1500, 300),
        databases=(POSTGRESQL,),
        sites=fronted(2),
        edits=0.5,
    ),
    Row("DNS gone", lose_name, Size(2, 10, 3), Size(50, 500, 200), sites=named_sites),
    Row(
        "TLS expired, self-signed, of another name",
        show_bad_certificates,
        Size(3, 6, 3),
        Size(30, 100, 60),
        sites=secure_site,
    ),
    Row(
        "redirect to another host",
        redirect,
        Size(2, 6, 2),
        Size(30, 100, 60),
        databases=(POSTGRESQL,),
        sites=fronted(2),
    ),
    Row(
        "one slow site beside 19 quick ones",
        one_slow_site,
        Size(1, 0, 1),
        Size(10, 0, 1),
        databases=(POSTGRESQL,),
        sites=lambda _: [QuietSite() for _ in range(1 + QUICK_SITES)],
        edits=0,
    ),
]
