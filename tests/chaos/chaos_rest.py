"""A caller of the API: real HTTP to the ingress in a process of its own."""

import http.client
import json
import secrets
import threading
import time
import urllib.error
import urllib.request

from chaos_clients import Accepted

PATIENCE = 30.0
"""Seconds for an answer; fifty callers share two processor cores."""

ASKS_AGAIN = 0.05
"""Seconds until a request is repeated."""

REPEATS_FOR = 120.0
"""Seconds for which a request is repeated."""


class RestCaller:
    """Writes and publishes contents of a row's account over HTTP."""

    def __init__(self, run):
        self._run = run
        self.address, self._token = run.world.web(), run.clients.token()
        run.canaries.add("the API token", self._token)

    def save(self, number):
        """Write content ``number``; return what is accepted once it is published."""
        place = number % len(self._run.sites)
        title = f"{self._run.row.name}: {number}"
        site_id, _ = self._run.clients.integrations[place]
        text = f"Text {number}."
        wish = {"site_id": site_id, "title": title, "html": f"<p>{text}</p>"}
        status, content = self._post("", wish | {"status": "approved"})
        if status != 201:
            raise AssertionError(f"the API answered {status} to a new content: {content}")
        return Accepted(content["id"], place, title, text, 1, number)

    def publish(self, accepted):
        """Publish a content; return the answer's status, 200 (nothing to do) or 202.

        Raises:
            AssertionError: any other answer.
        """
        _, integration_id = self._run.clients.integrations[accepted.place]
        wish = {"site_integration_id": integration_id}
        status, answer = self._post(f"{accepted.content_id}/publish/", wish)
        if status not in {200, 202}:
            raise AssertionError(f"the API answered {status} to a publish: {answer}")
        return status

    def _post(self, path, body, headers=()):
        request = urllib.request.Request(
            f"{self.address}/api/v1/writer/content/{path}",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                **dict(headers),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                told = json.loads(answer.read())
                self._note(answer.headers)
                return answer.status, told
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(errors="replace")

    def _note(self, headers):
        """Look at the headers of a good answer."""


class RepeatingCaller(RestCaller):
    """Repeats what had no answer, under the name that it had (`Idempotency-Key`). For threads."""

    def __init__(self, run):
        super().__init__(run)
        self._lock = threading.Lock()
        self.under_way = self.answered = self.cut = self.replayed = 0
        """Requests on their way, answered, left without an answer, and done before a repeat."""

    def _post(self, path, body, headers=()):
        named = {**dict(headers), "Idempotency-Key": secrets.token_hex(8)}
        ends = time.monotonic() + REPEATS_FOR
        while True:
            try:
                return self._post_once(path, body, named)
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > ends:
                    raise
                # Refused is not cut off: nobody was there to ask.
                refused = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
                self._count("cut", 0 if refused else 1)
                time.sleep(ASKS_AGAIN)

    def _post_once(self, path, body, headers):
        self._count("under_way", 1)
        try:
            told = super()._post(path, body, headers)
            self._count("answered", 1)
            return told
        finally:
            self._count("under_way", -1)

    def _note(self, headers):
        self._count("replayed", headers.get("Idempotent-Replayed") == "true")

    def _count(self, name, more):
        with self._lock:
            setattr(self, name, getattr(self, name) + more)
