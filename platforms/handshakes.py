"""A connection to a site layer by layer: name, port, TLS; for telling which of them fails."""

import socket
import ssl
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

import certifi

import settings
from pipeline.diagnosis import Facts
from pipeline.site_urls import BadSiteUrl, normalise_site_url
from platforms.addresses import Address, AddressRefused, resolve
from platforms.deadlines import deadline, time_left, watch_connection

PORTS = {"http": 80, "https": 443}

NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

CERTIFICATE_FAULTS = {
    10: "expired",
    18: "self_signed",
    19: "self_signed",
    20: "unknown_issuer",
    21: "unknown_issuer",
    62: "wrong_name",
    64: "wrong_name",
}
"""OpenSSL's X509_V_ERR numbers."""


class _Connection:
    """What the deadline shuts when a peer drips its handshake."""

    def __init__(self) -> None:
        self.sock: socket.socket | None = None


def probe_network(site_url: str) -> Facts:
    """Return the facts of the layers address to tls; the later ones are None after a fault."""
    try:
        parts = urlsplit(normalise_site_url(site_url))
    except BadSiteUrl:
        return Facts(address_fault="bad_address")
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    uses_tls = parts.scheme == "https"
    with deadline(settings.current().total_timeout):
        try:
            allowed = settings.current().allowed_private_hosts
            addresses = list(resolve(host, port, allowed))
        except AddressRefused:
            return Facts(address_fault="private")
        except UnicodeError:
            return Facts(address_fault="bad_address")
        except OSError as error:
            return Facts(address_fault="", dns_fault=_dns_fault(error))
        found = Facts(address_fault="", dns_fault="", uses_tls=uses_tls)
        sock, fault = _connect(addresses)
        if sock is None:
            return replace(found, tcp_fault=fault)
        with closing(sock):
            tls_fault = _tls_fault(sock, host) if uses_tls else None
    return replace(found, tcp_fault="", tls_fault=tls_fault)


def _dns_fault(error: OSError) -> str:
    known = isinstance(error, socket.gaierror) and error.errno in NO_SUCH_NAME
    return "unknown_name" if known else "no_answer"


def _connect(addresses: list[Address]) -> tuple[socket.socket | None, str]:
    """Return a connection to the first address that takes one, or why none did."""
    fault = "timeout"
    for family, address in addresses:
        if (left := time_left()) <= 0:
            break
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(min(left, settings.current().connect_timeout))
        try:
            sock.connect(address)
        except TimeoutError:
            fault = "timeout"
        except ConnectionRefusedError:
            fault = "refused"
        except OSError:
            fault = "other"
        else:
            return sock, ""
        sock.close()
    return None, fault


def _tls_fault(sock: socket.socket, host: str) -> str:
    """Return what is wrong with the handshake, "" where it is fine; the socket is used up."""
    context = ssl.create_default_context(cafile=certifi.where())  # what `requests` trusts, too
    connection = _Connection()
    connection.sock = sock
    try:
        watch_connection(connection)
        with context.wrap_socket(sock, server_hostname=host):
            return ""
    except ssl.SSLCertVerificationError as error:
        return CERTIFICATE_FAULTS.get(error.verify_code, "other")
    except (ssl.SSLError, OSError):
        return "no_handshake"
