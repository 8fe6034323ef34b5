"""What people do on a simulated site: edit, trash, delete, connect it to the engine."""

from simulators.bridge import Bridge
from simulators.engine import (
    Engine,
    Mix,
    NotConnected,
    Webhook,
    asks_with,
    connect,
    is_passing,
    is_taken,
    send,
    take,
)
from simulators.store import Backup, Post, Store
from simulators.structure import describe_structure


class People:
    """The part of a site that people see; what they do is noted as events of the posts."""

    _store: Store
    _bridge: Bridge

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def edit(self, post_id: int, **fields: str) -> None:
        """Change title, content or status of a post as an editor does.

        Raises KeyError for a post that is not there, TypeError for any other field.
        """
        unknown = set(fields) - {"title", "content", "status"}
        if unknown:
            raise TypeError(f"no such field: {', '.join(sorted(unknown))}")
        with self._store.lock:
            post = self._store.posts[post_id]
            before = post.status
            for name, value in fields.items():
                setattr(post, name, value)
            self._store.touch(post)
            self._bridge.events.note(post, "updated" if post.status == before else "status")

    def assign(self, post_id: int, *, categories: list[str], tags: list[str]) -> None:
        """Give a post other categories and tags; raises KeyError."""
        with self._store.lock:
            post = self._store.posts[post_id]
            found = [self._store.term("category", (name,)) for name in categories]
            post.categories = [id_ for id_ in found if id_] or [1]
            found = [self._store.term("post_tag", (name,)) for name in tags]
            post.tags = [id_ for id_ in found if id_]
            self._store.touch(post)
            self._bridge.events.note(post, "updated")

    def trash(self, post_id: int) -> None:
        """Trash a post as a person would; raises KeyError."""
        with self._store.lock:
            self._store.trash(post_id)
            self._bridge.events.note(self._store.posts[post_id], "trashed")

    def untrash(self, post_id: int) -> None:
        """Take a post out of the trash; it is a draft then. Raises KeyError."""
        with self._store.lock:
            post = self._store.posts[post_id]
            self._store.untrash(post)
            self._store.touch(post)
            self._bridge.events.note(post, "untrashed")

    def delete(self, post_id: int) -> None:
        """Delete a post for good; raises KeyError."""
        with self._store.lock:
            post = self._store.posts[post_id]
            self._store.delete(post_id)
            self._bridge.events.note(post, "deleted")

    def duplicate(self, post_id: int) -> int:
        """Copy a post with its key, as some plugins do; return the copy's id. Raises KeyError."""
        return self._store.duplicate(post_id)

    def add_post(self, title: str) -> int:
        """Write a post that is none of ours; return its id."""
        with self._store.lock:
            post = Post(next(self._store.ids), "", 0, title, "<p>By hand.</p>", status="publish")
            self._store.posts[post.id] = post
            self._store.rename(post, f"by-hand-{post.id}")
            self._store.touch(post)
            return post.id

    def forget_publications(self) -> None:
        """Lose the plugin's table; the posts stay, with their keys."""
        self._store.forget_publications()

    def write_late(self, post_id: int, title: str) -> None:
        """Have a request of revision 1 that was taken over write after all, and own up to it.

        Raises KeyError.
        """
        with self._store.lock:
            post = self._store.posts[post_id]
            post.title = title
            self._store.touch(post)
            row = self._store.publications[post.publication_key]
            row.revision, row.fingerprint = 1, "0" * 64

    def backup(self) -> Backup:
        return self._store.backup()

    def restore(self, backup: Backup) -> None:
        """Put posts and publications back as they were when the backup was made."""
        self._store.restore(backup)

    def pair(self, api_url: str, site_id: int, secret: str = "") -> None:
        """Know the engine as after Connect, without a request; events are kept from now on."""
        self._engine = Engine(api_url.rstrip("/"), site_id, secret)
        self._bridge.events.kept = bool(secret)

    def connect(self, api_url: str, site_id: int) -> dict[str, object]:
        """Press Connect: test, register, push the structure; return the answer to the test.

        Raises NotConnected with what the engine said.
        """
        engine = Engine(api_url.rstrip("/"), site_id)
        tested = connect(
            engine, self._store.url, self._bridge.keys.current, describe_structure(self._store)
        )
        self._engine, self._bridge.events.kept = engine, True
        return tested

    def take_webhooks(
        self, *, shuffled: bool = False, duplicated: float = 0.0, seed: int = 0
    ) -> list[Webhook]:
        """Empty the outbox; return the messages signed, mixed up as the dials say.

        ``duplicated`` is the share that comes twice. Raises NotConnected.
        """
        mix = Mix(shuffled, duplicated, seed)
        return take(self._bridge.events, self._known_engine(), self._bridge.keys.current, mix)

    def send_webhooks(
        self, *, shuffled: bool = False, duplicated: float = 0.0, seed: int = 0
    ) -> list[int]:
        """Send what `take_webhooks` gives, once each; return the statuses. Raises NotConnected."""
        webhooks = self.take_webhooks(shuffled=shuffled, duplicated=duplicated, seed=seed)
        return send(self._known_engine(), webhooks)

    def _known_engine(self) -> Engine:
        if self._engine is None:
            raise NotConnected("The plugin does not know the engine's address.")
        return self._engine

    def _prove(self, key: str) -> tuple[bool, bool, str]:
        """Ask the engine whether it takes a key; return that, and whether it may do so later."""
        try:
            status, facts = asks_with(self._known_engine(), self._store.url, key)
        except (NotConnected, OSError) as error:
            return False, False, str(error)
        taken = is_taken(status, facts)
        return taken, not taken and is_passing(status), str(facts.get("message", ""))
