"""Rows: callers and people at odds: fifty at once, two revisions, a deletion at the site."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from chaos_checks import rows_of
from chaos_drain import have_ended
from chaos_rest import RestCaller
from chaos_table import BOTH, POSTGRESQL, SQLITE, Row, Size

from models import PublicationState
from pipeline.census import REMOVED
from tasks.sites.census_taking import take_census

AT_ONCE = 50


def publish_fifty_times(run):
    """Fifty callers of the API publish the same content in the same moment."""
    caller = RestCaller(run)
    for _ in run.strikes():
        accepted = caller.save(run.clients.next_number())
        together(AT_ONCE, lambda _, accepted=accepted: caller.publish(accepted))
        run.ledger.note(accepted)
    run.faults = run.size.times * AT_ONCE


def race_revisions(run):
    """Two callers give the same contents their next revision, and publish it, at once."""
    for _ in run.strikes():
        contents = [accepted.content_id for accepted in run.publish(4)]
        for content_id in contents:
            together(2, lambda place, c=content_id: run.clients.edit(c, f"by {place}"))


def race_edit_and_publish(run):
    """One caller publishes what there is while another one edits it and publishes that."""
    caller = RestCaller(run)
    for _ in run.strikes():
        accepted = run.accept()

        def edit(content_id=accepted.content_id):
            run.clients.edit(content_id, "meanwhile")

        acts = [lambda accepted=accepted: caller.publish(accepted)] * 5 + [edit]
        together(len(acts), lambda number, acts=acts: acts[number]())


def race_deletion(run):
    """A person deletes posts at the site while they are published anew, and wants them back."""
    for _ in run.strikes():
        accepted = run.publish(6)
        run.drain()
        together(2, lambda who, a=accepted: _delete(run, a) if who else _edit(run, a))
        run.drain()
        if not have_ended(accepted):
            raise AssertionError("a publication has no end after a deletion")
        learn_what_is_there(run)
        prove_that_rows_and_sites_agree(run, accepted)
        for entry in accepted:
            run.clients.edit(entry.content_id, restore=True)


def learn_what_is_there(run):
    """Take a census of every site, as each day does: what was deleted later nobody has told us."""
    for integration_id in run.integrations:
        taken = take_census(integration_id, forced=True)
        if taken is None or taken.error is not None:
            raise AssertionError(f"there was no census: {taken}")
    run.drain()


def prove_that_rows_and_sites_agree(run, accepted):
    """What its row calls shown has one live post, and nothing else has any."""
    live = Counter(
        post.content_id for site in run.sites for post in site.posts() if post.status == "publish"
    )
    removed = 0
    for content_id, row in rows_of(entry.content_id for entry in accepted).items():
        is_published = row.state is PublicationState.PUBLISHED
        is_shown = is_published and row.external_status not in REMOVED
        removed += not is_shown
        if live[content_id] != is_shown:
            raise AssertionError(
                f"content {content_id} has {live[content_id]} live posts, and its row says "
                f"{row.state.value}, {row.external_status}, {row.failure_code}"
            )
    if not removed:
        raise AssertionError("no post stayed deleted: the race was none")


def _edit(run, accepted):
    for entry in accepted:
        run.clients.edit(entry.content_id)


def _delete(run, accepted):
    """Delete one half for good, and put the other into the trash."""
    wanted = {entry.content_id for entry in accepted}
    for site in run.sites:
        for post in site.posts():
            if post.content_id in wanted:
                (site.delete if post.id % 2 else site.trash)(post.id)
                run.pause(0.03)


def together(count, act):
    """Call ``act(0)``, ``act(1)``, … in as many threads at once; raises the first error."""
    start = threading.Barrier(count)

    def wait_and_act(number):
        start.wait()
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(wait_and_act, range(count)))


ROWS = [
    Row(
        "the same content published 50 times at once",
        publish_fifty_times,
        Size(2, 4, 1),
        Size(20, 60, 10),
        databases=BOTH,
    ),
    Row(
        "two revisions racing",
        race_revisions,
        Size(5, 4, 1),
        Size(30, 60, 10),
    ),
    Row(
        "an edit and publishes of the same content racing",
        race_edit_and_publish,
        Size(10, 4, 1),
        Size(100, 60, 10),
        databases=(POSTGRESQL,),
    ),
    Row(
        "publish and deletion at the site racing",
        race_deletion,
        Size(1, 6, 1),
        Size(12, 48, 8),
        databases=(SQLITE,),
    ),
]
