"""When a suspended site is looked at again."""

import pytest

from pipeline.looking import look_pause

HOUR = 3600


@pytest.mark.parametrize(
    ("code", "looks", "seconds"),
    [
        pytest.param("tls", 0, 60, id="first"),
        pytest.param("tls", 3, 480, id="doubles"),
        pytest.param("tls", 1000, HOUR, id="hourly-for-ever"),
        pytest.param("blocked", 0, 60, id="blocked"),
        pytest.param("redirected", 0, 60, id="redirected"),
        pytest.param("bridge_missing", 0, 60, id="bridge-missing"),
        pytest.param("not_wordpress", 0, 60, id="no-rest-api"),
        pytest.param("upgrade_required", 0, 60, id="old-plugin"),
        pytest.param("unreachable", 0, 60, id="away"),
        pytest.param("rate_limited", 0, 60, id="asked-to-wait-for-a-day"),
        pytest.param("credentials_rejected", 0, HOUR, id="key-refused"),
        pytest.param("credentials_rejected", 1000, 24 * HOUR, id="key-still-refused"),
        pytest.param(None, 0, HOUR, id="code-not-kept"),
        pytest.param("address_refused", 0, None, id="our-own-rule"),
        pytest.param("key_damaged", 0, None, id="our-own-key"),
        pytest.param("bad_address", 5, None, id="a-wrong-address"),
    ],
)
def test_the_pause_before_a_look(code, looks, seconds):
    assert look_pause(code, looks) == seconds
