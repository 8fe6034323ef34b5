"""Lays out the files of a site: core, our theme and rules, configuration, plugin."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from embedded.wordpress.php import SOURCES
from embedded.wordpress.processes import Account, CannotStart

CONTENT_FOLDERS = ("plugins", "themes", "uploads", "mu-plugins", "upgrade")
NOT_PART_OF_A_PLUGIN = shutil.ignore_patterns(
    ".git", "tests", "node_modules", "__pycache__", ".phpunit*"
)


def lay_out(site: Path, core: Path, account: Account) -> None:
    """Copy a core; `wp-content` belongs to the account afterwards, the rest doesn't."""
    shutil.copytree(core, site, ignore_dangling_symlinks=True)
    for name in ("wp-config.php", ".htaccess"):
        (site / name).unlink(missing_ok=True)
    site.chmod(0o755)
    content = site / "wp-content"
    # Debian ships the spam filter Akismet, which has no business on a local site.
    shutil.rmtree(content / "plugins" / "akismet", ignore_errors=True)
    for folder in CONTENT_FOLDERS:
        (content / folder).mkdir(exist_ok=True)
    account.own(content)


def dress(site: Path, account: Account) -> None:
    """Put in our theme and our rules, as they are in this checkout."""
    content = site / "wp-content"
    shutil.copytree(SOURCES / "theme", content / "themes" / "plain", dirs_exist_ok=True)
    shutil.copy(SOURCES / "local-rules.php", content / "mu-plugins")
    for folder in ("themes", "mu-plugins"):
        account.own(content / folder)


def write_config(site: Path, values: Mapping[str, str], account: Account) -> None:
    """Write wp-config.php; `values` are plain strings and come out as PHP ones."""
    text = (SOURCES / "wp-config.php.in").read_text(encoding="utf-8")
    for name, value in values.items():
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        text = text.replace("{{" + name + "}}", f"'{escaped}'")
    config = site / "wp-config.php"
    half = site / "wp-config.php.new"
    half.touch(mode=0o600)  # a password goes into it
    half.write_text(text, encoding="utf-8")
    account.own_file(half)
    half.replace(config)


def plugin_file(plugin: Path) -> str:
    """WordPress's name of a plugin, "folder/file.php": the file with the header in it.

    Raises:
        CannotStart: no PHP file in the folder says that it is a plugin.
    """
    for file in sorted(plugin.glob("*.php")):
        head = file.read_text(encoding="utf-8", errors="replace")[:8192]
        if re.search(r"^[ \t/*#@]*Plugin Name:", head, re.MULTILINE):
            return f"{plugin.name}/{file.name}"
    raise CannotStart(f"{plugin} has no file with a plugin header")


def copy_plugin(plugin: Path, site: Path, account: Account) -> None:
    """Put a copy of the plugin into the site.

    A copy, because WordPress empties the folder a plugin is in when it updates or deletes it,
    and follows a link to do so.
    """
    copy = site / "wp-content" / "plugins" / plugin.name
    shutil.copytree(plugin, copy, ignore=NOT_PART_OF_A_PLUGIN)
    account.own(copy)


def digest(plugin: Path | None) -> str:
    """Changes whenever a file of the plugin does; empty without a plugin."""
    if plugin is None:
        return ""
    told = hashlib.sha256(plugin.name.encode())
    for folder, names in _files(plugin):
        for name in names:
            path = folder / name
            told.update(str(path.relative_to(plugin)).encode() + b"\0")
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def _files(folder: Path) -> list[tuple[Path, list[str]]]:
    entries = sorted(path.name for path in folder.iterdir())
    left_out = NOT_PART_OF_A_PLUGIN(str(folder), entries)
    kept = [name for name in entries if name not in left_out]
    found = [(folder, [name for name in kept if (folder / name).is_file()])]
    for name in kept:
        if (folder / name).is_dir():
            found += _files(folder / name)
    return found


def empty(folder: Path) -> None:
    """Remove what is in a folder, and keep the folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def check_reachable(root: Path, account: Account) -> None:
    """Make sure the servers' account can get to a folder.

    Raises:
        CannotStart: a folder above it is closed to that account.
    """
    for folder in root.parents:
        about = folder.stat()
        allowed = about.st_mode & 0o001
        if about.st_uid == account.uid:
            allowed = about.st_mode & 0o100
        elif about.st_gid == account.gid:
            allowed = about.st_mode & 0o010
        if not allowed:
            raise CannotStart(
                f"{account.name}, who runs the servers, may not enter {folder}: "
                "put the site elsewhere, under /var/tmp for instance"
            )
