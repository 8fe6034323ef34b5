"""A webhook's signature: the published example fits, and nothing malformed gets by or breaks it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signing import SignatureHeaders, SignatureRefused, signature, verify

# The example of the Standard Webhooks specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = float(AT)


def check(message_id=ID, at=AT, signatures=GOOD, body=BODY, secret=SECRET, now=NOW):
    return verify(SignatureHeaders(message_id, at, signatures), body, secret, now)


def test_the_published_example_fits():
    assert signature(ID, AT, BODY, SECRET) == GOOD
    assert check() == datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"signatures": f"v1a,AAAA {GOOD}"}, id="beside another version"),
        pytest.param({"signatures": f"v1,AAAA v1,BBBB {GOOD}"}, id="beside other secrets"),
        pytest.param({"now": NOW + 300}, id="five minutes old"),
        pytest.param({"now": NOW - 300}, id="five minutes early"),
    ],
)
def test_what_is_taken(values):
    assert check(**values)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"message_id": None}, id="no id"),
        pytest.param({"at": None}, id="no timestamp"),
        pytest.param({"signatures": None}, id="no signature"),
        pytest.param({"message_id": ID + "x"}, id="another id"),
        pytest.param({"message_id": "a" * 129}, id="long id"),
        pytest.param({"message_id": "a b"}, id="id with a space"),
        pytest.param({"message_id": "a\nb"}, id="id of two lines"),
        pytest.param({"message_id": "ä"}, id="id with an umlaut"),
        pytest.param({"at": AT + "000"}, id="milliseconds"),
        pytest.param({"at": AT + ".0"}, id="fraction"),
        pytest.param({"at": "1_614_265_3"}, id="underscores"),
        pytest.param({"at": "nan"}, id="not a number"),
        pytest.param({"at": "-614265330"}, id="negative"),
        pytest.param({"at": "١٦١٤٢٦٥٣٣٠"}, id="other digits"),
        pytest.param({"now": NOW + 301}, id="old"),
        pytest.param({"now": NOW - 301}, id="early"),
        pytest.param({"signatures": GOOD[3:]}, id="no comma"),
        pytest.param({"signatures": GOOD.replace("v1,", "v1,,")}, id="two commas"),
        pytest.param({"signatures": "v1,@@@@"}, id="no base64"),
        pytest.param({"signatures": ""}, id="empty"),
        pytest.param({"signatures": GOOD.replace("v1", "V1")}, id="capital version"),
        pytest.param({"signatures": GOOD.replace("v1", "v1a")}, id="only another version"),
        pytest.param({"signatures": " ".join([GOOD] * 6)}, id="six"),
        pytest.param({"signatures": " ".join([GOOD] * 1000)}, id="a thousand"),
        pytest.param({"body": BODY + b" "}, id="one more space"),
        pytest.param({"secret": ""}, id="no secret"),
        pytest.param({"secret": SECRET[:-1]}, id="cut secret"),
        pytest.param({"secret": "whsec_AAAA"}, id="short secret"),
    ],
)
def test_what_is_refused(values):
    with pytest.raises(SignatureRefused):
        check(**values)


@given(st.text(), st.text(), st.text(), st.binary())
def test_nothing_else_comes_out_whatever_goes_in(message_id, at, signatures, body):
    with pytest.raises(SignatureRefused):
        check(message_id, at, signatures, body)
