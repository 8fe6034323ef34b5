"""A caller of the API: real HTTP to the ingress in a process of its own."""

import json
import urllib.error
import urllib.request

from chaos_clients import Accepted

PATIENCE = 30.0
"""Seconds for an answer; fifty callers share two processor cores."""


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

    def _post(self, path, body):
        request = urllib.request.Request(
            f"{self.address}/api/v1/writer/content/{path}",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(errors="replace")
