"""Runs the links of the chains about sites: for what they do, not for how they travel."""

from models import SiteRun, SiteRunKind
from models.session import session_scope
from models.sites.runs import accept_site_run
from tasks.sites import collection_test, connecting, structure
from tasks.sites import gate as site_runs

LINKS = {
    SiteRunKind.CONNECTION_TEST: [
        connecting.probe_network,
        connecting.probe_wordpress,
        connecting.probe_bridge,
        connecting.write_capabilities,
    ],
    SiteRunKind.COLLECTION_TEST: [collection_test.probe_collection],
    SiteRunKind.STRUCTURE_SYNC: [structure.fetch_structure, structure.store_structure],
}


def accept(integration, kind, **more):
    with session_scope() as session:
        return accept_site_run(session, integration, kind, **more)[0].id


def run_due():
    """Claim what is due and take each run through its links; return how many there were."""
    claims = site_runs.claim_due()
    for claim in claims:
        for link in LINKS[claim.kind]:
            link(claim.run_id)
    return len(claims)


def run(integration, kind, **more):
    """Accept a run, take it through its links, and return it as it is then."""
    run_id = accept(integration, kind, **more)
    run_due()
    return read(run_id)


def read(run_id):
    with session_scope(read_only=True) as session:
        return session.get_one(SiteRun, run_id)
