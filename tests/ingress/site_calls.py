"""The addresses of what is about one integration, and a caller with its site's key."""

from ingress_rows import Caller

from models import SiteRunState
from models.session import session_scope
from models.sites.run_ends import End, end_site_run
from models.sites.runs import claim_site_run, hold_site_run

BASE = "/api/v1/integration/integrations"


def at(tenant, action=""):
    return f"{BASE}/{tenant.integration.id}/{action}"


def plugin(client, tenant):
    """A caller as the tenant's plugin is one."""
    return Caller(client, {"X-IGNY8-API-Key": tenant.site.wp_api_key})


def end_run(run_id, ending=None):
    """Take a run to its end, as a worker does."""
    with session_scope() as session:
        if claim_site_run(session, run_id, 60.0) is not None:
            end_site_run(
                session, hold_site_run(session, run_id, 60.0), ending or End(succeeded=True)
            )


__all__ = ["BASE", "SiteRunState", "at", "end_run", "plugin"]
