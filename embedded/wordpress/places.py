"""Where cores and sites are kept: outside any home, where the servers' account can go."""

import contextlib
import os
from pathlib import Path


def own_folder() -> Path:
    """This user's folder under /var/tmp, made when it isn't there.

    A clone under /root is closed to the servers' account, and unlike /tmp this place outlives
    a restart of the machine, so that a second demo finds its site again.

    Raises:
        PermissionError: somebody else owns that folder or may write to it.
    """
    own = Path(f"/var/tmp/igny8-{os.geteuid()}")  # noqa: S108 - ownership is checked below
    with contextlib.suppress(FileExistsError):
        own.mkdir(mode=0o755)
        own.chmod(0o755)  # also under a umask that closes it
    about = own.lstat()
    if own.is_symlink() or about.st_uid != os.geteuid() or about.st_mode & 0o022:
        raise PermissionError(f"{own} isn't ours alone, so nothing in it can be trusted")
    return own


def default_cache() -> Path:
    """Where fetched cores are kept; see `own_folder`."""
    return own_folder() / "wordpress-cores"


def default_root(name: str) -> Path:
    """Where a site of that name is kept; see `own_folder`."""
    sites = own_folder() / "sites"
    sites.mkdir(exist_ok=True)
    sites.chmod(0o755)
    return sites / name
