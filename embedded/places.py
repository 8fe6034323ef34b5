"""Where a stack keeps what it writes: logs, process numbers, the broker's data."""

from dataclasses import dataclass
from pathlib import Path

LOG_LIMIT = 10 * 1024 * 1024
"""Bytes; a log that is longer at start is put aside, so that two files are kept at most."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one data folder."""

    data_dir: Path

    def make(self) -> None:
        for folder in (self.logs, self.run, self.broker):
            folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def logs(self) -> Path:
        return self.data_dir / "log"

    @property
    def run(self) -> Path:
        return self.data_dir / "run"

    @property
    def broker(self) -> Path:
        return self.data_dir / "broker"

    @property
    def lock(self) -> Path:
        return self.run / "up.lock"

    def pid(self, name: str) -> Path:
        return self.run / f"{name}.pid"

    def log(self, name: str) -> Path:
        """Return a child's log, after putting a very long one aside."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path
