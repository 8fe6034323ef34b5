"""What `igny8 publish` does: record the wish, wake the workers, and follow what becomes of it."""

from dataclasses import dataclass
from typing import Any

from cli.bell import wake_workers
from cli.exits import CommandError, Exit
from cli.finding import find_integration, names_of, refuse_switched_off
from cli.interrupts import Pause, held_back
from cli.output import output
from cli.progress import progress
from cli.publish_requests import Request, chosen_contents, request_publish
from cli.publish_results import say_end, say_outcome
from cli.run_watch import watch
from models.publishing.accepting import Wanted
from models.session import session_scope


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `igny8 publish`."""

    site: str
    ids: list[int]
    wanted: Wanted
    any_status: bool
    wait: bool
    timeout: float


def publish(asked: Asked) -> None:
    """Record that contents shall be on a site; with ``wait``, stay until they are."""
    with session_scope(read_only=True) as session:
        integration = find_integration(session, asked.site)
        refuse_switched_off(integration)
        content_ids = chosen_contents(session, integration, asked.ids)
    url = integration.site_url
    with held_back() as pause:
        request = request_publish(
            integration.id, content_ids, asked.wanted, any_status=asked.any_status
        )
        broker_there = wake_workers() if request.accepted else True
        _say_accepted(request, site=url, broker_there=broker_there)
        facts = {
            "site": url,
            **names_of(integration),
            "accepted": request.accepted,
            "unchanged": request.unchanged,
            "left_out": request.left_out,
            "broker_reachable": broker_there,
        }
        if asked.wait and request.run_ids:
            _wait(request, asked.timeout, facts, pause)
        else:
            output().result(facts | {"runs": request.run_ids})


def _say_accepted(request: Request, *, site: str, broker_there: bool) -> None:
    say = output()
    say.line(f"accepted {request.accepted}, unchanged {request.unchanged} for {site}")
    if request.left_out:
        say.note(
            f"left out {request.left_out} that are not approved; --override-status takes them too"
        )
    if not broker_there:
        say.note("the broker is away: the work is stored, and starts when the broker is back")


def _wait(request: Request, timeout: float, facts: dict[str, Any], pause: Pause) -> None:
    try:
        with progress("publishing", len(request.run_ids)) as bar:
            results = watch(
                request.run_ids, timeout, lambda outcome: say_outcome(bar, outcome), pause
            )
    except KeyboardInterrupt:
        words = f"the work goes on; `igny8 status --site {facts['site']}` shows it"
        raise CommandError(words, Exit.INTERRUPTED) from None
    say_end(results, facts)
