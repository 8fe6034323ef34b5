"""A site's answers, translated: what each means for the work (C24)."""

import json

import pytest

from pipeline.errors import (
    BridgeMissing,
    CredentialsRejected,
    PermanentError,
    RateLimited,
    SiteBusy,
    SiteError,
    StaleWrite,
    TemporaryError,
    UnclearOutcome,
)
from platforms.answers import complain, retry_after
from platforms.http import Answer, Request

WRITE, READ = Request("POST", "/publish", writes=True), Request("GET", "/publications")


def answer(status, body=None, **headers):
    text = json.dumps(body) if body is not None else "<html>"
    return Answer(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode()
    )


@pytest.mark.parametrize(
    ("given", "error"),
    [
        pytest.param(answer(200), UnclearOutcome, id="html-with-200"),
        pytest.param(answer(301, Location="https://x"), SiteError, id="moved"),
        pytest.param(answer(400, {"code": "rest_invalid_param"}), PermanentError, id="bad-body"),
        pytest.param(
            answer(401, {"code": "rest_forbidden", "message": "Invalid API key"}),
            CredentialsRejected,
            id="wrong-key",
        ),
        pytest.param(answer(401, {"code": "rest_not_logged_in"}), SiteError, id="rest-is-locked"),
        pytest.param(
            answer(401, {"code": "rest_forbidden", "message": "Sorry."}), SiteError, id="no-access"
        ),
        pytest.param(answer(401), SiteError, id="a-password-before-it"),
        pytest.param(answer(403), SiteError, id="firewall"),
        pytest.param(answer(404, {"code": "rest_no_route"}), BridgeMissing, id="no-plugin"),
        pytest.param(answer(408), TemporaryError, id="request-timeout"),
        pytest.param(answer(409, {"code": "igny8_in_progress"}), SiteBusy, id="in-progress"),
        pytest.param(answer(409, {"code": "igny8_content_exists"}), PermanentError, id="exists"),
        pytest.param(answer(412, {"code": "igny8_stale_fence"}), StaleWrite, id="stale"),
        pytest.param(answer(413), PermanentError, id="too-large"),
        pytest.param(answer(422, {"code": "x"}), PermanentError, id="mismatch"),
        pytest.param(answer(425), TemporaryError, id="too-early"),
        pytest.param(answer(429), RateLimited, id="too-many"),
        pytest.param(answer(429, Retry_After="7"), RateLimited, id="too-many-with-a-time"),
        pytest.param(answer(500), UnclearOutcome, id="500"),
        pytest.param(answer(503, Retry_After="7"), UnclearOutcome, id="503-with-a-time"),
    ],
)
def test_what_an_answer_to_a_write_means(given, error):
    found = complain(given, WRITE)

    assert type(found) is error
    assert str(found)


def test_who_refuses_is_named():
    found = complain(answer(401, {"code": "rest_not_logged_in"}), WRITE)

    assert found.code == "blocked"
    assert "rest_not_logged_in" in str(found)


def test_why_wordpress_could_not_write_is_kept():
    given = answer(500, {"code": "igny8_write_failed", "message": "RuntimeException: not mine"})

    assert "RuntimeException: not mine" in str(complain(given, WRITE))


@pytest.mark.parametrize("status", [200, 500, 502, 503])
def test_a_read_that_fails_leaves_nothing_unclear(status):
    assert isinstance(complain(answer(status), READ), TemporaryError)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("7", 7, id="seconds"),
        pytest.param("0", 1, id="at-least-a-second"),
        pytest.param("99999999999999999", 3600, id="at-most-an-hour"),
        pytest.param("Wed, 21 Oct 2099 07:28:00 GMT", 3600, id="date-far-ahead"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 1, id="date-gone-by"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1e9", None, id="exponent"),
        pytest.param("abc", None, id="a-word"),
        pytest.param("", None, id="empty"),
        pytest.param("٣", None, id="other-digits"),
    ],
)
def test_retry_after(header, seconds):
    assert retry_after({"Retry-After": header}) == seconds
