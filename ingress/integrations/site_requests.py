"""Accepts what is asked about a site: the run's row first, then the ring and the answer."""

from http import HTTPStatus
from typing import Any

from ingress.idempotency import remembered
from ingress.integrations.endpoints import refuse_platform
from ingress.integrations.run_answers import accepted_site_run, answer_run
from ingress.tenancy import own_integration
from models import SiteRunKind
from models.session import session_scope
from models.sites.runs import accept_site_run


def accept_and_answer(
    integration_id: int, kind: SiteRunKind, prefer: str | None, subject: str = ""
) -> Any:
    """Accept a run about one of the caller's integrations, and answer for it.

    Raises:
        Problem: 404; 501 for a platform without an adapter.
    """
    with session_scope() as session:
        integration = own_integration(session, integration_id)
        refuse_platform(integration.platform)
        run, _ = accept_site_run(session, integration, kind, subject=subject)
        accepted = accepted_site_run(run)
        location = {"Location": accepted["status_url"]}
        remembered(session, accepted, HTTPStatus.ACCEPTED, location)
    return answer_run(accepted, prefer)
