"""Certificates a site may show: a good one, and those that nobody should trust."""

import datetime as dt
import ssl
from pathlib import Path

import certifi
import trustme

HOST = "127.0.0.1"
BROKEN = ("expired", "self_signed", "wrong_name")


class Certificates:
    """An authority of our own; ``bundle`` is the file of roots of those who trust it."""

    def __init__(self, folder):
        self._authority = trustme.CA()
        self.bundle = Path(folder) / "roots.pem"
        ours = self._authority.cert_pem.bytes()
        self.bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + ours)

    def context(self, kind="good"):
        """Return what a server of 127.0.0.1 presents itself with: good, or one of BROKEN."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._issue(kind).configure_cert(made)
        return made

    def _issue(self, kind):
        if kind == "self_signed":
            return trustme.CA().issue_cert(HOST)
        if kind == "wrong_name":
            return self._authority.issue_cert("elsewhere.example")
        if kind == "expired":
            ended = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
            return self._authority.issue_cert(HOST, not_after=ended)
        return self._authority.issue_cert(HOST)
