"""The dial: which requests go wrong, how, and how often."""

import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """What can go wrong at a site, and on the way to it."""

    # Before the work: nothing was written.
    DOWN = "down"
    RESET = "reset"
    SLOW = "slow"
    STATUS = "status"
    HTML_200 = "html_200"
    REDIRECT = "redirect"
    PLUGIN_MISSING = "plugin_missing"
    NOT_WORDPRESS = "not_wordpress"
    BEARER_REFUSED = "bearer_refused"
    # During the work.
    WRITE_FAILED = "write_failed"
    CRASH = "crash"
    # After the work: it is done, but the sender can't tell.
    LOST_ANSWER = "lost_answer"
    LATE_ANSWER = "late_answer"
    RESET_AFTER_WORK = "reset_after_work"
    HTML_200_AFTER_WORK = "html_200_after_work"
    JSON_WITHOUT_ID = "json_without_id"
    TRUNCATED_JSON = "truncated_json"
    CUT_BODY = "cut_body"
    WRONG_CONTENT_ID = "wrong_content_id"
    PLUGIN_VERSION = "plugin_version"
    DRIP_BODY = "drip_body"
    DRIP_HEADER = "drip_header"


PUBLISH = r"^/igny8/v1/publish$"

DEFAULT_PATHS = {
    Kind.DOWN: "",
    Kind.NOT_WORDPRESS: "",
    Kind.BEARER_REFUSED: "",
    Kind.PLUGIN_MISSING: r"^/igny8/v1(/|$)",
    Kind.PLUGIN_VERSION: r"^/igny8/v1/status$",
}

NONE: Mapping[str, str] = MappingProxyType({})

CRASH_PLACES = ("reserved", "draft")


@dataclass(frozen=True, slots=True)
class Fault:
    """One setting of the dial; what a kind does not use is ignored.

    ``path`` is searched in the REST route (``/igny8/v1/publish``) or else the URL's path; where it
    is left out, the kinds that concern a whole site hit everything they concern, and all others
    hit publishing. ``times`` is how often it strikes before it is used up (None: for ever); where
    there is a ``text``, it strikes only requests whose body contains that. It is counted under its
    ``label``, or else under its kind.
    """

    kind: Kind
    method: str = ".*"
    path: str | None = None
    times: int | None = None
    probability: float = 1.0
    code: int | None = None
    retry_after: str | None = None
    body: str = "html"
    seconds: float = 1.0
    bytes_per_second: float = 1.0
    location: str = "https://example.invalid/"
    version: str = "1.3.4"
    at: str = "draft"
    text: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        re.compile(self.method)
        re.compile(self.path or "")
        if self.body not in {"html", "json"} or self.at not in CRASH_PLACES:
            raise ValueError("body is html or json; at is reserved or draft")
        if self.bytes_per_second <= 0 or not 0 <= self.probability <= 1:
            raise ValueError("bytes_per_second is above 0; probability is between 0 and 1")

    def matches(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str] = NONE
    ) -> bool:
        if self.kind is Kind.BEARER_REFUSED and not headers.get("authorization"):
            return False
        wanted = self.path if self.path is not None else DEFAULT_PATHS.get(self.kind, PUBLISH)
        is_meant = re.fullmatch(self.method, method) and re.search(wanted, path)
        return bool(is_meant) and self.text.encode() in body


class FaultDial:
    """The faults that are set, in their order; the first that strikes wins. Thread-safe."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._random = Random(seed)
        self._set: list[tuple[Fault, int | None]] = []
        self._struck: Counter[str] = Counter()

    def add(self, fault: Fault | None = None, /, **fields: Any) -> Fault:
        """Set a fault, given whole or by its fields; raises ValueError or TypeError."""
        fault = fault or Fault(**fields)
        with self._lock:
            self._set.append((fault, fault.times))
        return fault

    def clear(self) -> None:
        with self._lock:
            self._set.clear()

    def remaining(self) -> list[tuple[Fault, int | None]]:
        """Return what is still set, each with how often it will yet strike."""
        with self._lock:
            return list(self._set)

    def struck(self) -> dict[str, int]:
        """Return how often each kind has struck, or each label where faults have one."""
        with self._lock:
            return dict(self._struck)

    def strike(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = NONE,
        *,
        down: bool = False,
    ) -> Fault | None:
        """Return the fault that hits this request; ``down`` asks for that kind, else the others."""
        with self._lock:
            for place, (fault, times) in enumerate(self._set):
                if (fault.kind is Kind.DOWN) is not down:
                    continue
                if not fault.matches(method, path, body, headers):
                    continue
                if self._random.random() >= fault.probability:
                    continue
                if times is not None and times <= 1:
                    del self._set[place]
                elif times is not None:
                    self._set[place] = (fault, times - 1)
                self._struck[fault.label or fault.kind.value] += 1
                return fault
        return None
