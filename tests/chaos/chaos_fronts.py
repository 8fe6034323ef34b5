"""Sites behind a fault proxy, and sites inside this process: what the site-side rows publish to."""

import socket
from concurrent.futures import ThreadPoolExecutor

from certificates import Certificates
from chaos_sites import SimulatedSite, SitePost, site_key
from chaos_world import PUBLISHERS
from fault_proxy import FaultProxy

from simulators.wordpress import SimulatedSite as SiteInside

NAME = "shop.chaos.example"
"""A name that only the workers of `teach_workers` know: 127.0.0.1, until it is gone."""

LESSON = """
import os, socket
import certifi

certifi.where = lambda: {bundle!r}
real = socket.getaddrinfo

def resolve(host, *arguments, **words):
    if host != {name!r}:
        return real(host, *arguments, **words)
    if os.path.exists({gone!r}):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return real("127.0.0.1", *arguments, **words)

socket.getaddrinfo = resolve
"""


class FrontedSite:
    """A site behind a proxy; the product is told the proxy's address."""

    def __init__(self, behind, key, *, seed=0, tls=None, host="127.0.0.1"):
        self.behind, self.key = behind, key
        self.proxy = FaultProxy(behind.url, seed=seed, tls=tls).start()
        self.url = self.proxy.url.replace("127.0.0.1", host)

    def posts(self):
        return self.behind.posts()

    @property
    def logs(self):
        return self.behind.logs

    def settle(self):
        self.behind.settle()

    def dial(self, **fault):
        self.proxy.add(**fault)

    def undial(self):
        self.proxy.clear()

    def struck(self):
        return dict(self.proxy.struck)

    def stop(self):
        self.proxy.stop()
        self.behind.stop()


def fronted(count=2, **options):
    """Return a row's ``sites``: simulated ones, each behind a proxy of its own."""

    def make(run):
        made = [SimulatedSite(run.world, run.folder, seed=place) for place in range(count)]
        seed = run.random.randrange(1000)
        return [
            FrontedSite(site.wait(), site.key, seed=seed + place, **options)
            for place, site in enumerate(made)
        ]

    return make


class QuietSite:
    """A simulated site in this process: cheap enough for a row with twenty."""

    def __init__(self, **options):
        self.key = site_key()
        self._site = SiteInside(api_key=self.key, **options).start()
        self.url = self._site.url

    def posts(self):
        return [
            SitePost(p.id, p.content_id, p.title, p.content, p.status) for p in self._site.posts
        ]

    def dial(self, **fault):
        self._site.faults.add(**fault)

    def undial(self):
        self._site.faults.clear()

    def struck(self):
        return self._site.faults.struck()

    def stop(self):
        self._site.stop()


class Deaf:
    """Somebody else's host: takes connections, and counts them."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def visits(self):
        """Return how many have connected until now."""
        count = 0
        while True:
            try:
                self._listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def stop(self):
        self._listener.close()


class Lesson:
    """What the workers of a world are taught: our own roots, and a name that can be taken away.

    The resolver is Python's own, so that no file of the machine changes.
    """

    def __init__(self, folder):
        folder.mkdir()
        self.folder, self.gone = folder, folder / "gone"
        self.certificates = Certificates(folder)
        text = LESSON.format(bundle=str(self.certificates.bundle), name=NAME, gone=str(self.gone))
        (folder / "sitecustomize.py").write_text(text)


def teach_workers(run):
    """Restart the publishers with the world's `Lesson`, unless they know it; return it."""
    world = run.world
    folder = world.folder / "lesson"
    lesson = _LESSONS.get(folder) or _LESSONS.setdefault(folder, Lesson(folder))
    environment = {
        "PYTHONPATH": f"{folder}:{world.root}",
        "IGNY8_ALLOWED_PRIVATE_HOSTS": f"127.0.0.1,localhost,{NAME}",
    }
    ignorant = [
        name
        for name in PUBLISHERS
        if world.parts[name].env["PYTHONPATH"] != environment["PYTHONPATH"]
    ]
    # Both at once: each takes its seconds to come up.
    with ThreadPoolExecutor(len(PUBLISHERS)) as threads:
        list(threads.map(lambda name: world.restart(name, environment), ignorant))
    return lesson


_LESSONS = {}
"""By folder: two rows of one world restart the workers once."""
