"""A WordPress site gets a new key, step by step: docs/bridge-protocol.md, "Changing the key"."""

import json
from http import HTTPStatus
from typing import Any

from pipeline.errors import (
    BridgeTooOld,
    CredentialsRejected,
    PermanentError,
    PublishError,
    TemporaryError,
)
from platforms.answers import clean, complain
from platforms.http import Answer, Request
from platforms.wordpress import WordPressBridge

OLDEST_BRIDGE = "1.5.0"
"""The first that can hold two keys."""

WRONG_KEY = "igny8_wrong_key"
"""The site's word for a key that it knows, and that is not the one for this step."""


class KeyExchange(WordPressBridge):
    """Speaks with the key of its target; every method raises PublishError and nothing else.

    Each step may be repeated, and a refusal leaves the site's keys as they are.
    """

    def offer(self, key: str) -> bool:
        """Have the site accept ``key`` beside its own; True when it is its own already."""
        state = self._step("next", {"key": key}).get("state")
        if state not in {"next", "current"}:
            raise PermanentError("the site did not say what it did with the key", code="not_json")
        return bool(state == "current")

    def prove(self) -> None:
        """Have the site call us with our key.

        Raises:
            TemporaryError: it did not get an answer from us that says anything.
            PermanentError: we refused it, or it does not reach us.
        """
        answer = self._step("prove", {})
        if answer.get("proved") is True:
            return
        words = clean(answer.get("message")) or "it did not say why"
        if answer.get("passing") is True:
            raise TemporaryError(f"we did not answer the site: {words}", code="not_proved")
        raise PermanentError(
            f"the site could not reach us with the new key: {words}", code="not_proved"
        )

    def switch(self, overlap: int) -> None:
        """Make our key the site's own; the old one opens it for ``overlap`` seconds more."""
        self._step("switch", {"overlap_seconds": overlap})

    def has_switched(self) -> bool:
        """Whether our key is the site's own by now. Changes nothing."""
        try:
            return self.offer(self._http.target.api_key)
        except CredentialsRejected:
            return False
        except PermanentError as error:
            if error.code != WRONG_KEY:
                raise
            return False

    def _step(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        request = Request(
            "POST",
            f"/key/{name}",
            subject=name,
            writes=True,
            headers={"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
        )
        answer = self._call(request)
        told = answer.json()
        if answer.status != HTTPStatus.OK or not isinstance(told, dict):
            raise _refusal(answer, told, request)
        return told


def _refusal(answer: Answer, told: object, request: Request) -> PublishError:
    code = clean(told.get("code")) if isinstance(told, dict) else ""
    if code == "rest_no_route":
        return BridgeTooOld(
            f"the site's plugin can't change its key: update it to {OLDEST_BRIDGE} or newer, or "
            "generate a key and enter it there"
        )
    if code == WRONG_KEY:
        return PermanentError(
            "the site is about to get another key: start the change again", code=code
        )
    return complain(answer, request)
