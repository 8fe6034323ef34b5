"""A webhook's signature, checked as Standard Webhooks has it, and nothing else let through.

The package of that name reads a clock of its own, raises four kinds of errors at malformed headers
and takes fractional times and any number of signatures.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

TOLERANCE = 300
"""Seconds that the sender's clock may be off, or the message on its way."""

MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
TIMESTAMP = re.compile(r"[0-9]{10}")
SIGNATURES = re.compile(r"[a-z0-9]+,[A-Za-z0-9+/]+={0,2}( [a-z0-9]+,[A-Za-z0-9+/]+={0,2}){0,4}")
"""One to five, of any version; only `v1` is compared."""

LONGEST_SIGNATURES = 1024
PREFIX = "whsec_"
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
"""Bytes."""


class SignatureRefused(Exception):
    """These headers prove nothing about this body. The message is for the sender's developer."""


@dataclass(frozen=True, slots=True)
class SignatureHeaders:
    """`webhook-id`, `webhook-timestamp` and `webhook-signature` as they came; None: missing."""

    message_id: str | None
    timestamp: str | None
    signatures: str | None

    @property
    def present(self) -> bool:
        """Whether the sender claims to sign."""
        return (self.message_id, self.timestamp, self.signatures) != (None, None, None)


def verify(headers: SignatureHeaders, body: bytes, secret: str, present: float) -> datetime:
    """Return when the message was signed; ``present`` is the time in Unix seconds.

    Raises:
        SignatureRefused: the headers are malformed, too old or too new, or signed with another
            secret or for another body.
    """
    message_id, timestamp = headers.message_id or "", headers.timestamp or ""
    signatures = headers.signatures or ""
    if not MESSAGE_ID.fullmatch(message_id):
        raise SignatureRefused("webhook-id is 1 to 128 letters, digits and any of . _ -")
    if not TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused("webhook-timestamp is a whole number of Unix seconds")
    if len(signatures) > LONGEST_SIGNATURES or not SIGNATURES.fullmatch(signatures):
        raise SignatureRefused("webhook-signature is one to five of `v1,` and base64")
    if abs(present - int(timestamp)) > TOLERANCE:
        raise SignatureRefused("webhook-timestamp is more than five minutes from our clock")
    wanted = signature(message_id, timestamp, body, secret)
    fits = [hmac.compare_digest(wanted, one) for one in signatures.split(" ")]
    if not any(fits):
        raise SignatureRefused("no signature fits: register the plugin again for its secret")
    return datetime.fromtimestamp(int(timestamp), UTC)


def signature(message_id: str, timestamp: str, body: bytes, secret: str) -> str:
    """Return `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, joined by dots.

    The id may hold dots: ten digits and the brace that begins a body tell where each part ends.

    Raises:
        SignatureRefused: the secret is none of ours.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    found = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(found).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise SignatureRefused("the site has no usable secret: register the plugin again")
    return key
