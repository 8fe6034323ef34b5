"""Loaded by a worker under test (`celery worker -I stuck_calls`): calls that hang while told to.

In the folder STUCK_CALLS a file `encode` makes the next encoding of a post hang, which is after the
lease was looked at and before the deadline begins; a file `resolve` makes every look-up of
`localhost` hang. Each hangs until the file `go` is there.
"""

import json
import os
import socket
import time
from pathlib import Path

FOLDER = Path(os.environ["STUCK_CALLS"])


def wait_for_go():
    while not (FOLDER / "go").exists():
        time.sleep(0.02)


def slow_dumps(value, *arguments, **words):
    if isinstance(value, dict) and "publication_key" in value:
        try:
            (FOLDER / "encode").rename(FOLDER / "hanging")
        except FileNotFoundError:
            pass
        else:
            wait_for_go()
    return dumps(value, *arguments, **words)


def slow_getaddrinfo(host, *arguments, **words):
    if host == "localhost" and (FOLDER / "resolve").exists():
        (FOLDER / "hanging").touch()
        wait_for_go()
    return getaddrinfo(host, *arguments, **words)


dumps, json.dumps = json.dumps, slow_dumps
getaddrinfo, socket.getaddrinfo = socket.getaddrinfo, slow_getaddrinfo
