"""TLS between us and the broker: what both must agree upon, and no patience mends."""

import socket
import ssl
from collections.abc import Iterator

from kombu import Connection

PATIENCE = 1.0
"""Seconds for each look at a port: a start that is refused is refused within ten."""

SPEAK = {"redis", "rediss", "amqp", "amqps", "pyamqp"}
"""Schemes whose server is known by its first byte."""

CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""A server that goes away in the middle will be back."""


def tls_fault(broker: Connection, error: BaseException) -> str | None:
    """Return how a broker that failed with ``error`` and we differ in TLS, or None."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate can't be trusted: {cause.verify_message}"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return None  # nobody is there
    at, scheme = broker.info(), str(broker.transport_cls)
    wanted = bool(broker.ssl) or scheme == "amqps"
    spoken = speaks_tls(at["hostname"], at["port"]) if scheme in SPEAK else None
    if spoken is not None and spoken is not wanted:
        return "its port speaks TLS and the URL doesn't" if spoken else "its port speaks no TLS"
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, CUT_OFF):
            return f"TLS with it fails: {cause.reason or cause}"
    return None


def speaks_tls(host: str, port: int) -> bool | None:
    """Return whether a broker's port speaks TLS; None when it says nothing."""
    try:
        with socket.create_connection((host, port), PATIENCE) as plain:
            # Redis takes it for a question, and RabbitMQ for nonsense: both answer in plain text.
            plain.sendall(b"PING\r\n")
            if plain.recv(1) in {b"+", b"-", b"A"}:
                return False
    except OSError:
        pass  # a server of TLS breaks off, too
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), PATIENCE) as opened,
            unchecked.wrap_socket(opened),
        ):
            return True
    except OSError:
        return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
