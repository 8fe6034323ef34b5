"""The web application: hooks, errors, endpoints and their OpenAPI document, put together."""

from typing import Any

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import BaseConverter

from ingress import runs, webhooks
from ingress.bodies import SLACK, StrictRequest, check_body
from ingress.contents import bulk, publishing
from ingress.contents import endpoints as contents
from ingress.errors import ProblemAnswer, answer_with_problems, refuse_fields
from ingress.integrations import (
    api_keys,
    connections,
    events,
    installations,
    onboarding,
    sites,
    structure,
    syncing,
)
from ingress.integrations import endpoints as integrations
from ingress.monitoring import health
from ingress.request_log import log_requests
from ingress.schedule import automation, entries, publishing_settings
from ingress.schedule import view as schedule
from ingress.throttling import throttle_requests
from models.base import LARGEST_ID
from settings import Settings

TITLE, VERSION = "IGNY8 publishing", "1"
DOCUMENT_PAGE = "/openapi/scalar"

# The page must work without the internet, and tell nobody that it was opened.
PAGE_CONFIG = {
    "withDefaultFonts": False,
    "telemetry": False,
    # Its makers' own services, which this page's policy would not let it reach anyway.
    "hideClientButton": True,
    "agent": {"disabled": True},
    "showDeveloperTools": "never",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; connect-src 'self'; worker-src blob:;"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


ROOMS = (
    contents,
    publishing,
    bulk,
    entries,
    schedule,
    publishing_settings,
    automation,
    runs,
    sites,
    integrations,
    api_keys,
    onboarding,
    connections,
    structure,
    syncing,
    events,
    webhooks,
    installations,
    health,
)
SECURITY: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "site_key": {"type": "apiKey", "in": "header", "name": "X-IGNY8-API-Key"},
}


class RowIdConverter(BaseConverter):
    """An id as the database counts; anything else is no address of ours."""

    regex = r"[1-9][0-9]{0,9}"

    def to_python(self, value: str) -> int:
        # Refused here, a larger one would make werkzeug answer 405 where 404 is right; and
        # PostgreSQL takes no larger one. No row has the largest.
        return min(int(value), LARGEST_ID)


def create_app(settings: Settings) -> Flask:
    """Return the WSGI application. It opens no connection before the first request."""
    app = OpenAPI(
        __name__,
        info=Info(title=TITLE, version=VERSION),
        security_schemes=SECURITY,
        doc_prefix="/openapi",
        validation_error_status=400,
        validation_error_model=ProblemAnswer,
        validation_error_callback=refuse_fields,
        static_folder=None,
    )
    app.request_class = StrictRequest
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_content_bytes + SLACK,
        MAX_CONTENT_BYTES=settings.max_content_bytes,
        PUBLIC_BASE_URL=settings.public_base_url,
        SCALAR_CONFIG=PAGE_CONFIG,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # With and without a slash at the end; a redirect would turn a POST into a GET.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["row_id"] = RowIdConverter
    log_requests(app)
    app.before_request(check_body)
    app.after_request(_add_headers)
    answer_with_problems(app)
    throttle_requests(app, settings)
    for room in ROOMS:
        app.register_api(room.bp)
    app.add_url_rule("/docs", "docs", _docs)
    return app


def _docs() -> ResponseReturnValue:
    return redirect(DOCUMENT_PAGE)


def _add_headers(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.path.startswith("/openapi"):
        response.headers["Content-Security-Policy"] = PAGE_POLICY
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
