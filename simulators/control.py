"""The control door below ``/_simulator``: another process turns the dial and looks inside."""

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Any, Protocol

from simulators.documents import read_json
from simulators.engine import NotConnected
from simulators.faults import Fault, FaultDial
from simulators.messages import Answer, Json, Request, error_answer, json_answer
from simulators.store import Media, Post, Publication

DOOR = "/_simulator"


class Controlled(Protocol):
    """What the door needs of a site."""

    faults: FaultDial
    api_key: str
    work_seconds: float
    media_seconds: float

    @property
    def url(self) -> str: ...
    @property
    def posts(self) -> list[Post]: ...
    @property
    def publications(self) -> list[Publication]: ...
    @property
    def media(self) -> list[Media]: ...
    @property
    def requests(self) -> list[Any]: ...
    def trash(self, post_id: int) -> None: ...
    def delete(self, post_id: int) -> None: ...
    def untrash(self, post_id: int) -> None: ...
    def edit(self, post_id: int, **fields: str) -> None: ...
    def assign(self, post_id: int, *, categories: list[str], tags: list[str]) -> None: ...
    def connect(self, api_url: str, site_id: int) -> dict[str, object]: ...
    def pair(self, api_url: str, site_id: int, secret: str = "") -> None: ...
    def send_webhooks(
        self, *, shuffled: bool = False, duplicated: float = 0.0, seed: int = 0
    ) -> list[int]: ...


def answer_control(site: Controlled, request: Request) -> Answer:
    """Answer one control request: 404 for an unknown one, 400 for what can't be set."""
    asked = f"{request.method} {request.path.removeprefix(DOOR)}"
    for pattern, act in CONTROLS.items():
        found = re.fullmatch(pattern, asked)
        if found is None:
            continue
        try:
            return act(site, request, *map(int, found.groups()))
        except (NotConnected, OSError) as error:
            return error_answer("simulator_not_connected", HTTPStatus.BAD_GATEWAY, str(error))
        except KeyError:
            return error_answer("simulator_no_post", HTTPStatus.NOT_FOUND, "No such post.")
        except (TypeError, ValueError) as error:
            return error_answer("simulator_invalid", HTTPStatus.BAD_REQUEST, str(error))
    return error_answer("simulator_no_route", HTTPStatus.NOT_FOUND, "No such control.")


def _turn(site: Controlled, request: Request) -> Answer:
    site.faults.add(Fault(**read_json(request)))
    return json_answer(_dial(site.faults), HTTPStatus.CREATED)


def _clear(site: Controlled, request: Request) -> Answer:
    site.faults.clear()
    return _show_dial(site, request)


def _show_dial(site: Controlled, request: Request) -> Answer:
    return json_answer(_dial(site.faults))


def _dial(dial: FaultDial) -> Json:
    faults = [asdict(fault) | {"times": times} for fault, times in dial.remaining()]
    return {"faults": faults, "struck": dial.struck()}


def _set(site: Controlled, request: Request) -> Answer:
    wishes = read_json(request)
    unknown = set(wishes) - {"api_key", "work_seconds", "media_seconds"}
    if unknown:
        raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
    if "api_key" in wishes:
        site.api_key = str(wishes["api_key"])
    site.work_seconds = float(wishes.get("work_seconds", site.work_seconds))
    site.media_seconds = float(wishes.get("media_seconds", site.media_seconds))
    return json_answer({"work_seconds": site.work_seconds, "media_seconds": site.media_seconds})


def _show_requests(site: Controlled, request: Request) -> Answer:
    return json_answer([asdict(entry) for entry in site.requests])


def _trash(site: Controlled, request: Request, post_id: int) -> Answer:
    site.trash(post_id)
    return json_answer({"trashed": post_id})


def _delete(site: Controlled, request: Request, post_id: int) -> Answer:
    site.delete(post_id)
    return json_answer({"deleted": post_id})


def _untrash(site: Controlled, request: Request, post_id: int) -> Answer:
    site.untrash(post_id)
    return json_answer({"untrashed": post_id})


def _edit(site: Controlled, request: Request, post_id: int) -> Answer:
    site.edit(post_id, **read_json(request))
    return json_answer({"edited": post_id})


def _assign(site: Controlled, request: Request, post_id: int) -> Answer:
    site.assign(post_id, **read_json(request))
    return json_answer({"assigned": post_id})


def _connect(site: Controlled, request: Request) -> Answer:
    return json_answer(site.connect(**read_json(request)))


def _pair(site: Controlled, request: Request) -> Answer:
    site.pair(**read_json(request))
    return json_answer({"paired": True})


def _send_webhooks(site: Controlled, request: Request) -> Answer:
    return json_answer({"statuses": site.send_webhooks(**read_json(request))})


def _show_state(site: Controlled, request: Request) -> Answer:
    state = {
        "url": site.url,
        "posts": [asdict(post) for post in site.posts],
        "publications": [asdict(row) for row in site.publications],
        "media": [asdict(replace(item, data=b"")) | {"data": None} for item in site.media],
        "requests": len(site.requests),
    }
    return json_answer(state | _dial(site.faults))


CONTROLS: dict[str, Callable[..., Answer]] = {
    "POST /faults": _turn,
    "GET /faults": _show_dial,
    "DELETE /faults": _clear,
    "POST /settings": _set,
    "GET /state": _show_state,
    "GET /requests": _show_requests,
    r"POST /posts/(\d+)/trash": _trash,
    r"POST /posts/(\d+)/delete": _delete,
    r"POST /posts/(\d+)/untrash": _untrash,
    r"POST /posts/(\d+)/edit": _edit,
    r"POST /posts/(\d+)/terms": _assign,
    "POST /connect": _connect,
    "POST /pair": _pair,
    "POST /webhooks": _send_webhooks,
}
