"""A batch's lease while its site is slow: prolonged in time, and noticed when it is lost."""

import threading
import time

import settings
from models.publishing.claiming import renew_lease
from models.session import session_scope


class LeaseLost(Exception):
    """Somebody else has the batch now; whatever we would write changes nothing."""


class Lease:
    """Keeps a batch ours for longer than the next request can take. Safe to share by threads."""

    def __init__(self, batch_id: int, until: float) -> None:
        """``until``: when it ends, on this process's monotonic clock."""
        self._batch_id = batch_id
        self._until = until
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Make sure that a request begun now ends under the lease.

        Raises:
            LeaseLost: it can't be prolonged, because the batch is not ours any more.
        """
        known = settings.current()
        with self._lock:
            margin = (known.lease - known.total_timeout) / 2
            if self._until - time.monotonic() > known.total_timeout + margin:
                return
            began = time.monotonic()
            with session_scope() as session:
                if not renew_lease(session, self._batch_id, known.lease):
                    raise LeaseLost
            self._until = began + known.lease
