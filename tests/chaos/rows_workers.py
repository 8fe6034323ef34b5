"""Rows: workers are killed, frozen, or live in another time."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from chaos_checks import rows_of
from chaos_clients import PICTURES_EVERY
from chaos_sites import simulated_sites
from chaos_table import BOTH, POSTGRESQL, WAITS, NotRun, Row, Size
from chaos_world import PUBLISHERS, WORKERS
from servers import wait_until

import settings
from models.publishing.awaited_pictures import PICTURE_AWAITED


def two_sites(run):
    """Few, so that a batch has more items than requests at once."""
    return simulated_sites(run, count=2)


LARGE = (2400, 1800)
"""Pixels of a picture that takes its time: the others are decoded in a moment."""

EVERY_WORKER = 5
"""Every so many kills all workers die at once, and nobody is left to go on."""

IN_A_BATCH = 10
"""Contents that are published at once, for two sites: a batch of each."""

AHEAD = 3000
"""Seconds that its clock is ahead, at least: it is an hour, and some of it may have gone by."""

LIBFAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def kill_workers(run):
    """Kill whole workers at random moments, some while the site keeps them waiting."""
    late = settings.current().lease + 1
    # Reaches the site when its sender is long dead and somebody else has done the work.
    run.dial(kind="slow", seconds=late, probability=0.08, times=run.size.times)
    for number in run.strikes():
        everybody = number % EVERY_WORKER == EVERY_WORKER - 1
        for name in WORKERS if everybody else [run.random.choice(WORKERS)]:
            run.world.kill(name)
    run.undial()
    run.late(late + 1)


def kill_child(run):
    """Kill the process that decodes pictures with one of them in hand; its worker lives on."""
    run.clients.picture_size = LARGE
    struck = set()
    for _ in run.strikes():
        while not kill_with_picture(run, struck):
            pass


def kill_with_picture(run, struck):
    """Kill the child when it has begun with pictures; return whether it had not ended with them.

    ``struck`` are the rows that have lost a child before: each loses one, and so none too many.
    """
    wait_for_picture(run)
    begun = wait_until(lambda: in_hand(run) - struck or not is_awaited(run), what="a picture begun")
    child = run.world.child_of("media")
    if begun is True or child is None:  # all were prepared meanwhile
        return False
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    wait_until(lambda: run.world.child_of("media") != child, what="the child's end")
    lost = in_hand(run) & begun
    struck |= lost
    return bool(lost)


def in_hand(run):
    """Return the contents whose pictures were begun by somebody who has not ended with them."""
    found = rows_of(run.ledger.entries).items()
    return {
        content_id
        for content_id, row in found
        if row.failure_code == PICTURE_AWAITED and row.rescues
    }


def wait_for_picture(run):
    """Return when a publish waits for its picture; publish more until one does."""

    def one_is_awaited():
        if not is_awaited(run):
            run.publish(PICTURES_EVERY)
        return is_awaited(run)

    wait_until(one_is_awaited, what="a publish that waits for its picture")


def is_awaited(run):
    found = rows_of(run.ledger.entries).values()
    return any(row.failure_code == PICTURE_AWAITED for row in found)


def media_away(run):
    """Nobody decodes pictures for several leases: what has new ones waits, and is not failed."""
    run.world.hold("media")
    for _ in range(run.size.times):
        run.last(settings.current().lease)
        run.struck()
    wait_for_picture(run)
    run.world.release("media")


def freeze_worker(run):
    """Freeze a worker in the middle of a batch; all is done and edited before it wakes up."""
    for number in run.strikes():
        frozen, other = PUBLISHERS[number % 2], PUBLISHERS[(number + 1) % 2]
        run.drain()
        for name in PUBLISHERS:
            run.world.hold(name)
        run.dial(kind="slow", seconds=0.5)
        mine = publish_until_frozen(run, frozen)
        run.undial()
        run.world.release(other)
        run.wait_for(mine)
        for entry in mine:
            run.clients.edit(entry.content_id)
        run.wait_for(mine)
        run.world.thaw(frozen)
        run.late(2.5)  # it goes on with its batch, if anything lets it


def publish_until_frozen(run, name):
    """Freeze a worker that is alone while it has posts that it has not begun to send."""
    while True:
        mine = run.publish(IN_A_BATCH)
        run.world.release(name)  # it alone, so that it has the batches, and full ones
        wait_until(lambda m=mine: _count_there(run, m) > 0, what="the first post")
        freeze_between_transactions(run, name)
        # Some more are on their way: as many as its two sites take at once.
        if _count_there(run, mine) <= IN_A_BATCH // 2:
            return mine
        run.world.thaw(name)
        run.wait_for(mine)


def freeze_between_transactions(run, name):
    """Freeze a worker that holds no lock of the database: all would wait until it wakes up."""
    run.world.freeze(name)
    while run.world.database.is_locked():
        run.world.thaw(name)
        run.pause(0.05)
        run.world.freeze(name)


def _count_there(run, accepted):
    wanted = {entry.content_id for entry in accepted}
    return sum(post.content_id in wanted for site in run.sites for post in site.posts())


def clock_ahead(run):
    """One worker lives an hour ahead of everybody, the database included."""
    _ensure_libfaketime()
    run.undo(run.world.restart, "publish2")
    # Not the monotonic clock: no real step of the time changes that one.
    ahead = {"FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    run.world.restart("publish2", {"LD_PRELOAD": LIBFAKETIME} | ahead)
    if seconds_ahead(run, "publish2") < AHEAD:
        raise AssertionError("the worker lives in the same time as everybody")
    for _ in run.strikes():
        run.publish(5)
    run.world.hold("publish1")  # so that it is the one that publishes these
    run.wait_for(run.publish(5))
    run.world.release("publish1")


def seconds_ahead(run, name):
    """Return by how much the newest time in a worker's own log is ahead of ours."""
    stamps = re.findall(r'"timestamp": "([^"]+)"', run.world.said(name))
    return datetime.fromisoformat(max(stamps)).timestamp() - time.time()


def _ensure_libfaketime():
    if not Path(LIBFAKETIME).exists() and os.geteuid() == 0:
        words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libfaketime"]
        with suppress(OSError):
            subprocess.run(words, capture_output=True, check=False)
    if not Path(LIBFAKETIME).exists():
        raise NotRun("libfaketime is not installed (apt-get install libfaketime)")


ROWS = [
    Row(
        "SIGKILL of workers",
        kill_workers,
        Size(10, 100, 12),
        Size(200, 1000, 240),
    ),
    Row(
        "SIGKILL of the media worker's child",
        kill_child,
        Size(5, 24, 3),
        Size(30, 200, 15),
    ),
    Row(
        "the media worker is away for longer than the lease (quick: 10 times, full: 20 times)",
        media_away,
        Size(10, 24, 3),
        Size(20, 100, 15),
        databases=(POSTGRESQL,),
        lane=WAITS,
    ),
    Row(
        "SIGSTOP longer than the lease, then SIGCONT",
        freeze_worker,
        Size(1, 4, 1),
        Size(6, 60, 10),
        databases=BOTH,
        sites=two_sites,
    ),
    Row(
        "clock 1 h ahead on one worker",
        clock_ahead,
        Size(3, 20, 3),
        Size(10, 100, 12),
        databases=(POSTGRESQL,),
        # SQLite has no clock of its own: one host, one clock.
        full_databases=(POSTGRESQL,),
    ),
]
