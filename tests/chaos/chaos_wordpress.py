"""A real WordPress as a site of a row: behind a fault proxy, counted through its own REST API."""

import shutil
import signal
import tempfile
from pathlib import Path

import requests
from chaos_fronts import NAME, FrontedSite, teach_workers
from chaos_sites import SitePost, site_key
from chaos_table import NotRun
from servers import free_port, wait_until

from embedded.wordpress import (
    Blueprint,
    CannotFetch,
    CannotInstall,
    CannotStart,
    WordPressSite,
    ensure,
    fetch,
)

SUITE = "trixie"
PLUGIN = Path(__file__).parents[2] / "wordpress-plugin" / "igny8-wp-bridge"
PER_PAGE = 100
STATUSES = "publish,future,draft,pending,private,trash"
OWNERS = """
select m.post_id, p.content_id from wp_postmeta m
join wp_igny8_publications p on p.publication_key = m.meta_value
where m.meta_key = '_igny8_publication_key'
"""


class RealSite:
    """A WordPress on MariaDB with our plugin, in a folder that is gone at the end."""

    def __init__(self):
        self.key = site_key()
        # Not pytest's nor the world's folder: both are closed to the account of the servers.
        self._root = Path(tempfile.mkdtemp(prefix="igny8-chaos-wordpress-", dir="/var/tmp"))
        self._root.chmod(0o755)
        try:
            ensure()
            # A port that stays its own while it is down: the proxy knows no other.
            plan = Blueprint(
                core=fetch(SUITE), plugin=PLUGIN, api_key=self.key, workers=6, port=free_port()
            )
            self.wordpress = WordPressSite.up(self._root, plan)
        except (CannotInstall, CannotFetch, CannotStart) as error:
            shutil.rmtree(self._root, ignore_errors=True)
            raise NotRun(str(error)) from error
        self.url = self.wordpress.url
        self.logs = self._root / "run"

    def posts(self):
        """Return every post that WordPress itself shows its administrator."""
        owners = {int(post): int(content) for post, content in self._rows(OWNERS)}
        return [
            SitePost(
                post["id"],
                owners.get(post["id"]),
                post["title"]["raw"],
                post["content"]["raw"],
                post["status"],
            )
            for post in self._listed()
        ]

    def _listed(self):
        found, page = [], 1
        while len(found) == PER_PAGE * (page - 1):
            answer = requests.get(
                f"{self.url}/wp-json/wp/v2/posts",
                params={
                    "status": STATUSES,
                    "context": "edit",
                    "per_page": PER_PAGE,
                    "page": page,
                    "orderby": "id",
                },
                auth=("admin", self.wordpress.app_password),
                timeout=60,
            )
            if answer.status_code == 400 and page > 1:  # there is no such page
                break
            answer.raise_for_status()
            found += answer.json()
            page += 1
        return found

    def _rows(self, query):
        return [line.split("\t") for line in self.wordpress.sql(query).splitlines()]

    def begun(self):
        """Return the keys that a request holds, be it alive or dead, each with its begin."""
        query = "select publication_key, reserved_at, fence from wp_igny8_publications"
        return {tuple(row) for row in self._rows(f"{query} where state <> 'done'")}

    def settle(self):
        wait_until(lambda: not self.begun(), timeout=180, what="the end of the site's work")

    def crash(self):
        """Kill its web server in the middle of whatever it does, and start it again."""
        assert self.wordpress._php.web.end_all(signal.SIGKILL, seconds=60)
        self.wordpress.start()

    def stop(self):
        self.wordpress.remove()


def real_site(run, **options):
    """Return a row's one site: a real WordPress behind a proxy."""
    site = RealSite()
    return [FrontedSite(site, site.key, seed=run.random.randrange(1000), **options)]


def real_named_site(run):
    """The same behind a name that can be taken away (`chaos_fronts.NAME`)."""
    run.lesson = teach_workers(run)
    return real_site(run, host=NAME)


def real_secure_site(run):
    """The same behind TLS, with a certificate that the workers trust."""
    run.lesson = teach_workers(run)
    return real_site(run, tls=run.lesson.certificates.context())
