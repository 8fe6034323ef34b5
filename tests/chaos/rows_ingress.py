"""Rows: the API dies while it accepts."""

import threading
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from chaos_release import Order, Release
from chaos_rest import RepeatingCaller
from chaos_table import BOTH, POSTGRESQL, WAITS, Row, Size
from servers import wait_until
from servers.processes import listens

from models import Content
from models.session import session_scope

ACCEPTED = '    ring()\n    headers = {"Location"'
"""Comes after the commit of a publish."""

CALLERS = 6
RESTS = 0.2
"""Seconds between two contents of one caller."""


def kill_ingress(run):
    """Kill the ingress with requests in it; callers repeat what had no answer, by its own name."""
    order = _install_order(run)
    caller = RepeatingCaller(run)
    over = threading.Event()
    with ThreadPoolExecutor(CALLERS) as threads:
        written = [threads.submit(publish_until, run, caller, over) for _ in range(CALLERS)]
        try:
            for number in run.strikes():
                if number % 2 == 0:
                    kill_before_its_answer(run, order)
                    continue
                while not any(each.done() for each in written):  # whatever ended them is told below
                    if kill_with_request(run, caller):
                        break
        finally:
            over.set()
    if caller.replayed < run.size.times / 2:
        raise AssertionError("what was accepted without an answer was not asked for again")
    asked = sum(each.result() for each in written)
    prove_that_none_is_there_twice(run, asked)
    run.notes.append(
        f"{caller.cut} requests were cut off, {caller.replayed} of them when they were accepted"
    )


def _install_order(run):
    """Let the ingress live with a release that stops, when it is told to, before its answer."""
    usual = run.world.root
    changed = Release(usual).copy(run.world.folder / "held-before-answers")
    order = Order(run.folder)
    order.teach(changed, "ingress/contents/publishing.py", ACCEPTED, f"    obey(0)\n{ACCEPTED}")
    run.undo(run.world.install, usual)
    run.world.install(changed.root)
    if "web" in run.world.parts:
        kill(run)
    return order


def kill_before_its_answer(run, order):
    """Kill it when a publish is accepted, and its caller does not know that yet."""
    order.give()
    wait_until(order.held, what="an accepted publish")
    kill(run)


def kill(run):
    run.world.kill("web")
    port = run.world.parts["web"].port
    wait_until(lambda: listens(port), what="the API")


def publish_until(run, caller, over):
    """Write and publish contents until it is over; return how many, all of them accepted."""
    count = 0
    while not over.is_set():
        accepted = caller.save(run.clients.next_number())
        if (status := caller.publish(accepted)) != 202:
            raise AssertionError(f"the API answered {status} to the first publish of a content")
        run.ledger.note(accepted)
        count += 1
        over.wait(RESTS)
    return count


def kill_with_request(run, caller):
    """Kill it while it is asked something; return whether somebody got no answer.

    It has answered as many as may ask at once before: else nobody would ever get further.
    """
    enough, before = caller.answered + CALLERS, caller.cut
    wait_until(lambda: caller.answered >= enough and caller.under_way, what="a request")
    run.pause(0.03)  # it may have committed by then, and not yet said so
    kill(run)
    return caller.cut > before


def prove_that_none_is_there_twice(run, asked):
    """A content that was written twice is published at most once: no site would show it."""
    query = sa.select(sa.func.count(Content.id)).where(
        Content.account_id == run.clients.account_id, Content.import_key.is_(None)
    )
    with session_scope(read_only=True) as session:
        found = session.scalar(query)
    if found != asked:
        raise AssertionError(f"{asked} contents were written over HTTP, and {found} are there")


ROWS = [
    Row(
        "SIGKILL of the API while it accepts",
        kill_ingress,
        Size(3, 8, 2),
        Size(20, 60, 20),
        databases=(POSTGRESQL,),
        full_databases=BOTH,
        lane=WAITS,
    ),
]
