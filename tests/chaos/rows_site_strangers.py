"""Rows: somebody who is not the site, or can't show that he is: nothing may be sent to him."""

import sqlalchemy as sa
from certificates import BROKEN
from chaos_fronts import Deaf, FrontedSite, fronted, teach_workers
from chaos_sites import SimulatedSite
from chaos_table import POSTGRESQL, SQLITE, Row, Size
from fault_dial import ANY
from servers import wait_until

import settings
from models import Integration
from models.session import session_scope


def show_bad_certificates(run):
    """Show one bad certificate after another; nothing may be sent until it is repaired."""
    (site,) = run.sites
    parked = []
    for number in range(run.size.times):
        run.wait_for(parked)
        site.proxy.stop()  # open connections know the good one
        site.proxy.tls = run.lesson.certificates.context(BROKEN[number % len(BROKEN)])
        before = site.proxy.counts["requests"]
        site.proxy.start()
        run.struck()
        parked = run.publish(3)
        wait_until(lambda: suspended(run, "tls"), what="the site's suspension")
        parked += run.publish(1)
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
    parked = []
    for _ in range(run.size.times):
        run.wait_for(parked)
        run.dial(kind="redirect", path=ANY, location=f"{other.url}wp-json/")
        run.struck()
        parked = run.publish(4)
        wait_until(lambda: suspended(run, "redirected"), what="the suspension")
        run.undial()
        run.resume()
    if other.visits():
        raise AssertionError("a redirect was followed to another host")


def suspended(run, code):
    """Whether every site of the row is suspended, for this reason."""
    ids = run.integrations
    with session_scope(read_only=True) as session:
        found = session.scalars(
            sa.select(Integration.sync_error).where(
                Integration.id.in_(ids), Integration.suspended_at.is_not(None)
            )
        ).all()
    return len(found) == len(ids) and all(error.startswith(code) for error in found)


ROWS = [
    Row(
        "TLS expired, self-signed, of another name",
        show_bad_certificates,
        Size(3, 6, 3),
        Size(12, 40, 10),
        full_databases=(SQLITE,),
        sites=secure_site,
    ),
    Row(
        "redirect to another host",
        redirect,
        Size(2, 6, 2),
        Size(12, 40, 10),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        sites=fronted(2),
    ),
]
