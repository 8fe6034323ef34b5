"""The callers: they publish and edit while something breaks, and note what was accepted."""

import hashlib
import io
import random
import secrets
import threading
import time
from dataclasses import dataclass

import sqlalchemy as sa
from chaos_drain import waiting
from factories import make_content, make_integration, make_site
from PIL import Image

from models import Account, ApiToken, Content, Integration, Site
from models.authoring import keep_image
from models.encryption import digest
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from pipeline.documents import Picture
from tasks.doorbell import ring

PATIENCE = 120.0
"""Seconds for which a caller tries again before the row fails with its error."""

ASKS_AGAIN = 0.1
"""Seconds after which a caller that waits for room looks again."""

STANDSTILL = 5.0
"""Seconds without an accepted publish after which a row's next fault does not wait for one."""

PICTURES_EVERY = 4
"""One content in so many has a picture: the media worker must have something to do."""


@dataclass(slots=True)
class Accepted:
    """What was promised for a content: the newest accepted revision wins."""

    content_id: int
    place: int
    """Which of the row's sites."""

    title: str
    text: str
    """Stands in its HTML, and in that of no other revision."""

    revision: int
    number: int


class Ledger:
    """What was accepted, noted after its commit. Safe to share by threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._entries = {}

    def note(self, accepted):
        with self._lock:
            known = self._entries.get(accepted.content_id)
            if known is None or accepted.revision >= known.revision:
                self._entries[accepted.content_id] = accepted

    @property
    def entries(self):
        with self._lock:
            return dict(self._entries)

    def __len__(self):
        return len(self._entries)


class Clients:
    """Callers of one row. Each tries again until it is told "accepted", as real ones do.

    While something breaks they wait where ``room`` publishes have no end yet, as callers do that
    wait for what they asked for: what is left at the last fault is what that fault held up, and
    not what this machine had no processor for.
    """

    def __init__(self, name, sites, ledger, rng, *, edits, room):
        self.name, self.sites, self.ledger, self.edits = name, sites, ledger, edits
        self.room = room
        self._random = rng
        self._numbers = iter(range(10**6))
        self._lock = threading.Lock()
        self._faults_are_over, self._go_on = threading.Event(), threading.Event()
        self.errors = []
        self.picture_size = (40, 30)
        self._add_sites()

    def _add_sites(self):
        with session_scope() as session:
            account = Account(name=f"{self.name} {secrets.token_hex(4)}")
            session.add(account)
            session.flush()
            self.account_id = account.id
            self.integrations = []
            for site in self.sites:
                row = make_site(session, account, url=site.url, key=site.key)
                row_of = make_integration(session, row)
                self.integrations.append((row.id, row_of.id))

    def token(self):
        """Return a new API token of the account."""
        token = f"igny8_api_{secrets.token_urlsafe(32)}"
        with session_scope() as session:
            session.add(
                ApiToken(
                    account_id=self.account_id,
                    name=self.name,
                    prefix=token[:14],
                    digest=digest(token),
                )
            )
        return token

    # --- many at their own pace ------------------------------------------------------------

    def start(self, publishes, seconds, threads=2):
        """Publish in other threads, spread over ``seconds``: see `rest` and `finish`."""
        self._publishes, self._handed_in = publishes, 0
        shares = [len(range(place, publishes, threads)) for place in range(threads)]
        self._threads = [
            threading.Thread(
                target=self._run, args=(share, seconds, self._random.randrange(10**6)), daemon=True
            )
            for share in shares
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, publishes, seconds, seed):
        chance = random.Random(seed)
        mine = []
        try:
            for _ in range(publishes):
                self._wait_for_room()
                mine.append(self.accept(self.next_number()))
                with self._lock:
                    self._handed_in += 1
                if chance.random() < self.edits:
                    self.edit(chance.choice(mine).content_id)
                self._faults_are_over.wait(seconds / publishes)
        except Exception as error:  # noqa: BLE001 - `finish` raises it
            self.errors.append(error)

    def _wait_for_room(self):
        while not self._faults_are_over.is_set():
            if persist(lambda: sum(waiting(self.integration_ids).values())) < self.room:
                return
            self._faults_are_over.wait(ASKS_AGAIN)
        self._go_on.wait()

    def wait_for_share(self, share):
        """Wait until this share of what they publish is accepted, or none is accepted any more."""
        seen, ends = self._handed_in, time.monotonic() + STANDSTILL
        while self._handed_in < share * self._publishes and time.monotonic() < ends:
            time.sleep(ASKS_AGAIN)
            if self._handed_in > seen:
                seen, ends = self._handed_in, time.monotonic() + STANDSTILL

    @property
    def integration_ids(self):
        """The ids of the sites' integrations, in the sites' order."""
        return [integration_id for _, integration_id in self.integrations]

    def rest(self):
        """The faults are over: accept nothing more until `finish`."""
        self._faults_are_over.set()

    def finish(self):
        """Let the callers hand in what is left, at once; raises what one of them met."""
        self._faults_are_over.set()
        self._go_on.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def next_number(self):
        with self._lock:
            return next(self._numbers)

    # --- one at a time ---------------------------------------------------------------------

    def accept(self, number, shape=None, **wanted):
        """Save and publish content ``number``; return what was accepted.

        ``shape`` are values of its publication's row, as another release would have written them.
        """
        accepted = persist(lambda: self._accept(number, Wanted(**wanted), shape or {}))
        self.ledger.note(accepted)
        ring()
        return accepted

    def _accept(self, number, wanted, shape):
        place = number % len(self.sites)
        site_id, integration_id = self.integrations[place]
        with session_scope() as session:
            site = session.get_one(Site, site_id)
            text = f"Text {number}."
            content = make_content(
                session,
                site,
                title=f"{self.name}: {number}",
                html=f"<p>{text}</p>",
                # A caller whose answer was lost saves the same again.
                import_key=f"{self.name} {site_id} {number}",
                images=self._pictures(session, site_id, number),
            )
            integration = session.get_one(Integration, integration_id)
            accepted = accept_publish(session, content, integration, wanted)
            for name, value in shape.items():
                setattr(accepted.publication, name, value)
            return Accepted(content.id, place, content.title, text, content.revision, number)

    def edit(self, content_id, mark=None, **wanted):
        """Give a content its next revision and publish that; return what was accepted."""
        mark = mark or secrets.token_hex(3)
        accepted = persist(lambda: self._edit(content_id, mark, Wanted(**wanted)))
        self.ledger.note(accepted)
        ring()
        return accepted

    def _edit(self, content_id, mark, wanted):
        number = self.ledger.entries[content_id].number
        place = number % len(self.sites)
        site_id, integration_id = self.integrations[place]
        with session_scope() as session:
            text = f"Text {number}, edited {mark}."
            content = make_content(
                session,
                session.get_one(Site, site_id),
                title=f"{self.name}: {number} edited {mark}",
                html=f"<p>{text}</p>",
                content=session.get_one(Content, content_id),
                images=self._pictures(session, site_id, number),
            )
            integration = session.get_one(Integration, integration_id)
            accept_publish(session, content, integration, wanted)
            return Accepted(content.id, place, content.title, text, content.revision, number)

    def _pictures(self, session, site_id, number):
        """Return a content's pictures: one of its own, or none.

        Files are known by their bytes, and the rows of a lane share a database: what another row
        had prepared before would be no work for the media worker any more.
        """
        if number % PICTURES_EVERY:
            return ()
        colour = tuple(hashlib.sha256(f"{site_id} {number}".encode()).digest()[:3])
        file = io.BytesIO()
        Image.new("RGB", self.picture_size, colour).save(file, "PNG")
        data = file.getvalue()
        name = hashlib.sha256(data).hexdigest()
        keep_image(session, name, data, None)
        return (Picture("featured", f"{number}.png", hash=name, alt=f"Picture {number}"),)


def persist(act):
    """Return what ``act`` returns, once the database lets it; the last error after PATIENCE."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except sa.exc.SQLAlchemyError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
