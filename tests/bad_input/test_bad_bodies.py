"""Every door with a body refuses what is no measured, small, plain JSON, before it reads it."""

import pytest
from ingress_rows import Caller, application, make_tenant, problem_of

from models.session import session_scope

BASE = "/api/v1/integration/integrations/"
DOORS = {
    "site": "/api/v1/sites/",
    "integration": BASE,
    "key": BASE + "generate-api-key/",
    "onboarding": BASE + "test-connection/",
    "rotation": BASE + "1/rotate-api-key/",
    "structure": BASE + "1/update-structure/",
    "sync": BASE + "1/sync/",
    "register": "/api/plugins/igny8-wp-bridge/register/",
}
CASES = [
    pytest.param({"Transfer-Encoding": "chunked"}, b"{}", 411, "length_required", id="b2-chunked"),
    pytest.param({"Content-Encoding": "gzip"}, b"{}", 415, "unsupported_media_type", id="b7-gzip"),
    pytest.param(
        {"Content-Type": "text/plain"}, b"{}", 415, "unsupported_media_type", id="b8-text"
    ),
    pytest.param(
        {"Content-Type": "application/json; charset=utf-16"},
        b"{}",
        415,
        "unsupported_media_type",
        id="b8-charset",
    ),
    pytest.param({"X-Length": str(2**33)}, b"{}", 413, "too_large", id="b6-huge"),
]


@pytest.fixture
def api(sqlite_database):
    with session_scope() as session:
        tenant = make_tenant(session)
    return Caller(application().test_client(), tenant.headers)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("headers", "data", "status", "code"), CASES)
def test_by_its_headers_alone(api, door, headers, data, status, code):
    sent = {"Content-Type": "application/json", **headers}
    # The test client would write the true length.
    length = {411: "", 413: headers.get("X-Length", "")}.get(status, str(len(data)))
    environ = {"SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_LENGTH": length}

    answer = api.post(DOORS[door], headers=sent, data=data, environ_overrides=environ)
    problem_of(answer, status, code)
