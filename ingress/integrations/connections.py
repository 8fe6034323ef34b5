"""Connection tests over the API: a site we know, one of its content types (S94, S98, C8)."""

from typing import Annotated, Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field, StringConstraints

from ingress.aliases import BASE, aliased
from ingress.contents.fields import Body
from ingress.errors import problem_responses
from ingress.idempotency import idempotent
from ingress.integrations.fields import IntegrationPath
from ingress.integrations.run_answers import AcceptedSiteRun, RunHeaders, SiteRunAnswer
from ingress.integrations.site_requests import accept_and_answer
from ingress.site_keys import require_token_or_site_key
from models import SiteRunKind

ACCEPTING = problem_responses(
    "invalid_fields",
    "unauthenticated",
    "site_inactive",
    "not_found",
    "length_required",
    "too_large",
    "unsupported_media_type",
    "platform_unsupported",
    "idempotency_key_reused",
    "unavailable",
)

bp = APIBlueprint(
    "connections",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="connection", description="Does it work, and if not: why not")],
    abp_security=[{"bearer": []}, {"site_key": []}],
)
bp.before_request(require_token_or_site_key)


class CollectionRequest(Body):
    content_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")] = Field(
        description="As WordPress names it: post, page, product."
    )


@aliased(
    bp,
    "post",
    "/integrations/<row_id:integration_id>/test-connection/",
    responses={200: SiteRunAnswer, 202: AcceptedSiteRun, **ACCEPTING},
    operation_id="test_integration",
)
@idempotent
def test_connection(path: IntegrationPath, header: RunHeaders) -> Any:
    """Test the connection to a site layer by layer; with `Prefer: wait=N` the layers come back."""
    return accept_and_answer(path.integration_id, SiteRunKind.CONNECTION_TEST, header.prefer)


@aliased(
    bp,
    "post",
    "/integrations/<row_id:integration_id>/test-collection-connection/",
    responses={200: SiteRunAnswer, 202: AcceptedSiteRun, **ACCEPTING},
    operation_id="test_content_type",
)
@idempotent
def test_collection(path: IntegrationPath, header: RunHeaders, body: CollectionRequest) -> Any:
    """Test one content type: is it there, has it a route, can it be read and created, how many."""
    return accept_and_answer(
        path.integration_id, SiteRunKind.COLLECTION_TEST, header.prefer, body.content_type
    )
