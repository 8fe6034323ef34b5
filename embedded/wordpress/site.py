"""One WordPress site on this machine: made, started, put back, stopped."""

import contextlib
import json
import shutil
from pathlib import Path

from embedded.wordpress import tree
from embedded.wordpress.cores import locked
from embedded.wordpress.facts import Blueprint, Facts
from embedded.wordpress.mariadb import MariaDB
from embedded.wordpress.php import SOURCES, Php, free_port
from embedded.wordpress.processes import Account, CannotStart
from embedded.wordpress.sqlite import SQLite

LOCK = "igny8-wordpress.lock"


class WordPressSite:
    """A real WordPress under one folder, with its own database and web server on 127.0.0.1.

    The servers are in sessions of their own and live on when this process ends; the next
    `start()` takes them over, `stop()` ends them. No two processes work on one site at once.
    """

    def __init__(self, root: Path, facts: Facts) -> None:
        account = Account.of_servers()
        self.root = root
        self.facts = facts
        self.database: MariaDB | SQLite = (
            MariaDB(root, account)
            if facts.sqlite is None
            else SQLite(root, Path(facts.sqlite), account)
        )
        self._account = account
        self._php = Php(root, account)

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://127.0.0.1:{self.facts.port}"

    @property
    def wp_version(self) -> str:
        return self.facts.wp_version

    @property
    def admin_password(self) -> str:
        """Of the login `admin`, and of `editor`, `author` and `subscriber` too."""
        return self.facts.admin_password

    @property
    def app_password(self) -> str:
        """The Application Password of `admin`."""
        return self.facts.app_passwords["admin"]

    @property
    def app_passwords(self) -> dict[str, str]:
        """Application Passwords by login: admin, editor, author, subscriber."""
        return self.facts.app_passwords

    @property
    def folder(self) -> Path:
        """WordPress's own folder."""
        return self.root / "site"

    @property
    def debug_log(self) -> Path:
        """WordPress's notices and warnings since the last `reset()`; absent without any."""
        return self.root / "run" / "wp-debug.log"

    @property
    def running(self) -> bool:
        return bool(self._php.web.pids() and self.database.running)

    @classmethod
    def up(cls, root: Path, blueprint: Blueprint) -> "WordPressSite":
        """Have a running site as the blueprint says, new or the one that is there.

        A site of the same core is kept with its data. If its plugin has changed, the new one is
        activated on a WordPress that is empty again, as on a site that first meets it.

        Raises:
            CannotStart: a program is missing, a folder closed, a port taken, or root holds
                something that isn't a site.
            PhpFailed: WordPress or the plugin refused.
        """
        root = root.resolve()
        _claim(root)
        with locked(root / LOCK):
            site = cls(root, Facts.of(root, blueprint))
            site._bring_up(blueprint)
        return site

    @classmethod
    def load(cls, root: Path) -> "WordPressSite":
        """The site that was made there; it isn't started.

        Raises:
            NoSite: none was, or it wasn't finished.
        """
        root = root.resolve()
        return cls(root, Facts.read(root))

    @staticmethod
    def halt(root: Path) -> None:
        """End whatever still runs for that folder, be the site finished, broken or deleted."""
        root, account = root.resolve(), Account.of_servers()
        Php(root, account).web.stop()
        MariaDB(root, account).stop()

    def start(self) -> None:
        """Have both servers running; a port that was taken meanwhile is exchanged.

        Raises:
            CannotStart: a server didn't come up, or the port asked for is taken.
        """
        with locked(self.root / LOCK):
            self._start()

    def stop(self) -> None:
        """End the servers, also those an earlier process left behind."""
        with locked(self.root / LOCK):
            self._stop()

    def reset(self) -> None:
        """Put posts, options, users and uploads back as they were after `up`.

        Files of plugins stay as they are; what they wrote into `wp-content/uploads` goes.
        """
        with locked(self.root / LOCK):
            self.database.start()
            self._put_back("wp_after_up")
            if self.facts.api_key != self.facts.kept_api_key:
                self._set_key()

    def remove(self) -> None:
        """Stop the site and delete its folder."""
        self.stop()
        shutil.rmtree(self.root)

    def php(self, script: Path | str, *arguments: str) -> str:
        """What a PHP file, or code opening with "<?php", prints inside this WordPress.

        WordPress is loaded and the administrator logged in; `$argv[1]` is the first argument.

        Raises:
            PhpFailed: its exit status wasn't 0.
        """
        return self._php.run(script, *arguments, url=self.url)

    def sql(self, text: str) -> str:
        """Run statements on the site's database; rows come as lines of tab-separated values.

        Raises:
            ValueError: the server refused a statement.
        """
        return self.database.sql(text)

    def _bring_up(self, blueprint: Blueprint) -> None:
        with contextlib.ExitStack() as undo:
            undo.callback(self._stop)  # half a site must not keep servers running
            self._php.bring_scripts()
            if not self.facts.app_passwords:
                self._make()
            tree.dress(self.folder, self._account)
            self._follow(blueprint)
            undo.pop_all()

    def _make(self) -> None:
        tree.check_reachable(self.root, self._account)
        self._stop()  # what an unfinished or another site left here
        for path in self.root.iterdir():
            if path.name != LOCK:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        run = self.root / "run"
        (run / "tmp").mkdir(parents=True)
        run.chmod(0o700)
        self._account.own(run)
        self._php.bring_scripts()
        tree.lay_out(self.folder, Path(self.facts.core), self._account)
        self.database.create(self.facts.database_password)
        self._write_config()
        passwords = self._php.run(
            SOURCES / "install.php", self.facts.admin_password, url=self.url, loaded=False
        )
        self.facts.app_passwords = json.loads(passwords)
        self.database.keep("wp_empty")
        self.database.keep("wp_after_up")

    def _follow(self, blueprint: Blueprint) -> None:
        """Bring a site that is there to what the blueprint asks for, and start it."""
        wanted_port = blueprint.port or self.facts.port
        if (self.facts.port, self.facts.workers) != (wanted_port, blueprint.workers):
            self._php.web.stop()
        self.facts.port = wanted_port
        self.facts.fixed_port = bool(blueprint.port)
        self.facts.workers = blueprint.workers
        self.database.start()
        self._write_config()
        plugin = None if blueprint.plugin is None else blueprint.plugin.resolve()
        if self.facts.plugin_digest != tree.digest(plugin):
            self._exchange_plugin(plugin, blueprint.api_key)
        elif blueprint.api_key not in {None, self.facts.api_key}:
            self.facts.api_key = blueprint.api_key
            self._set_key()
        self._start()

    def _exchange_plugin(self, plugin: Path | None, api_key: str | None) -> None:
        self._php.web.stop()
        # Until it is all done the site counts as unfinished, so that a crash starts over.
        Facts.forget(self.root)
        self._put_back("wp_empty")
        tree.empty(self.folder / "wp-content" / "plugins")
        if plugin is not None:
            tree.copy_plugin(plugin, self.folder, self._account)
            self.php(SOURCES / "activate.php", tree.plugin_file(plugin))
        self.facts.api_key = self.facts.kept_api_key = api_key
        self._set_key()
        self.database.keep("wp_after_up")
        self.facts.plugin_digest = tree.digest(plugin)

    def _set_key(self) -> None:
        if self.facts.api_key is not None:
            self.php(SOURCES / "set-key.php", self.facts.api_key)

    def _put_back(self, name: str) -> None:
        self.database.put_back(name)
        tree.empty(self.folder / "wp-content" / "uploads")
        self.debug_log.unlink(missing_ok=True)

    def _start(self) -> None:
        self.database.start()
        for _ in range(3):
            try:
                self._php.serve(self.facts.port, self.facts.workers)
                break
            except CannotStart:
                if self.facts.fixed_port:
                    raise
                self.facts.port = free_port()
                self._write_config()
        else:
            raise CannotStart(f"no web server on any port; see {self._php.web.log}")
        self.facts.write(self.root)

    def _stop(self) -> None:
        self._php.web.stop()
        self.database.stop()

    def _write_config(self) -> None:
        values = {
            "DB_PASSWORD": self.facts.database_password,
            "DB_HOST": self.database.address,
            "SALT": self.facts.salt,
            "URL": self.url,
            "DEBUG_LOG": str(self.debug_log),
        }
        tree.write_config(self.folder, values, self._account)


def _claim(root: Path) -> None:
    """Make the folder ours; one with other things in it is left alone."""
    root.mkdir(parents=True, exist_ok=True)
    if not (root / LOCK).exists():
        if any(root.iterdir()):
            raise CannotStart(f"{root} holds something that isn't a WordPress site of ours")
        root.chmod(0o755)
    (root / LOCK).touch()
