"""The keys of a simulated site: the current one, and while it is rotated a second one."""

import hmac
import re
import time
from collections.abc import Callable
from http import HTTPStatus

from simulators.documents import is_integer, read_json
from simulators.messages import (
    Answer,
    Refused,
    Request,
    invalid_parameter,
    json_answer,
    missing_parameter,
    refusal,
)

LONGEST_OVERLAP = 2_592_000
KEY = re.compile(r"[\x21-\x7e]{20,200}")
STEPS = ("next", "prove", "switch")

Prove = Callable[[str], tuple[bool, bool, str]]


class Keys:
    """``prove`` asks the engine whether it takes a key; it returns that, whether to ask again
    may help, and why.
    """

    def __init__(self, current: str, prove: Prove) -> None:
        self.current = current
        self.next = ""
        self.previous = ""
        self.previous_until = 0
        self._prove = prove

    def check(self, request: Request) -> None:
        """Raise Refused unless one of the two headers carries a key that is valid now."""
        valid = [_is(request, key) for key in (self.current, self.next, self._old())]
        if not self.current.strip() or not any(valid):
            raise refusal("rest_forbidden", HTTPStatus.UNAUTHORIZED, "Invalid API key")

    def answer(self, request: Request, step: str) -> Answer:
        """Answer one step of a rotation; raises Refused."""
        body = read_json(request)
        match step:
            case "next":
                return self._store(request, body.get("key"))
            case "prove":
                self._want_next(request)
                proved, passing, message = self._prove(self.next)
                return json_answer({"proved": proved, "passing": passing, "message": message})
        return self._switch(request, body.get("overlap_seconds"))

    def _store(self, request: Request, key: object) -> Answer:
        if key is None:
            raise missing_parameter("key")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise invalid_parameter("key", "20 to 200 printable characters without spaces")
        if key == self.current:
            return json_answer({"state": "current"})
        if not _is(request, self.current):
            raise _wrong_key("current")
        self.next = key
        return json_answer({"state": "next"})

    def _want_next(self, request: Request) -> None:
        if not _is(request, self.next):
            raise _wrong_key("next")

    def _switch(self, request: Request, overlap: object) -> Answer:
        if overlap is None:
            raise missing_parameter("overlap_seconds")
        if not is_integer(overlap, 0) or int(str(overlap)) > LONGEST_OVERLAP:
            raise invalid_parameter("overlap_seconds", f"an integer from 0 to {LONGEST_OVERLAP}")
        if not self.next and self.previous_until and _is(request, self.current):
            answer = self._switched()
            return Answer(answer.status, answer.body, headers={"Idempotent-Replayed": "true"})
        self._want_next(request)
        self.previous, self.current, self.next = self.current, self.next, ""
        self.previous_until = int(time.time()) + int(str(overlap))
        return self._switched()

    def _switched(self) -> Answer:
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.previous_until))
        return json_answer({"state": "current", "previous_valid_until": until})

    def _old(self) -> str:
        return self.previous if time.time() < self.previous_until else ""


def _is(request: Request, key: str) -> bool:
    """Whether either header carries that key; a blank key is nobody's."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    sent = [request.headers.get("x-igny8-api-key", "")]
    if scheme.lower() == "bearer":
        sent.append(token)
    fits = [hmac.compare_digest(key.encode(), text.encode()) for text in sent if text]
    return bool(key) and any(fits)


def _wrong_key(wanted: str) -> Refused:
    return refusal("igny8_wrong_key", HTTPStatus.FORBIDDEN, f"This step wants the {wanted} key.")
