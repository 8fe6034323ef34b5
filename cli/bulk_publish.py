"""What `igny8 publish --all` does: make a bulk job, and follow it until nothing of it is open."""

from typing import Any

from cli.bell import wake_feeder, wake_workers
from cli.bulk_watch import watch_job
from cli.exits import CommandError, Exit
from cli.finding import find_integration, names_of, refuse_switched_off
from cli.interrupts import Pause, held_back
from cli.output import output
from cli.progress import progress
from cli.publish_results import say_end, say_outcome
from models import BulkItemState, Integration
from models.bulk.jobs import Selection, make_bulk_job
from models.bulk.progress import counts, unchanged
from models.publishing.accepting import Wanted
from models.session import session_scope
from tasks.bulk import feed


def publish_all(site: str, wanted: Wanted, *, any_status: bool, wait: bool, timeout: float) -> None:
    """Let all contents of a site be published; with ``wait``, stay until they are."""
    options = {
        "post_status": wanted.post_status,
        "restore": wanted.restore,
        "force": wanted.force,
        "override_status": any_status,
    }
    with session_scope() as session:
        integration = find_integration(session, site)
        refuse_switched_off(integration)
        chosen = Selection(site_id=integration.site_id)
        job = make_bulk_job(session, integration.account_id, chosen, options, integration)
    with held_back() as pause:
        # Not left to the workers: where nothing runs, the work must be stored all the same.
        while feed(job.id):
            pass
        broker_there = wake_workers() and wake_feeder()
        facts = _facts(job.id, integration, broker_there=broker_there)
        _say_accepted(facts)
        if wait and facts["accepted"] + facts["unchanged"]:
            _wait(job.id, timeout, facts, pause)
        else:
            output().result(facts)


def _facts(job_id: str, integration: Integration, *, broker_there: bool) -> dict[str, Any]:
    with session_scope(read_only=True) as session:
        found = counts(session, job_id)
        same = unchanged(session, job_id)
    left_out = found[BulkItemState.SKIPPED]
    return {
        "site": integration.site_url,
        **names_of(integration),
        "job": job_id,
        "accepted": sum(found.values()) - left_out - same,
        "unchanged": same,
        "left_out": left_out,
        "broker_reachable": broker_there,
    }


def _say_accepted(facts: dict[str, Any]) -> None:
    say = output()
    say.line(f"accepted {facts['accepted']}, unchanged {facts['unchanged']} for {facts['site']}")
    say.note(f"bulk job {facts['job']}: `igny8 bulk show` tells how far it is")
    if facts["left_out"]:
        say.note(
            f"left out {facts['left_out']} that are not approved; --override-status takes them too"
        )
    if not facts["broker_reachable"]:
        say.note("the broker is away: the work is stored, and starts when the broker is back")


def _wait(job_id: str, timeout: float, facts: dict[str, Any], pause: Pause) -> None:
    try:
        with progress("publishing", facts["accepted"] + facts["unchanged"]) as bar:
            results = watch_job(job_id, timeout, lambda outcome: say_outcome(bar, outcome), pause)
    except KeyboardInterrupt:
        words = f"the work goes on; `igny8 bulk show {job_id}` shows it"
        raise CommandError(words, Exit.INTERRUPTED) from None
    say_end(results, facts)
