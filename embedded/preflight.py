"""What is looked at before anything is started, so that a fault has one clear line."""

import errno
import fcntl
import os
import socket
from typing import IO

from embedded import broker
from embedded.errors import CannotStart
from embedded.flower import FLOWER_HOST
from embedded.places import Places
from settings import Settings


def take_lock(places: Places) -> IO[str]:
    """Hold the data folder until the file is closed, also by our death.

    Raises:
        CannotStart: another stack holds it.
    """
    file = places.lock.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "?"
        file.close()
        raise CannotStart(
            f"igny8 is running already on {places.data_dir} (process {holder}): "
            "stop it, or set IGNY8_DATA_DIR to another folder"
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def check_ports(settings: Settings) -> None:
    """Try each address the stack will listen on.

    Raises:
        CannotStart: one can't be used; the message names its variable.
    """
    wanted = [
        ("PORT", settings.host, settings.port),
        ("FLOWER_PORT", FLOWER_HOST, settings.flower_port),
    ]
    if settings.uses_embedded_broker:
        wanted.append(("IGNY8_BROKER_PORT", broker.HOST, settings.broker_port))
    names: dict[int, str] = {}
    for name, host, port in wanted:
        if port in names:
            raise CannotStart(f"{names[port]} and {name} are both {port}: change one of them")
        names[port] = name
        _check_port(name, host, port)


def _check_port(name: str, host: str, port: int) -> None:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As servers do: a port whose last connection has just closed is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise CannotStart(f"{host} is no address of this machine: change HOST") from None
    except OSError as error:
        raise CannotStart(_refusal(error, name, host, port)) from None


def _refusal(error: OSError, name: str, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what uses it, or set {name} to another port"
    if error.errno == errno.EACCES:
        return f"port {port} may be opened by root only: set {name} to one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: change HOST"
    return f"can't listen on {host}:{port} ({error.strerror}): change {name}"
