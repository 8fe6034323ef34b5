"""Sites that rows publish to: simulated ones, each a process of its own behind its control door."""

import json
import secrets
import sys
import urllib.request
from dataclasses import dataclass

from servers import LocalProcess, wait_until
from servers.processes import free_port

QUICK_DOOR = 10.0
"""Seconds for an answer of the control door."""


@dataclass(frozen=True, slots=True)
class SitePost:
    """A post as the site itself holds it; ``content_id`` is whose it says it is."""

    id: int
    content_id: int | None
    title: str
    html: str
    status: str


def site_key():
    """Return a key of a site that was never used before."""
    return f"igny8_live_{secrets.token_hex(15)}"


def ask(url, method="GET", body=None, timeout=QUICK_DOOR):
    """Send JSON to a local door and return what it answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data=data, method=method, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.loads(answer.read() or b"null")


class SimulatedSite:
    """One simulated WordPress in its own process; see `simulators.wordpress`."""

    def __init__(self, world, folder, *, work_seconds=0.03, stale_seconds=120.0, seed=0):
        self.key = site_key()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "simulators.wordpress", "--port", str(port)]
        options = ["--key", self.key, "--work-seconds", work_seconds, "--seed", seed]
        options += ["--stale-seconds", stale_seconds]
        self.process = LocalProcess(
            f"site-{port}",
            [*command, *options],
            folder,
            env={"PYTHONPATH": str(world.root)},
            port=port,
        ).start()

    def wait(self):
        self.process.wait_for_log('"url"')
        return self

    def door(self, path, method="GET", body=None):
        return ask(f"{self.url}/_simulator{path}", method, body)

    def posts(self):
        """Return everything it holds: drafts and trash too."""
        found = self.door("/state")["posts"]
        return [
            SitePost(p["id"], p["content_id"], p["title"], p["content"], p["status"]) for p in found
        ]

    def publications(self):
        """Return the rows of the keys that it has reserved."""
        return self.door("/state")["publications"]

    def dial(self, **fault):
        self.door("/faults", "POST", fault)

    def undial(self):
        self.door("/faults", "DELETE")

    def struck(self):
        return self.door("/faults")["struck"]

    def trash(self, post_id):
        self.door(f"/posts/{post_id}/trash", "POST", {})

    def delete(self, post_id):
        self.door(f"/posts/{post_id}/delete", "POST", {})

    def settle(self):
        """Wait until no request is under way there any more."""
        wait_until(
            lambda: all(row["state"] == "done" for row in self.publications()),
            what="the end of the site's work",
        )

    def stop(self):
        self.process.kill()


def simulated_sites(run, count=4, **options):
    """Return ``count`` simulated sites; ``options`` are SimulatedSite's."""
    seed = run.random.randrange(1000)
    sites = [
        SimulatedSite(run.world, run.folder, seed=seed + number, **options)
        for number in range(count)
    ]
    return [site.wait() for site in sites]
