"""The children's logs on one stream, each line with its name; files, not pipes, lie between."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


class Follower:
    """A thread that says what is added to log files.

    A child writes to its own file, so that it can go on writing when we are gone.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._files: dict[str, BinaryIO] = {}
        self._rest: dict[str, bytes] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)

    def add(self, name: str, path: Path) -> None:
        """Follow one more file, from its present end."""
        path.touch()
        file = path.open("rb")
        file.seek(0, 2)
        self._rest[name] = b""
        self._files[name] = file
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """Say what is left and end."""
        if not self._thread.is_alive():
            return
        self._ended.set()
        self._thread.join()
        self._read()
        for file in self._files.values():
            file.close()

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            self._read()

    def _read(self) -> None:
        for name, file in list(self._files.items()):
            *lines, self._rest[name] = (self._rest[name] + file.read()).split(b"\n")
            for line in lines:
                self._say(f"{name:8}| {line.decode(errors='replace')}")
