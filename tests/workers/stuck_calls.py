"""Loaded by a worker under test (`celery worker -I stuck_calls`): calls that hang while told to.

In the folder STUCK_CALLS a file `encode` makes the next encoding of a post hang, which is before
the lease is looked at; a file `send` the next request, after that look and before its deadline
begins; a file `resolve` every look-up of `localhost`. Each hangs until the file `go` is there.
"""

import json
import os
import socket
import time
from pathlib import Path

from platforms import http as room

FOLDER = Path(os.environ["STUCK_CALLS"])


def wait_for_go():
    while not (FOLDER / "go").exists():
        time.sleep(0.02)


def hang_once(name):
    try:
        (FOLDER / name).rename(FOLDER / "hanging")
    except FileNotFoundError:
        return
    wait_for_go()


def slow_dumps(value, *arguments, **words):
    if isinstance(value, dict) and "publication_key" in value:
        hang_once("encode")
    return dumps(value, *arguments, **words)


def slow_deadline(seconds):
    hang_once("send")
    return deadline(seconds)


def slow_getaddrinfo(host, *arguments, **words):
    if host == "localhost" and (FOLDER / "resolve").exists():
        (FOLDER / "hanging").touch()
        wait_for_go()
    return getaddrinfo(host, *arguments, **words)


dumps, json.dumps = json.dumps, slow_dumps
deadline, room.deadline = room.deadline, slow_deadline
getaddrinfo, socket.getaddrinfo = socket.getaddrinfo, slow_getaddrinfo
