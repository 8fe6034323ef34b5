"""One address of an account is one site, also for those who ask at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

from factories import make_account, make_integration, make_site

from models import Integration
from models.session import session_scope
from models.sites.connecting import other_site_at

WANTED, ASKING = "https://wanted.example", 6


def move(start, account_id, integration_id):
    """Move a site as the API and the command do; return whether it is there now."""
    start.wait()
    with session_scope() as session:
        row = session.get_one(Integration, integration_id)
        if other_site_at(session, account_id, WANTED, row.site_id):
            return False
        row.external_site_url = WANTED
        return True


def test_of_several_sites_that_move_to_one_address_at_once_one_does(database):
    with session_scope() as session:
        owner = make_account(session)
        rows = [make_integration(session, make_site(session, owner)).id for _ in range(ASKING)]
    start = threading.Barrier(ASKING)

    with ThreadPoolExecutor(ASKING) as pool:
        moved = list(pool.map(lambda row: move(start, owner.id, row), rows))

    assert sum(moved) == 1
