"""Fetches WordPress cores of Debian's suites with apt's own client, and installs nothing.

apt checks the archive's signature, so what we unpack is what Debian published.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from embedded.wordpress.places import default_cache

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Debian's WordPress links to these libraries in place of holding them.
LIBRARIES = re.compile(r"\b(php-getid3|libphp-[a-z0-9-]+|libjs-[a-z0-9-]+)")
SUITE = re.compile(r"[a-z][a-z0-9-]*")


class CannotFetch(Exception):
    """A core can't be had here; the message says why, for a person."""


def fetch(suite: str, cache: Path | None = None) -> Path:
    """The folder of a suite's unpacked WordPress; see `fetch_many`."""
    return fetch_many([suite], cache)[suite]


def fetch_many(suites: Sequence[str], cache: Path | None = None) -> dict[str, Path]:
    """Each suite's unpacked WordPress core; those not yet in the cache come with one apt update.

    Any number of processes may ask at once: one fetches, the others wait and find it there.
    What is cached stays as it is, also when the suite has moved on.

    Raises:
        CannotFetch: not Debian, no such suite, or the mirror didn't answer.
    """
    place = default_cache() if cache is None else cache
    for suite in suites:
        if not SUITE.fullmatch(suite):
            raise CannotFetch(f"{suite!r} isn't the name of a Debian suite")
    if _missing(place, suites):
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)
        with locked(place / "lock"):
            if missing := _missing(place, suites):  # nobody brought them while we waited
                _fetch(place, missing)
    return {suite: place / suite for suite in suites}


def version(core: Path) -> str:
    """The version a core says it is, like "6.8.2".

    Raises:
        CannotFetch: there is no WordPress in that folder.
    """
    try:
        text = (core / "wp-includes" / "version.php").read_text(encoding="utf-8")
    except OSError as error:
        raise CannotFetch(f"no WordPress in {core}") from error
    found = re.search(r"^\$wp_version = '([^']+)';", text, re.MULTILINE)
    if found is None:
        raise CannotFetch(f"{core} doesn't say which WordPress it is")
    return found[1]


def _missing(place: Path, suites: Sequence[str]) -> list[str]:
    return [suite for suite in suites if not (place / suite).is_dir()]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only process in here; the kernel lets go of it when a process dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(place: Path, suites: Sequence[str]) -> None:
    if shutil.which("apt-get") is None or not KEYRING.exists():
        raise CannotFetch("WordPress cores come from Debian's archive, and this isn't Debian")
    # 60 MB of package lists are of no use afterwards, so they live and die in here.
    with tempfile.TemporaryDirectory(prefix=".apt-", dir=place) as scratch:
        apt = _Apt(Path(scratch), suites)
        apt.run("apt-get", "update", "-qq")
        for suite in suites:
            _unpack(apt, place, suite)


def _unpack(apt: "_Apt", place: Path, suite: str) -> None:
    about = apt.run("apt-cache", "show", "--no-all-versions", f"wordpress/{suite}")
    depends = re.search(r"^Depends: (.*)$", about, re.MULTILINE)
    names = {"wordpress", *LIBRARIES.findall(depends[1] if depends else "")}
    packages = apt.scratch / suite / "deb"
    packages.mkdir(parents=True)
    apt.run(
        "apt-get", "download", "-qq", *(f"{name}/{suite}" for name in sorted(names)), cwd=packages
    )
    tree = apt.scratch / suite / "tree"
    for package in sorted(packages.glob("*.deb")):
        apt.run("dpkg-deb", "-x", str(package), str(tree))
    whole = apt.scratch / suite / "whole"
    # The links are relative to the common root: copied as files, the core needs nothing else.
    # Those that point into /etc are Debian's own configuration, which we replace anyway.
    shutil.copytree(tree / "usr/share/wordpress", whole, ignore_dangling_symlinks=True)
    for name in ("wp-config.php", ".htaccess"):
        (whole / name).unlink(missing_ok=True)
    version(whole)
    whole.rename(place / suite)


class _Apt:
    """apt with private lists of the wanted suites, apart from the machine's own."""

    def __init__(self, scratch: Path, suites: Sequence[str]) -> None:
        self.scratch = scratch
        mirror = self._mirror()
        for folder in ("lists/partial", "cache/archives/partial", "sources"):
            (scratch / folder).mkdir(parents=True)
        (scratch / "sources/suites.sources").write_text(
            f"Types: deb\nURIs: {mirror}\nSuites: {' '.join(suites)}\n"
            f"Components: main\nSigned-By: {KEYRING}\n",
            encoding="utf-8",
        )
        self._config = scratch / "apt.conf"
        self._config.write_text(
            'Dir::Etc::sourcelist "/dev/null";\n'
            f'Dir::Etc::sourceparts "{scratch}/sources";\n'
            f'Dir::State::lists "{scratch}/lists";\n'
            f'Dir::Cache "{scratch}/cache";\n'
            'APT::Sandbox::User "root";\n'  # the user _apt can't enter a private folder
            'Acquire::Languages "none";\n'
            # A mirror that lags serves lists of a moving suite past their date. Their signature
            # is checked all the same, and nothing of them is installed.
            'Acquire::Check-Valid-Until "false";\n',
            encoding="utf-8",
        )

    def _mirror(self) -> str:
        listed = self.run(
            "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"
        )
        # The security archive holds fixes only; the other suites are beside the main one.
        mirrors = [uri for uri in listed.splitlines() if "security" not in uri]
        if not mirrors:
            raise CannotFetch("apt knows no Debian mirror on this machine")
        return mirrors[0]

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """The command's output, with these lists once they are set up."""
        config = getattr(self, "_config", None)
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **({"APT_CONFIG": str(config)} if config else {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-3:])
            raise CannotFetch(f"{' '.join(command[:2])} failed: {last}")
        return done.stdout
