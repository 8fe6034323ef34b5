"""A WordPress site with our bridge, simulated: in a test's process or as one of its own."""

import argparse
import json
import signal
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http import HTTPStatus
from time import time
from types import TracebackType
from typing import Self

from simulators.bridge import NAMESPACE, Bridge
from simulators.claims import STALE_SECONDS
from simulators.control import DOOR, answer_control
from simulators.core import Core
from simulators.delivery import Delivery, deliver
from simulators.faults import Fault, FaultDial
from simulators.listening import Listener
from simulators.messages import Answer, Crashed, Refused, Request, build_request, html_answer
from simulators.people import People
from simulators.store import Media, Post, Publication, Store

LOG_LENGTH = 100_000
REDACTED = "[redacted]"
SECRET_HEADERS = {"authorization", "x-igny8-api-key"}


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it was answered; ``status`` is None where no answer went out.

    ``at`` is in seconds since the epoch; ``path`` is the target as sent; no key stands in it.
    """

    at: float
    method: str
    path: str
    route: str | None
    status: int | None
    fault: str | None
    headers: dict[str, str]


class SimulatedSite(People):
    """A site at ``url`` while it is started; what it holds outlives ``stop`` and ``start``.

    ``work_seconds`` is how long a publish takes between its draft and its end, ``media_seconds``
    an upload; ``stale_seconds`` is when a dead request's key is free again. Port 0 takes any.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the site, by name
        self,
        *,
        api_key: str,
        port: int = 0,
        host: str = "127.0.0.1",
        work_seconds: float = 0.0,
        media_seconds: float = 0.0,
        stale_seconds: float = STALE_SECONDS,
        pretty_permalinks: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._address = (host, port)
        self._store = Store("")
        self._core = Core(self._store)
        self._bridge = Bridge(self._store, (api_key, self._prove), self._pause, stale_seconds)
        self._listener: Listener | None = None
        self._log: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH)
        self.faults = FaultDial(seed)
        self.pretty_permalinks = pretty_permalinks
        self.work_seconds = work_seconds
        self.media_seconds = media_seconds

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen; after a stop at the same address. Raises OSError when the port is taken."""
        if self._listener is None:
            self._listener = Listener(self._address, self._hangs_up, self._respond)
            self._address = (self._listener.host, self._listener.port)
            self._store.url = f"http://{self._listener.host}:{self._listener.port}"
        return self

    def stop(self) -> None:
        """Refuse connections and cut the open ones off, as if the server were killed."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    @property
    def url(self) -> str:
        return self._store.url

    @property
    def port(self) -> int:
        return self._address[1]

    @property
    def api_key(self) -> str:
        return self._bridge.keys.current

    @api_key.setter
    def api_key(self, key: str) -> None:
        self._bridge.keys.current = key

    @property
    def pretty_permalinks(self) -> bool:
        return self._bridge.pretty_permalinks

    @pretty_permalinks.setter
    def pretty_permalinks(self, are_on: bool) -> None:
        self._bridge.pretty_permalinks = are_on

    @property
    def work_seconds(self) -> float:
        return self._bridge.work_seconds

    @work_seconds.setter
    def work_seconds(self, seconds: float) -> None:
        self._bridge.work_seconds = seconds

    @property
    def media_seconds(self) -> float:
        return self._bridge.library.seconds

    @media_seconds.setter
    def media_seconds(self, seconds: float) -> None:
        self._bridge.library.seconds = seconds

    @property
    def posts(self) -> list[Post]:
        """Copies of all posts, oldest first: drafts and trash too, deleted ones not."""
        with self._store.lock:
            return [replace(post) for post in self._store.posts.values()]

    @property
    def publications(self) -> list[Publication]:
        with self._store.lock:
            return [replace(row) for row in self._store.publications.values()]

    @property
    def media(self) -> list[Media]:
        with self._store.lock:
            return [replace(item) for item in self._store.media.values()]

    @property
    def requests(self) -> list[LoggedRequest]:
        """The last 100,000 requests, oldest first; those to the control door are left out."""
        with self._store.lock:
            return list(self._log)

    def _pause(self, seconds: float) -> None:
        listener = self._listener
        if seconds > 0 and (listener is None or listener.stopping.wait(seconds)):
            raise Crashed

    def _hangs_up(self, method: str, target: str) -> bool:
        if target.startswith(DOOR) or not self.faults.remaining():
            return False
        request = build_request(method, target, {}, b"")
        fault = self.faults.strike(method, request.route or request.path, down=True)
        if fault is not None:
            self._note(request, None, fault)
        return fault is not None

    def _respond(self, request: Request) -> Delivery:
        if request.path.startswith(DOOR):
            return Delivery(answer_control(self, request))
        fault = self.faults.strike(
            request.method, request.route or request.path, request.body, request.headers
        )
        delivery = deliver(fault, lambda struck: self._work(request, struck), self._pause)
        # Noted before it is sent, so that whoever has the answer finds it in the log.
        self._note(request, delivery.answer, fault)
        return delivery

    def _work(self, request: Request, fault: Fault | None) -> Answer:
        route = request.route
        if route is None:
            return self._core.page(request)
        if request.is_pretty_rest and not self.pretty_permalinks:
            return html_answer("<h1>Not Found</h1>", HTTPStatus.NOT_FOUND)
        try:
            if route == NAMESPACE or route.startswith(f"{NAMESPACE}/"):
                return self._bridge.answer(request, route, fault)
            return self._core.rest(request, route)
        except Refused as refused:
            return refused.answer

    def _note(self, request: Request, answer: Answer | None, fault: Fault | None) -> None:
        headers = {
            name: REDACTED if name in SECRET_HEADERS else value
            for name, value in request.headers.items()
        }
        target = request.target
        entry = LoggedRequest(
            at=time(),
            method=request.method,
            path=target.replace(self.api_key, REDACTED) if self.api_key else target,
            route=request.route,
            status=None if answer is None else int(answer.status),
            fault=None if fault is None else fault.kind.value,
            headers=headers,
        )
        with self._store.lock:
            self._log.append(entry)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run sites until SIGTERM or SIGINT; one JSON line on stdout says that they listen."""
    parser = argparse.ArgumentParser(prog="python -m simulators.wordpress")
    parser.add_argument("--port", type=int, default=0, help="the first site's; 0 takes any")
    parser.add_argument("--key", required=True, help="the site key of every site")
    parser.add_argument("--sites", type=int, default=1)
    parser.add_argument("--work-seconds", type=float, default=0.0)
    parser.add_argument("--stale-seconds", type=float, default=STALE_SECONDS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as stack:
        sites = [
            stack.enter_context(
                SimulatedSite(
                    api_key=options.key,
                    port=options.port and options.port + place,
                    work_seconds=options.work_seconds,
                    stale_seconds=options.stale_seconds,
                    seed=options.seed + place,
                )
            )
            for place in range(options.sites)
        ]
        urls = [site.url for site in sites]
        sys.stdout.write(json.dumps({"url": urls[0], "urls": urls}) + "\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
