"""The secrets a stack makes for itself when nobody gave it any, each once and for us alone."""

import base64
import os
import secrets
from pathlib import Path

from embedded.errors import CannotStart
from settings import Settings


def make_data_dir(data_dir: Path) -> None:
    """Make the data folder, closed to other users, and try to write in it.

    Raises:
        CannotStart: it can't be made or written to.
    """
    probe = data_dir / f".probe-{secrets.token_hex(4)}"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"can't write to {data_dir} ({error.strerror}): "
            "set IGNY8_DATA_DIR to a folder that can be written"
        ) from None


def make_secret_key(settings: Settings) -> Path | None:
    """Write a new encryption key, unless IGNY8_SECRET_KEYS or an earlier start gave one.

    Returns:
        the key's file; None when IGNY8_SECRET_KEYS holds the keys.

    Raises:
        CannotStart: the data folder can't be written.
    """
    make_data_dir(settings.data_dir)
    if settings.secret_keys:
        return None
    path = settings.data_dir / "secret.key"
    # What Fernet.generate_key returns.
    _write_once(path, base64.urlsafe_b64encode(os.urandom(32)).decode())
    return path


def flower_credentials(settings: Settings) -> str:
    """Return Flower's `user:password`: the setting, else one made once in `flower.auth`.

    Raises:
        CannotStart: the data folder can't be written.
    """
    if given := settings.flower_basic_auth.get_secret_value():
        return given
    make_data_dir(settings.data_dir)
    path = settings.data_dir / "flower.auth"
    _write_once(path, f"igny8:{secrets.token_urlsafe(18)}")
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, text: str) -> None:
    """Make a file with this content, whole or not at all; a file that is there stays."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(descriptor)
        # A link, not a rename: of two that start at once, the second must find the first's key.
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise CannotStart(f"can't write {path}: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
