"""What a site should be, and what is remembered of one."""

import contextlib
import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from embedded.wordpress import cores
from embedded.wordpress.php import free_port

FILE = "site.json"


class NoSite(Exception):
    """There is no finished site in that folder."""


@dataclass(frozen=True)
class Blueprint:
    """What a site should be.

    `core` is a folder from `cores.fetch()`; `plugin` a folder that is copied and activated;
    `api_key` becomes the option `igny8_api_key`; `port` 0 means any free one;
    `sqlite` a drop-in from `sqlite.fetch_dropin()`, for a site without MariaDB.
    """

    core: Path
    plugin: Path | None = None
    api_key: str | None = None
    workers: int = 6
    port: int = 0
    sqlite: Path | None = None


@dataclass
class Facts:
    """What is remembered of a site, in site.json; readable by its owner only."""

    core: str
    wp_version: str
    port: int
    fixed_port: bool
    workers: int
    sqlite: str | None = None
    database_password: str = field(default_factory=lambda: secrets.token_hex(16))
    salt: str = field(default_factory=lambda: secrets.token_hex(32))
    admin_password: str = field(default_factory=lambda: secrets.token_hex(8))
    app_passwords: dict[str, str] = field(default_factory=dict)
    plugin_digest: str = ""
    api_key: str | None = None
    kept_api_key: str | None = None

    @classmethod
    def of(cls, root: Path, blueprint: Blueprint) -> "Facts":
        """Those of the site in the folder if its core is the wanted one, else fresh ones.

        Fresh ones have no Application Passwords yet.
        """
        core, version = str(blueprint.core.resolve()), cores.version(blueprint.core)
        sqlite = None if blueprint.sqlite is None else str(blueprint.sqlite.resolve())
        with contextlib.suppress(NoSite):
            known = cls.read(root)
            if (known.core, known.wp_version, known.sqlite) == (core, version, sqlite):
                return known
        port = blueprint.port or free_port()
        return cls(core, version, port, bool(blueprint.port), blueprint.workers, sqlite)

    @classmethod
    def read(cls, root: Path) -> "Facts":
        """What `write` left in a site's folder.

        Raises:
            NoSite: no site was finished there.
        """
        try:
            return cls(**json.loads((root / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise NoSite(f"no finished WordPress site in {root}") from error

    def write(self, root: Path) -> None:
        """Passwords are in it, so it is for its owner only."""
        half = root / f"{FILE}.new"
        half.touch(mode=0o600)
        half.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        half.replace(root / FILE)

    @staticmethod
    def forget(root: Path) -> None:
        """From now on the folder counts as an unfinished site."""
        (root / FILE).unlink(missing_ok=True)
