"""Rows: texts that a site's firewall refuses, while it takes all others."""

from chaos_drain import have_ended
from chaos_table import POSTGRESQL, WAITS, Row, Size
from rows_poison import prove_that_they_failed
from servers import wait_until

from models import SyncEvent
from models.publishing.suspects import CONTENT_REFUSED
from models.session import session_scope

PATIENCE = 300.0


def refuse_some_texts(run):
    """Some texts are answered 403 at every site: those end as failed, and no site is suspended."""
    doomed = []
    for _ in run.strikes():
        number = run.clients.next_number()
        run.dial(kind="status", code=403, text=f'"{run.row.name}: {number}"')
        doomed.append(run.clients.accept(number))
        run.may_fail[doomed[-1].content_id] = CONTENT_REFUSED
    wait_until(lambda: have_ended(doomed), what="the end of what is refused", timeout=PATIENCE)
    prove_that_they_failed(doomed, CONTENT_REFUSED)
    with session_scope(read_only=True) as session:
        suspended = session.query(SyncEvent).filter(
            SyncEvent.action == "site_suspended", SyncEvent.integration_id.in_(run.integrations)
        )
        if suspended.count():
            raise AssertionError("a site was suspended for a text that its firewall refuses")


ROWS = [
    Row(
        "403 to some texts",
        refuse_some_texts,
        Size(2, 24, 2),
        Size(8, 120, 10),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
        lane=WAITS,
    ),
]
