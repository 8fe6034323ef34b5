"""`python -m embedded.wordpress`: a WordPress site from the command line, one JSON line out."""

import argparse
import json
import sys
from pathlib import Path

from embedded.wordpress import (
    Blueprint,
    CannotFetch,
    CannotInstall,
    CannotStart,
    NoSite,
    PhpFailed,
    WordPressSite,
    default_root,
    ensure,
    fetch,
    fetch_dropin,
)


def main() -> int:
    """Exit status 0, or 1 with the reason on standard error."""
    asked = _parser().parse_args()
    try:
        asked.root = asked.root or default_root("site")
        site = _up(asked) if asked.command == "up" else _act(asked)
    except NoSite as error:
        if asked.command == "down":
            WordPressSite.halt(asked.root)
        sys.stderr.write(f"{error}\n")
        return 1
    except (CannotInstall, CannotFetch, CannotStart, PhpFailed, PermissionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    about = {
        "url": site.url,
        "running": site.running,
        "wp_version": site.wp_version,
        "admin_password": site.admin_password,
        "app_password": site.app_password,
    }
    sys.stdout.write(json.dumps(about) + "\n")
    return 0


def _up(asked: argparse.Namespace) -> WordPressSite:
    ensure(sqlite=asked.sqlite)
    blueprint = Blueprint(
        asked.core or fetch(asked.suite),
        asked.plugin,
        asked.key,
        workers=asked.workers,
        port=asked.port,
        sqlite=fetch_dropin() if asked.sqlite else None,
    )
    return WordPressSite.up(asked.root, blueprint)


def _act(asked: argparse.Namespace) -> WordPressSite:
    site = WordPressSite.load(asked.root)
    {"down": site.stop, "start": site.start, "reset": site.reset}[asked.command]()
    return site


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="embedded.wordpress", description=__doc__)
    parser.add_argument("command", choices=["up", "start", "reset", "down"])
    parser.add_argument("--root", type=Path, help="the site's folder; one under /var/tmp without")
    parser.add_argument("--suite", default="trixie", help="the Debian suite of its WordPress")
    parser.add_argument("--core", type=Path, help="a WordPress folder, in place of a suite's")
    parser.add_argument("--plugin", type=Path, help="a plugin's folder, copied and activated")
    parser.add_argument("--key", help="becomes the option igny8_api_key")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--workers", type=int, default=6, help="web workers")
    parser.add_argument("--sqlite", action="store_true", help="no MariaDB (needs npm)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
