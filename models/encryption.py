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
    """Secrets can't be read: there is no usable key ring."""


class SecretDamaged(SecretUnreadable):
    """This one can't be: it was written with a key that the ring lacks, or for another row."""


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


def key_faults() -> list[str]:
    """Return a line for everything that is wrong with the key ring, without showing a key."""
    try:
        ring = key_ring()
    except (SecretUnreadable, OSError) as error:
        return [str(error)]
    faults = []
    for place, key in enumerate(ring, 1):
        try:
            Fernet(key)
        except ValueError:
            faults.append(f"encryption key {place} is no key: each has 44 letters and digits")
        if key in ring[: place - 1]:
            faults.append(f"encryption key {place} is there twice")
    return faults


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


def seal(secret: str, owner: str) -> str:
    """Return the ciphertext of a secret that belongs to the row ``owner``."""
    return _cipher().encrypt(f"{owner}{_BETWEEN}{secret}".encode()).decode()


def unseal(stored: str, owner: str) -> str:
    """Return the secret that was sealed for ``owner``.

    Fernet has no associated data: a ciphertext that was copied to another row would decrypt
    there, and one site's key would be sent to another site.

    Raises:
        SecretDamaged: the ring lacks its key, or it was sealed for another row.
    """
    named, found, secret = _decrypted(stored).partition(_BETWEEN)
    if not found or named != owner:
        raise SecretDamaged(f"the key stored with {owner} was not stored for it")
    return secret


_BETWEEN = "\x1f"
"""Between owner and secret: neither holds it."""


def _decrypted(stored: str) -> str:
    try:
        return _cipher().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise SecretDamaged(
            "a stored site key can't be decrypted: IGNY8_SECRET_KEYS lacks its key"
        ) from None


def renewed(stored: str) -> str | None:
    """Return a ciphertext as the ring's first key writes it; None where it has done so already.

    Raises:
        SecretDamaged: the ring lacks its key.
    """
    try:
        Fernet(key_ring()[0]).decrypt(stored.encode())
    except InvalidToken:
        pass
    else:
        return None
    try:
        return _cipher().rotate(stored.encode()).decode()
    except InvalidToken:
        raise SecretDamaged("a stored secret lacks its key in IGNY8_SECRET_KEYS") from None


class Secret(TypeDecorator[str]):
    """Text that is encrypted in the database and plain in Python."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _cipher().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _decrypted(value)


def masked(secret: str) -> str:
    """Return what may be shown of a key after it was given out: its start and last four."""
    return f"{secret[:11]}…{secret[-4:]}" if len(secret) > 20 else "…"  # noqa: PLR2004
