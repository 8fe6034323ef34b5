"""Secrets at rest: a column type that encrypts, and the keyed hash that finds a key again (C1)."""

import hashlib
import hmac
from functools import cache

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

import settings


class SecretUnreadable(Exception):
    """A stored secret does not decrypt: IGNY8_SECRET_KEYS lacks the key it was written with."""


def key_file_text() -> str:
    """Return the key ring that `igny8` made for a stack without IGNY8_SECRET_KEYS, or ''."""
    path = settings.current().data_dir / "secret.key"
    return path.read_text().strip() if path.is_file() else ""


@cache
def key_ring() -> tuple[str, ...]:
    """Return the Fernet keys, the first of which encrypts.

    Raises:
        SecretUnreadable: there is no key at all.
    """
    keys = tuple(key.get_secret_value() for key in settings.current().secret_keys)
    keys = keys or tuple(filter(None, key_file_text().split(",")))
    if not keys:
        raise SecretUnreadable(
            "no encryption key: set IGNY8_SECRET_KEYS, or run `igny8 up` or `igny8 db upgrade` once"
        )
    return keys


@cache
def _cipher() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in key_ring()])
    except ValueError:
        raise SecretUnreadable(
            "IGNY8_SECRET_KEYS holds something that is no key: each has 44 letters and digits"
        ) from None


def digest(secret: str) -> str:
    """Return the keyed hash by which an inbound key is looked up; the key itself is not kept.

    Keyed with the ring's last key: rotation adds keys in front, so the digests stay.
    """
    pepper = hashlib.sha256(b"igny8-digest" + key_ring()[-1].encode()).digest()
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


class Secret(TypeDecorator[str]):
    """Text that is encrypted in the database and plain in Python."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _cipher().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        try:
            return _cipher().decrypt(value.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable(
                "a stored site key can't be decrypted: IGNY8_SECRET_KEYS lacks its key"
            ) from None


def masked(secret: str) -> str:
    """Return what may be shown of a key after it was given out: its start and last four."""
    return f"{secret[:11]}…{secret[-4:]}" if len(secret) > 20 else "…"  # noqa: PLR2004
