"""A platform that is watched: what a batch shows of its site, and when it must stop."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from pipeline import pacing
from pipeline.errors import PublishError, SitePaused
from pipeline.pacing import Call, Limits, Pace, Signs
from pipeline.settling import Said
from platforms.base import Collection, Exchange, Page, Platform, RemotePost, SiteStatus, Upload
from tasks import leaving

Answered = TypeVar("Answered")


class Watched:
    """Passes everything on to a platform, until its site has had enough. Safe to share by threads.

    Each request raises SitePaused, and sends nothing, once the site's breaker is open, or the
    site has asked us to wait, or the item is a retry and the site has had its share of those; or
    once this process is to end.
    """

    def __init__(
        self, platform: Platform, pace: Pace, retried: AbstractSet[str], limits: Limits
    ) -> None:
        self.signs = Signs(failures=pace.failures)
        self._platform = platform
        self._pace = pace
        self._retried = retried
        self._limits = limits
        self._lock = threading.Lock()

    @property
    def exchanges(self) -> list[Exchange]:
        return self._platform.exchanges

    def status(self) -> SiteStatus:
        return self._watch(self._platform.status)

    def try_writing(self) -> None:
        self._watch(self._platform.try_writing)

    def structure(self) -> Any:
        return self._watch(self._platform.structure)

    def collection(self, name: str) -> Collection:
        return self._watch(lambda: self._platform.collection(name))

    def find_posts(self, keys: Sequence[str]) -> dict[str, RemotePost]:
        return self._watch(lambda: self._platform.find_posts(keys))

    def post_states(self, posts: Mapping[str, str]) -> dict[str, Said]:
        return self._watch(lambda: self._platform.post_states(posts))

    def list_posts(self, after: str) -> Page:
        return self._watch(lambda: self._platform.list_posts(after))

    def find_media(self, hashes: Sequence[str]) -> dict[str, str]:
        return self._watch(lambda: self._platform.find_media(hashes))

    def upload(self, upload: Upload) -> str:
        return self._watch(lambda: self._platform.upload(upload))

    def publish(self, payload: Mapping[str, Any]) -> RemotePost:
        retry = payload["publication_key"] in self._retried
        if retry:
            self._spend_retry()
        return self._watch(lambda: self._platform.publish(payload), post=True, retry=retry)

    def _spend_retry(self) -> None:
        with self._lock:
            if pacing.retries_left(self._pace, self.signs) > 0:
                return
        left = self._pace.window_left
        wait = left if left is not None and left > 0 else self._limits.pause
        raise SitePaused("the site has had its share of retries for now", wait=wait)

    def _watch(
        self, call: Callable[[], Answered], *, post: bool = False, retry: bool = False
    ) -> Answered:
        if leaving.is_told():
            raise SitePaused("the worker was told to stop, and gives back what it had not sent")
        with self._lock:
            reason = pacing.why_stop(self._pace, self.signs, self._limits)
        if reason:
            raise SitePaused(reason)
        began = time.monotonic()
        try:
            answer = call()
        except PublishError as error:
            self._note(Call(time.monotonic() - began, error, post=post, retry=retry))
            raise
        self._note(Call(time.monotonic() - began, post=post, retry=retry))
        return answer

    def _note(self, call: Call) -> None:
        with self._lock:
            self.signs = pacing.noted(self.signs, call)
