"""Rows: those who start the work die: beat while work waits for its ticks, workers in dispatch."""

import sqlalchemy as sa
from chaos_checks import rows_of
from chaos_drain import have_ended
from chaos_release import Order, Release
from chaos_table import POSTGRESQL, WAITS, Row, Size
from chaos_world import PUBLISHERS
from servers import wait_until

import settings
from models import Attempt, PublicationState
from models.session import session_scope

TICKS = 4
"""For how many of its ticks beat is away."""

CLAIMS = "    for claim in claim_due():\n"
OBEYING = """    claims = claim_due()
    if claims:
        obey([claim.batch_id for claim in claims])
    for claim in claims:
"""

SAYS = "corrupted schedule"

AT_ONCE = 3
"""Contents that are published for a dispatch to claim."""


def kill_beat(run):
    """Kill beat and what is on its way; every other time its schedule breaks, and all is forgotten.

    Rings start what is accepted, but only a tick of beat rescues what a dead worker had begun.
    """
    for number in run.strikes():
        breaks = number % 2 == 0
        accepted, lost = hold_beat_with_lost_work(run, forget=breaks)
        run.last(TICKS * settings.current().tick)
        if have_ended(lost):
            raise AssertionError("work that was lost came to its end without a tick")
        if breaks:
            break_schedule(run, whole=number % 4 == 0)
        run.world.release("beat")
        if number % 4 == 0:
            wait_until(lambda: SAYS in run.world.said("beat"), what="beat's word on its schedule")
        run.wait_for(accepted)  # a site with a lost batch gets no other before a tick


def hold_beat_with_lost_work(run, *, forget):
    """Return what was accepted while beat was away, and of this what was on its way."""
    while True:
        wait_until(lambda: run.world.is_up("beat"), what="the schedule")
        run.world.hold("beat")
        accepted = run.publish_slowly(4)
        lost = lose_work(run, accepted, forget=forget)
        run.undial()
        if lost:
            return accepted, lost
        # A batch had just been given back, to wait for its pictures.
        run.world.release("beat")
        run.wait_for(accepted)


def lose_work(run, accepted, *, forget):
    """Kill both publishers with work begun, and let the broker forget; return what was on its way.

    Its messages are the broker's until they are visible again, which is longer than any row lasts.
    """
    for name in PUBLISHERS:
        run.world.hold(name)
    rows = rows_of(entry.content_id for entry in accepted)
    lost = [entry for entry in accepted if is_on_its_way(rows[entry.content_id])]
    if lost and forget:
        forget_all(run)
    for name in PUBLISHERS:
        run.world.release(name)
    return lost


def forget_all(run):
    with run.world.broker.client() as client:
        client.flushall()


def is_on_its_way(row):
    return row.state is PublicationState.PUBLISHING


def break_schedule(run, *, whole):
    """Write junk into the file in which beat keeps what it ran when, or cut it short."""
    files = list(run.world.folder.glob("beat-schedule*"))
    if not files:
        raise AssertionError("beat keeps no schedule any more: the row breaks nothing")
    for file in files:
        known = file.read_bytes()
        file.write_bytes(b"no schedule\n" * 100 if whole else known[: len(known) // 2])


def kill_in_dispatch(run):
    """Kill a worker that has claimed, and not yet started the chain of what it has claimed."""
    order = _install_order(run)
    for _ in run.strikes():
        wait_until(lambda: all(map(run.world.is_up, PUBLISHERS)), what="both publishers")
        order.give()
        run.publish(AT_ONCE)
        pid, batches = wait_until(order.held, what="a claim")
        (name,) = [name for name in PUBLISHERS if run.world.parts[name].pid == pid]
        run.world.kill(name)
        prove_that_it_was_claimed_and_not_started(batches)


def _install_order(run):
    """Let the publishers live with a release that stops, when it is told to, at that place."""
    usual = run.world.root
    changed = Release(usual).copy(run.world.folder / "held-after-claims")
    order = Order(run.folder)
    order.teach(changed, "tasks/publishing/dispatching.py", CLAIMS, OBEYING)
    run.undo(run.world.install, usual)
    run.world.install(changed.root)
    for name in PUBLISHERS:
        run.world.kill(name)
    return order


def prove_that_it_was_claimed_and_not_started(batches):
    """No request was ever made for these batches, though rows were given out to them."""
    query = sa.select(sa.func.count(Attempt.id)).where(Attempt.batch_id.in_(batches))
    with session_scope(read_only=True) as session:
        requests = session.scalar(query)
    if not batches or requests:
        raise AssertionError(f"{requests} requests were made for the claims {batches}")


ROWS = [
    Row(
        "SIGKILL of beat",
        kill_beat,
        Size(1, 15, 3),
        Size(12, 100, 12),
        databases=(POSTGRESQL,),
        lane=WAITS,
    ),
    Row(
        "SIGKILL in the middle of dispatch",
        kill_in_dispatch,
        Size(2, 6, 4),
        Size(20, 40, 40),
        databases=(POSTGRESQL,),
        lane=WAITS,
    ),
]
