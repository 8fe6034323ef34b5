"""What a fault makes of a request: before its work, in it, and of the answer on its way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from simulators.faults import Fault, Kind
from simulators.messages import (
    JSON_TYPE,
    Answer,
    Crashed,
    error_answer,
    html_answer,
    json_answer,
    no_route,
)

Pause = Callable[[float], None]
Work = Callable[[Fault | None], Answer]

MAINTENANCE = "<h1>Briefly unavailable for scheduled maintenance. Check back in a minute.</h1>"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer and how it travels.

    Without an answer the connection is closed, by RST where ``reset``. ``cut`` closes it after
    that many bytes of the body; the rates are in bytes per second.
    """

    answer: Answer | None = None
    reset: bool = False
    cut: int | None = None
    head_rate: float | None = None
    body_rate: float | None = None


def deliver(fault: Fault | None, work: Work, pause: Pause) -> Delivery:
    """Run one request under a fault (None: nothing goes wrong)."""
    try:
        return Delivery(work(None)) if fault is None else _under(fault, work, pause)
    except Crashed:
        return Delivery(reset=True)


def _under(fault: Fault, work: Work, pause: Pause) -> Delivery:
    if fault.kind in INSTEAD_OF_WORK:
        return INSTEAD_OF_WORK[fault.kind](fault)
    if fault.kind is Kind.SLOW:
        pause(fault.seconds)
    answer = work(fault)
    if fault.kind is Kind.LATE_ANSWER:
        pause(fault.seconds)
    on_its_way = AFTER_WORK.get(fault.kind)
    return on_its_way(fault, answer) if on_its_way else Delivery(answer)


def _status(fault: Fault) -> Answer:
    code = fault.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if fault.body == "json":
        answer = error_answer("simulated_fault", code, "The dial says so.")
    else:
        answer = html_answer(f"<h1>Error {int(code)}</h1>", code)
    if fault.retry_after is None:
        return answer
    return replace(answer, headers={"Retry-After": fault.retry_after})


def _redirect(fault: Fault) -> Answer:
    code = fault.code or HTTPStatus.MOVED_PERMANENTLY
    return html_answer("<h1>Moved</h1>", code, Location=fault.location)


def _rewritten(fault: Fault, answer: Answer) -> Answer:
    """Return the answer with the one field changed that the fault is about."""
    facts = answer.json() if answer.content_type == JSON_TYPE else None
    if not isinstance(facts, dict):
        return answer
    if fault.kind is Kind.WRONG_CONTENT_ID and "content_id" in facts:
        facts["content_id"] += 1
    elif fault.kind is Kind.PLUGIN_VERSION and "plugin_version" in facts:
        facts["plugin_version"] = fault.version
    return replace(answer, body=json_answer(facts).body)


def _half(answer: Answer) -> int:
    return len(answer.body) // 2


INSTEAD_OF_WORK: dict[Kind, Callable[[Fault], Delivery]] = {
    Kind.RESET: lambda _: Delivery(reset=True),
    Kind.STATUS: lambda fault: Delivery(_status(fault)),
    Kind.HTML_200: lambda _: Delivery(html_answer(MAINTENANCE)),
    Kind.REDIRECT: lambda fault: Delivery(_redirect(fault)),
    Kind.PLUGIN_MISSING: lambda _: Delivery(no_route().answer),
    Kind.NOT_WORDPRESS: lambda _: Delivery(html_answer("<h1>It works!</h1>")),
    Kind.BEARER_REFUSED: lambda _: Delivery(
        error_answer("jwt_auth_invalid_token", HTTPStatus.FORBIDDEN, "Wrong number of segments")
    ),
}

AFTER_WORK: dict[Kind, Callable[[Fault, Answer], Delivery]] = {
    Kind.LOST_ANSWER: lambda *_: Delivery(),
    Kind.RESET_AFTER_WORK: lambda *_: Delivery(reset=True),
    Kind.HTML_200_AFTER_WORK: lambda *_: Delivery(html_answer(MAINTENANCE)),
    Kind.JSON_WITHOUT_ID: lambda *_: Delivery(json_answer({})),
    Kind.TRUNCATED_JSON: lambda _, a: Delivery(replace(a, body=a.body[: _half(a)])),
    Kind.CUT_BODY: lambda _, a: Delivery(a, cut=_half(a)),
    Kind.DRIP_BODY: lambda fault, a: Delivery(a, body_rate=fault.bytes_per_second),
    Kind.DRIP_HEADER: lambda fault, a: Delivery(a, head_rate=fault.bytes_per_second),
    Kind.WRONG_CONTENT_ID: lambda fault, a: Delivery(_rewritten(fault, a)),
    Kind.PLUGIN_VERSION: lambda fault, a: Delivery(_rewritten(fault, a)),
}
