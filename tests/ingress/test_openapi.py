"""The OpenAPI document: it is complete, and the application does what it says."""

from functools import cache
from http import HTTPStatus
from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models.schedule.by_hand import Wish, schedule_by_hand
from models.session import session_scope

DOCUMENT = "/openapi/openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]
INTEGRATIONS = "/api/v1/integration/integrations/"
ONE = INTEGRATIONS + "{integration_id}/"
CONTENT = "/api/v1/writer/content/"
BULK = "/api/v1/writer/bulk-publish/"
WEBHOOK = "/api/v1/integration/webhook"
REGISTER = "/api/plugins/igny8-wp-bridge/register/"
ONBOARDING = INTEGRATIONS + "test-connection/"
METHODS = {
    CONTENT: "get post",
    CONTENT + "{content_id}/": "get put patch",
    CONTENT + "{content_id}/publish/": "post",
    CONTENT + "{content_id}/schedule/": "get post patch delete",
    CONTENT + "{content_id}/schedule/hold/": "post",
    CONTENT + "{content_id}/schedule/release/": "post",
    "/api/v1/integration/automation-runs/finished/": "post",
    BULK: "get post",
    BULK + "{job_id}/": "get",
    BULK + "{job_id}/items/": "get",
    **{BULK + "{job_id}/" + act + "/": "post" for act in ("pause", "resume", "cancel")},
    BULK + "{job_id}/retry-failed/": "post",
    "/api/v1/runs/{run_id}/": "get",
    "/api/v1/sites/": "get post",
    "/api/v1/sites/{site_id}/": "get patch",
    "/api/v1/integration/publishing-settings/{site_id}/": "get put patch",
    "/api/v1/integration/schedule/{site_id}/": "get",
    INTEGRATIONS: "get post",
    INTEGRATIONS + "generate-api-key/": "post",
    ONBOARDING: "post",
    INTEGRATIONS + "site_sync/": "post",
    ONE: "get put patch delete",
    ONE + "rotate-api-key/": "post",
    ONE + "test-connection/": "post",
    ONE + "test-collection-connection/": "post",
    ONE + "update-structure/": "post",
    ONE + "content-types/": "get patch",
    ONE + "sync/": "post",
    ONE + "sync-status/": "get",
    ONE + "events/": "get",
    ONE + "sync-health/": "get",
    ONE + "debug-status/": "get",
    WEBHOOK + "s/wordpress/status/": "post",
    WEBHOOK + "s/wordpress/metadata/": "post",
    WEBHOOK + "/wordpress/": "post",
    REGISTER: "post",
    "/healthz": "get",
    "/readyz": "get",
    "/metrics": "get",
}
OPERATIONS = {(method, path) for path, methods in METHODS.items() for method in methods.split()}
NUMBERS = count(1)
EXAMPLES = 20
WITHOUT_PARAMETERS = ("/healthz", "/readyz", "/metrics")


@pytest.fixture
def document(client, sqlite_database):
    return client.get(DOCUMENT).get_json()


def test_every_endpoint_is_in_the_document(document):
    found = {(method, path) for path, methods in document["paths"].items() for method in methods}

    assert found == OPERATIONS


def test_the_document_says_who_must_have_a_token(document):
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for operation in methods.values():
            closed = path.startswith("/api/") and path != ONBOARDING
            assert bool(operation.get("security")) == closed


def test_the_publish_body_may_be_left_out(document):
    publish = document["paths"]["/api/v1/writer/content/{content_id}/publish/"]["post"]

    assert publish["requestBody"]["required"] is False


def test_the_page_needs_nothing_from_elsewhere(client, sqlite_database):
    page = client.get("/docs", follow_redirects=True)

    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert "://" not in page.text
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
    assert client.get("/openapi/scalar/js/scalar.standalone.js").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_answers_are_as_the_document_says(app, tenant, sqlite_database, method, path, mode):
    operation = schema_of(app)[path][method.upper()]
    if mode is GenerationMode.NEGATIVE and path in WITHOUT_PARAMETERS:
        pytest.skip("it takes nothing that could be wrong")
    statuses = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        if mode is GenerationMode.POSITIVE:
            aim(case, tenant)
        # The doors for webhooks take every body: what can't be read is kept, and told of.
        checks = CHECKS if path.startswith(WEBHOOK) else [*CHECKS, refuses_what_is_not_in_it]
        answer = case.call_and_validate(headers=headers(path, tenant), checks=checks)
        statuses.append(answer.status_code)

    check()
    # The tenant's site has its integration already.
    missing = "run_id" in path or "job_id" in path or (method, path) == ("post", INTEGRATIONS)
    wrong = mode is GenerationMode.NEGATIVE or missing
    assert wrong or min(statuses) < 300


def refuses_what_is_not_in_it(context, response, case):
    """The library's check, which does not know that "too large" is a refusal."""
    too_large = response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return None if too_large else negative_data_rejection(context, response, case)


@cache
def schema_of(app):
    return schemathesis.openapi.from_wsgi(DOCUMENT, app)


def headers(path, tenant):
    """Return a token, or where a plugin alone is let in, its key."""
    if path.startswith((WEBHOOK, REGISTER)):
        return {"Authorization": f"Bearer {tenant.site.wp_api_key}"}
    return tenant.headers if path != ONBOARDING else {}


def aim(case, tenant):
    """Let invented values hit what is there: a request for a missing row shows little."""
    numbers = {
        "content_id": tenant.content.id,
        "integration_id": tenant.integration.id,
        "site_id": tenant.site.id,
    }
    for name in numbers.keys() & case.path_parameters.keys():
        case.path_parameters[name] = numbers[name]
    for name in ("cursor", "site", "site_id", "site_integration_id"):
        case.query.pop(name, None)
    case.headers.pop("Idempotency-Key", None)  # one name for many bodies is refused
    if "/schedule/" in case.path and case.method != "GET":
        schedule(tenant)
    if isinstance(case.body, dict):
        aim_body(case.body, tenant)


def schedule(tenant):
    """Put the tenant's content into the schedule, as often as it is taken out."""
    with session_scope() as session:
        content, integration = map(session.merge, (tenant.content, tenant.integration))
        schedule_by_hand(session, content, integration, Wish())


def aim_body(body, tenant):
    if "title" in body:
        body |= {"html": "<p>Text.</p>", "featured_image_url": None, "gallery_images": []}
        body.pop("markdown", None)
    if "run_id" in body:
        body["content_ids"] = [tenant.content.id]
    elif {"content_ids", "filter"} & body.keys():
        body |= {"content_ids": [tenant.content.id], "filter": None, "site_integration_id": None}
    for name in {"site", "site_id"} & body.keys():
        body[name] = tenant.site.id
    known = {
        "platform": "wordpress",  # for another one 501 is right
        "direction": "metadata",
        "content_type": "post",
        "api_key": tenant.site.wp_api_key,
        "site_url": tenant.site.url,
        "version": "1.5.0",
        "config_json": {},
        "publish_at": None,  # most of all times are too far ahead
        "url": f"https://{next(NUMBERS)}.example",
    }
    body |= {name: value for name, value in known.items() if name in body}
