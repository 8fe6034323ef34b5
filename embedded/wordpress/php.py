"""Runs PHP for a site: its web server, and scripts inside the same WordPress."""

import os
import shutil
import socket
import subprocess
import uuid
from pathlib import Path

from embedded.wordpress.processes import Account, CannotStart, Daemon, program

SOURCES = Path(__file__).parent / "php"
LIMITS = {
    "upload_max_filesize": "64M",
    "post_max_size": "72M",
    "memory_limit": "256M",
    "max_execution_time": "60",
    "log_errors": "1",
}


class PhpFailed(Exception):
    """A script ended with an error; the message holds what it printed."""


class Php:
    """PHP for the site under `root`, run by the servers' account.

    The scripts are copied beside the site, because that account may not be able to enter the
    folder this project lies in (a clone under /root, say).
    """

    def __init__(self, root: Path, account: Account) -> None:
        self.root = root
        self.account = account
        self.scripts = root / "php"
        self.program = program("php8.2") if shutil.which("php8.2") else program("php")
        self.web = Daemon(
            root / "run", "php", self.program, str(self.scripts / "router.php"), account
        )

    def bring_scripts(self) -> None:
        """Copy our scripts as they are in this checkout."""
        self.scripts.mkdir(exist_ok=True)
        self.scripts.chmod(0o755)
        for source in SOURCES.glob("*.php"):
            _put(self.scripts / source.name, source.read_text(encoding="utf-8"))

    def run(self, script: Path | str, *arguments: str, url: str, loaded: bool = True) -> str:
        """What a script prints; it finds WordPress loaded and an administrator logged in.

        `script` is a file, or PHP code that opens with "<?php". In it, `$argv[1]` is the first
        of `arguments`. With `loaded=False` it loads WordPress itself, as the installer must.

        Raises:
            PhpFailed: its exit status wasn't 0.
        """
        code = script if isinstance(script, str) else script.read_text(encoding="utf-8")
        name = "code.php" if isinstance(script, str) else script.name
        loader = [f"auto_prepend_file={self.scripts / 'load.php'}"] if loaded else []
        copy = self.scripts / f"run-{uuid.uuid4().hex}-{name}"
        _put(copy, code)
        log = self.root / "run" / "wp-debug.log"
        already = log.stat().st_size if log.exists() else 0
        try:
            done = subprocess.run(
                [*self._command("opcache.enable_cli=0", *loader), str(copy), *arguments],
                env={**os.environ, "SITE_URL": url, "SITE_FOLDER": str(self.root / "site")},
                cwd=self.root / "site",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                user=self.account.user,
                group=self.account.group,
                extra_groups=self.account.groups,
            )
        finally:
            copy.unlink()
        if done.returncode:
            # A fatal error inside WordPress is in its log and nowhere else.
            logged = log.read_bytes()[already:].decode(errors="replace") if log.exists() else ""
            said = f"{done.stdout}\n{done.stderr}\n{logged}".strip()[-2000:]
            raise PhpFailed(f"{name} ended with {done.returncode}: {said}")
        return done.stdout

    def serve(self, port: int, workers: int) -> None:
        """Have the web server running on 127.0.0.1; one that already answers there stays.

        Raises:
            CannotStart: the port is taken, or PHP didn't start.
        """
        if self.web.pids():
            if answers(port):
                return
            self.web.stop()
        if not is_free(port):
            raise CannotStart(f"port {port} is taken by another program")
        # `-q` leaves the two lines per request out of the log; errors stay in it.
        self.web.start(
            [
                *self._command("opcache.enable_cli=1", "opcache.revalidate_freq=0"),
                "-q",
                "-S",
                f"127.0.0.1:{port}",
                "-t",
                str(self.root / "site"),
                self.web.mark,
            ],
            lambda: answers(port),
            # Never fewer than two: a site that calls itself would wait for itself for ever.
            {"PHP_CLI_SERVER_WORKERS": str(max(workers, 2))},
        )

    def _command(self, *settings: str) -> list[str]:
        # A notice in the middle of a JSON answer would spoil it, so errors go to the log only.
        every = [
            "display_errors=0",
            f"sys_temp_dir={self.root / 'run' / 'tmp'}",
            *(f"{name}={value}" for name, value in LIMITS.items()),
            *settings,
        ]
        return [self.program, *(word for setting in every for word in ("-d", setting))]


def answers(port: int) -> bool:
    """Whether something listens on that port of this machine."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def is_free(port: int) -> bool:
    """Whether a server could listen on that port."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
    return port


def _put(path: Path, text: str) -> None:
    # Written beside and moved, so that a request never meets half a file.
    half = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    half.write_text(text, encoding="utf-8")
    half.chmod(0o644)
    half.replace(path)
