"""Where the demo publishes: a real WordPress of its own, the simulator, or a site that exists."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

import settings
from cli.exits import CommandError, Exit
from cli.output import output

PLUGIN = Path(__file__).resolve().parents[1] / "wordpress-plugin" / "igny8-wp-bridge"
SUITE = "trixie"
"""The Debian suite whose WordPress is shown: 6.8."""


@dataclass(frozen=True, slots=True)
class DemoSite:
    url: str
    key: str
    login: str


@contextlib.contextmanager
def chosen_site(url: str | None, key: str | None, *, simulator: bool) -> Iterator[DemoSite]:
    """Yield the site to publish to; what was put up for it is stopped afterwards."""
    if url is not None:
        if not key:
            raise CommandError("--site needs --key", Exit.USAGE)
        yield DemoSite(url.rstrip("/"), key, f"site {url}")
        return
    if not simulator:
        from embedded.wordpress import CannotFetch, CannotInstall, CannotStart

        try:
            place = _real_wordpress()
        except (CannotFetch, CannotInstall, CannotStart) as error:
            output().line(f"No real WordPress here ({error}): showing the simulator instead.")
        else:
            with place as found:
                yield found
            return
    with _simulated() as found:
        yield found


@contextlib.contextmanager
def _simulated() -> Iterator[DemoSite]:
    from simulators.wordpress import SimulatedSite

    key = "igny8_live_" + secrets.token_urlsafe(32)
    with SimulatedSite(api_key=key) as site:
        yield DemoSite(site.url, key, "simulated site, no login")


def _real_wordpress() -> contextlib.AbstractContextManager[DemoSite]:
    from embedded.secrets import make_data_dir
    from embedded.wordpress import Blueprint, WordPressSite, ensure, fetch

    output().line("Putting up a WordPress from Debian's packages …")
    ensure()
    make_data_dir(settings.current().data_dir)
    marker = settings.current().data_dir / "demo-site.json"
    root, key = _place(marker)
    site = WordPressSite.up(
        root, Blueprint(core=fetch(SUITE), plugin=PLUGIN, api_key=key, workers=6)
    )
    output().line(f"WordPress {site.wp_version}: {site.url}")
    login = f"WordPress {site.url}/wp-admin/ (admin / {site.admin_password})"

    @contextlib.contextmanager
    def kept() -> Iterator[DemoSite]:
        try:
            yield DemoSite(site.url, key, login)
        finally:
            site.stop()

    return kept()


def _place(marker: Path) -> tuple[Path, str]:
    """Return the folder and key of this checkout's demo site.

    Both are remembered beside the database: a new database needs a new site, else the site's
    posts would belong to publications that nobody knows any more.
    """
    from embedded.wordpress import default_root
    from embedded.wordpress.tree import digest

    version = digest(PLUGIN)
    if marker.is_file():
        kept = json.loads(marker.read_text())
        # A changed plugin is put into an empty WordPress, which is a new site as well.
        if kept["plugin"] == version and Path(kept["root"]).is_dir():
            return Path(kept["root"]), kept["key"]
    root = default_root(f"demo-{secrets.token_hex(4)}")
    key = "igny8_live_" + secrets.token_urlsafe(32)
    marker.write_text(json.dumps({"root": str(root), "key": key, "plugin": version}))
    marker.chmod(0o600)
    return root, key


def posts_by_id(url: str) -> list[str]:
    """Return the ids of all public posts, asked of WordPress's own API, page by page."""
    ids: list[str] = []
    page, pages = 1, 1
    while page <= pages:
        answer = requests.get(
            f"{url}/wp-json/wp/v2/posts",
            params={"per_page": "100", "page": str(page), "_fields": "id"},
            timeout=30,
        )
        answer.raise_for_status()
        pages = int(answer.headers.get("X-WP-TotalPages", "1"))
        ids += [str(post["id"]) for post in answer.json()]
        page += 1
    return ids
