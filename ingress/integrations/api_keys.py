"""A site's key over the API: made and shown once, or changed without a gap (S111, S21, C1)."""

from http import HTTPStatus
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from ingress.aliases import BASE, aliased
from ingress.auth import require_role, require_token
from ingress.errors import Problem, problem_responses
from ingress.idempotency import PROBLEMS as REUSED
from ingress.idempotency import IdempotentHeaders, idempotent, remembered
from ingress.integrations.fields import IntegrationPath, KeyRequest, RotationRequest
from ingress.integrations.run_answers import (
    AcceptedSiteRun,
    RunHeaders,
    SiteRunAnswer,
    accepted_site_run,
    answer_run,
)
from ingress.tenancy import own_integration, own_site
from models import Role, SiteRunKind
from models.session import session_scope
from models.sites.connecting import ensure_integration
from models.sites.keys import is_key_in_use, new_site_key, replace_key
from models.sites.runs import accept_site_run

PROBLEMS = problem_responses(
    "invalid_fields",
    "unauthenticated",
    "not_found",
    "key_in_use",
    "no_site_key",
    "length_required",
    "too_large",
    "unsupported_media_type",
    "unavailable",
)

bp = APIBlueprint(
    "api_keys",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="integrations", description="Sites, connected on their platforms")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)


class KeyAnswer(BaseModel):
    success: bool = True
    message: str
    api_key: str | None = Field(description="In full, this once; null when asked again.")
    site_id: int
    integration_id: int


@aliased(
    bp,
    "post",
    "/integrations/generate-api-key/",
    responses={201: KeyAnswer, **PROBLEMS, **REUSED},
    operation_id="generate_api_key",
)
@idempotent
def generate(header: IdempotentHeaders, body: KeyRequest) -> Any:
    """Give a site a new key, and an integration where it has none. Takes an admin.

    A key in use is changed by `rotate-api-key`, which tells the site; `replace` changes it
    though the site knows nothing of it yet.
    """
    require_role(Role.ADMIN)
    key = new_site_key()
    with session_scope() as session:
        site = own_site(session, body.site_id, to_change=True)
        integration, _ = ensure_integration(session, site, credentials=None)
        if not body.replace and is_key_in_use(session, integration):
            raise Problem(
                "key_in_use",
                "The site works with its present key: change it by rotate-api-key, "
                "or send replace: true.",
            )
        replace_key(session, site, key, body.overlap_hours * 3600)
        answer = KeyAnswer(
            message="Enter this key in the plugin's settings; it is not shown again.",
            api_key=key,
            site_id=site.id,
            integration_id=integration.id,
        ).model_dump()
        return remembered(session, answer, HTTPStatus.CREATED, shown_once="api_key")


@aliased(
    bp,
    "post",
    "/integrations/<row_id:integration_id>/rotate-api-key/",
    responses={200: SiteRunAnswer, 202: AcceptedSiteRun, **PROBLEMS, **REUSED},
    operation_id="rotate_api_key",
)
@idempotent
def rotate(path: IntegrationPath, header: RunHeaders, body: RotationRequest) -> Any:
    """Change a site's key without a gap: offer it, prove it on both sides, switch. An admin's.

    Until it has switched the old key works, and whatever fails leaves it so.
    """
    require_role(Role.ADMIN)
    with session_scope() as session:
        integration = own_integration(session, path.integration_id)
        if integration.site.wp_api_key_digest is None:
            raise Problem("no_site_key", "Generate the site's first key: generate-api-key.")
        arguments = {"overlap_hours": body.overlap_hours}
        run, _ = accept_site_run(
            session, integration, SiteRunKind.KEY_ROTATION, arguments=arguments
        )
        accepted = accepted_site_run(run)
        location = {"Location": accepted["status_url"]}
        remembered(session, accepted, HTTPStatus.ACCEPTED, location)
    return answer_run(accepted, header.prefer)
