"""One row, played: clients, nemesis, drain, check."""

import contextlib
import random
import tempfile
import time
from pathlib import Path

from chaos_checks import Canaries, check, rows_of
from chaos_clients import Clients, Ledger, persist
from chaos_dial import Dials
from chaos_drain import drain, have_ended, waiting
from chaos_sites import simulated_sites
from chaos_table import NotRun, Result
from servers import wait_until

from models import Integration, PublicationState
from models.publishing.outcomes import resume_site
from models.session import session_scope

SLOW = 0.9
"""Seconds of an answer that is still in time."""

DRAIN = 90.0
"""Seconds that a drain may take on a loaded machine; nobody waits them out."""


class Run:
    """What a row's fault works with. Use as a context: it undoes what the row has done."""

    def __init__(self, row, world, size, seed, drain=DRAIN):
        self.row, self.world, self.size, self.patience = row, world, size, drain
        self.random = random.Random(f"{seed} {row.name}")
        self.ledger = Ledger()
        self.may_fail = {}
        self.faults = 0
        self.notes = []
        self._late = 0.0
        self._undo = contextlib.ExitStack()

    def __enter__(self):
        with self._undo as undo:
            self.folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="igny8-row-")))
            self.sites = list((self.row.sites or simulated_sites)(self))
            for site in self.sites:
                undo.callback(site.stop)
            self.dials = Dials(self.sites)
            self.clients = Clients(
                self.row.name,
                self.sites,
                self.ledger,
                self.random,
                edits=self.row.edits,
                room=self.row.room,
            )
            logs = [site.logs for site in self.sites if hasattr(site, "logs")]
            self.canaries = Canaries(self.world, [self.folder, *logs])
            self.canaries.add("the Fernet key", self.world.secret_key)
            for place, site in enumerate(self.sites):
                self.canaries.add(f"the key of site {place}", site.key)
            self.canaries.start()
            self.world.forget_ends()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self.canaries.stop()
        self.world.revive()
        self._undo.close()
        self.world.heal()
        persist(self._park)

    def _park(self):
        """Switch the row's sites off: what a red row left must not disturb the next one."""
        with session_scope() as session:
            for integration_id in self.integrations:
                session.get_one(Integration, integration_id).is_active = False

    # --- for the rows ----------------------------------------------------------------------

    def undo(self, callback, *arguments, **words):
        """Call it at the row's end, whatever happens."""
        self._undo.callback(callback, *arguments, **words)

    def struck(self, times=1):
        self.faults += times

    def pause(self, seconds):
        """Wait about so long, by the seed."""
        time.sleep(seconds * (0.5 + self.random.random()))

    def last(self, seconds):
        """Let the callers go on for exactly so long: the row's name says it."""
        time.sleep(seconds)

    def late(self, seconds):
        """Don't look at the site before so many seconds from now: something may still come."""
        self._late = max(self._late, time.monotonic() + seconds)

    def wait_for_late(self):
        time.sleep(max(0.0, self._late - time.monotonic()))

    def strikes(self):
        """Yield ``size.times`` times; each counts as a fault.

        Spread over ``size.seconds``, and over what the clients publish: else workers that are
        killed before they are back do nothing, and all is published when the faults are over.
        """
        for number in range(self.size.times):
            self.pause(self.size.seconds / (self.size.times + 1))
            self.clients.wait_for_share(number / self.size.times)
            self.struck()
            yield number

    def dial(self, **fault):
        self.dials.add(**fault)

    def undial(self):
        self.dials.clear()

    def dialled(self):
        return self.dials.struck()

    def accept(self, **wanted):
        """Save and publish one content; see `Clients.accept`."""
        return self.clients.accept(self.clients.next_number(), **wanted)

    def publish(self, count):
        return [self.accept() for _ in range(count)]

    def publish_slowly(self, count):
        """Publish to sites that take their time; return when some are on their way.

        What strikes next strikes while they are. `undial` lets them go on.
        """
        self.dial(kind="slow", seconds=SLOW)
        accepted = self.publish(count)
        ids = [entry.content_id for entry in accepted]
        on_its_way = PublicationState.PUBLISHING
        wait_until(
            lambda: any(row.state is on_its_way for row in rows_of(ids).values()), what="a batch"
        )
        return accepted

    def resume(self):
        """Repair every suspended site of the row, as its operator would."""
        with session_scope() as session:
            for integration_id in self.integrations:
                resume_site(session, integration_id)

    @property
    def integrations(self):
        """The ids of the sites' integrations, in the sites' order."""
        return self.clients.integration_ids

    def wait_for(self, accepted):
        """Wait until these have an end; AssertionError says what the row's sites wait for."""
        with contextlib.suppress(TimeoutError):
            return wait_until(lambda: have_ended(accepted), timeout=self.patience)
        raise AssertionError(f"no end after {self.patience:g} s: {waiting(self.integrations)}")

    def drain(self, patience=None):
        """Wait until all that was accepted is in an end state; False when it took too long."""
        return drain(self.integrations, patience or self.patience) is not None


def play(row, world, *, quick=True, seed=0, drain=DRAIN, size=None):
    """Play one row in a world; return its `Result`."""
    size = size or row.size(quick=quick)
    result = Result(row.name, world.database.name)
    try:
        with Run(row, world, size, seed, drain) as run:
            _play(run, result)
    except NotRun as reason:
        result.not_run = str(reason)
    return result


def _play(run, result):
    run.clients.start(run.size.publishes, run.size.seconds)
    try:
        run.row.fault(run)
    finally:
        run.clients.rest()
    run.world.heal()
    run.world.wait_until_ready()
    result.meanwhile = len(run.ledger)
    result.left = sum(waiting(run.integrations).values())
    began = time.monotonic()
    waits = drain(run.integrations, run.patience)
    result.drained, result.waits = time.monotonic() - began, waits or {}
    run.clients.finish()
    result.faults, result.notes = run.faults, run.notes
    if run.faults < run.size.times:
        result.broken.append(f"it struck only {run.faults} of {run.size.times} times")
    if not result.meanwhile:
        result.broken.append("nothing was accepted before the last fault was over")
    if waits is not None:  # else it stands still, and nothing that comes later changes that
        run.drain()
        run.wait_for_late()
        run.drain()
    for site in run.sites:
        if hasattr(site, "settle"):
            site.settle()
    check(run, result)
