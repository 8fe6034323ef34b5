"""The dial of the fault proxy: which requests go wrong, how, and how often."""

import re
import threading
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from random import Random

PUBLISH = r"/igny8/v1/publish(\?|&|$)"
ANY = ""


class Kind(StrEnum):
    # The site never sees the request.
    RESET = "reset"
    STATUS = "status"
    REDIRECT = "redirect"
    # The site sees it, perhaps long after the sender has gone.
    DELAY = "delay"
    # The site carries it out; the sender can't tell.
    RESET_AFTER_SEND = "reset_after_send"
    LOST_ANSWER = "lost_answer"
    LATE_ANSWER = "late_answer"
    HTML_200 = "html_200"
    TRUNCATED_JSON = "truncated_json"
    CUT_BODY = "cut_body"
    DRIP_HEAD = "drip_head"
    DRIP_BODY = "drip_body"


@dataclass(frozen=True)
class Fault:
    """One setting of the dial. ``path`` is searched in the decoded target (default: publishing);
    ``times`` is how often it strikes before it is used up (None: for ever). It is counted under its
    ``label``, or else under its kind."""

    kind: Kind
    path: str = PUBLISH
    method: str = ".*"
    probability: float = 1.0
    times: int | None = None
    seconds: float = 1.0
    code: int = 503
    retry_after: str | None = None
    location: str = "http://127.0.0.1:1/"
    bytes_per_second: float = 1.0
    label: str = ""

    def matches(self, request):
        return bool(
            re.fullmatch(self.method, request.method) and re.search(self.path, request.decoded)
        )


class Dial:
    """The faults that are set, in their order; the first that strikes wins. Safe to share."""

    def __init__(self, seed=0):
        self._lock = threading.Lock()
        self._random = Random(seed)
        self._faults = []
        self.struck = Counter()

    def add(self, kind, **fields):
        fault = Fault(Kind(kind), **fields)
        with self._lock:
            self._faults.append([fault, fault.times])
        return fault

    def clear(self):
        with self._lock:
            self._faults.clear()

    def strike(self, request):
        """Return the fault that hits this request, or None."""
        with self._lock:
            for entry in self._faults:
                fault, left = entry
                if left == 0 or not fault.matches(request):
                    continue
                if self._random.random() >= fault.probability:
                    continue
                if left is not None:
                    entry[1] = left - 1
                self.struck[fault.label or fault.kind.value] += 1
                return fault
        return None
