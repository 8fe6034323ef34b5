"""The sites the contract holds for: the simulator, and real WordPress in three versions."""

from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "wordpress-plugin" / "igny8-wp-bridge"
KEY = "igny8_live_contract-0123456789abcdefghijklmn"
SUITES = {"6.1": "bookworm", "6.8": "trixie", "7.1": "sid"}
ON_SQLITE = ["6.8", "7.1"]
"""The drop-in's version of today does not run on 6.1."""

COPY_POST = """<?php
$post = get_post( (int) $argv[1], ARRAY_A );
$meta = array_map( static fn( $values ) => $values[0], get_post_meta( $post['ID'] ) );
unset( $post['ID'], $post['guid'] );
echo wp_insert_post( wp_slash( $post + array( 'meta_input' => $meta ) ) );
"""


class BridgeSite:
    """What the contract tests need of a site, whichever it is."""

    def __init__(self, url, posts_auth=None):
        self.url = url
        self.auth = posts_auth

    def call(self, method, path, *, key=KEY, headers=None, **options):
        sent = {"X-IGNY8-API-Key": key, "Authorization": f"Bearer {key}"} if key else {}
        return requests.request(
            method,
            f"{self.url}/wp-json/igny8/v1{path}",
            headers=sent | (headers or {}),
            timeout=60,
            **options,
        )

    def publish(self, payload, **options):
        headers = {
            "Idempotency-Key": payload["publication_key"],
            "X-IGNY8-Fence": str(payload["fence"]),
        }
        return self.call("POST", "/publish", json=payload, headers=headers, **options)

    def posts(self):
        """Return the public posts through WordPress's own API."""
        answer = requests.get(
            f"{self.url}/wp-json/wp/v2/posts", params={"per_page": 100}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()

    def carriers(self):
        """Return how many posts carry one of our keys, whatever their status."""
        answer = self.call("GET", "/publications", params={"limit": 200})
        answer.raise_for_status()
        return sum(each["posts"] for each in answer.json()["publications"])

    def names(self, kind):
        answer = requests.get(
            f"{self.url}/wp-json/wp/v2/{kind}", params={"per_page": 100}, timeout=30
        )
        return {term["id"]: (term["name"], term.get("parent", 0)) for term in answer.json()}

    def state(self, *post_ids):
        """Return what GET /post-state says of posts."""
        answer = self.call("GET", "/post-state", params={"post_ids": ",".join(map(str, post_ids))})
        answer.raise_for_status()
        return answer.json()["posts"]

    def media_count(self):
        answer = requests.get(f"{self.url}/wp-json/wp/v2/media", timeout=30)
        return int(answer.headers["X-WP-Total"])


class RealSite(BridgeSite):
    def __init__(self, wordpress):
        super().__init__(wordpress.url)
        self.wordpress = wordpress
        self.auth = ("admin", wordpress.app_password)

    def _delete(self, post_id, force):
        requests.delete(
            f"{self.url}/wp-json/wp/v2/posts/{post_id}",
            params={"force": force},
            auth=self.auth,
            timeout=30,
        ).raise_for_status()

    def trash(self, post_id):
        self._delete(post_id, "false")

    def delete(self, post_id):
        self._delete(post_id, "true")

    def _write(self, path, fields):
        answer = requests.post(
            f"{self.url}/wp-json/wp/v2/{path}", json=fields, auth=self.auth, timeout=30
        )
        answer.raise_for_status()
        return answer.json()["id"]

    def edit(self, post_id, **fields):
        self._write(f"posts/{post_id}", fields)

    def assign(self, post_id, categories, tags):
        ids = {
            kind: [self._write(kind, {"name": name}) for name in names]
            for kind, names in (("categories", categories), ("tags", tags))
        }
        self._write(f"posts/{post_id}", ids)

    def untrash(self, post_id):
        self._write(f"posts/{post_id}", {"status": "draft"})

    def add_post(self, title):
        return self._write("posts", {"title": title, "status": "publish"})

    def forget_key(self):
        self.wordpress.php("<?php delete_option( 'igny8_api_key' );")

    def forget_publications(self):
        self.wordpress.sql("DELETE FROM wp_igny8_publications;")

    def duplicate(self, post_id):
        """Copy a post with its fields, as plugins that copy posts do."""
        made = self.wordpress.php(COPY_POST, str(post_id))
        return int(made)

    def raw_content(self, post_id):
        answer = requests.get(
            f"{self.url}/wp-json/wp/v2/posts/{post_id}",
            params={"context": "edit"},
            auth=self.auth,
            timeout=30,
        )
        return answer.json()["content"]["raw"]


class SimulatedBridgeSite(BridgeSite):
    def __init__(self, simulated):
        super().__init__(simulated.url)
        self.simulated = simulated

    def trash(self, post_id):
        requests.post(f"{self.url}/_simulator/posts/{post_id}/trash", timeout=10).raise_for_status()

    def delete(self, post_id):
        requests.post(
            f"{self.url}/_simulator/posts/{post_id}/delete", timeout=10
        ).raise_for_status()

    def edit(self, post_id, **fields):
        self.simulated.edit(post_id, **fields)

    def assign(self, post_id, categories, tags):
        self.simulated.assign(post_id, categories=categories, tags=tags)

    def untrash(self, post_id):
        self.simulated.untrash(post_id)

    def add_post(self, title):
        return self.simulated.add_post(title)

    def forget_key(self):
        self.simulated.api_key = ""

    def forget_publications(self):
        self.simulated.forget_publications()

    def duplicate(self, post_id):
        return self.simulated.duplicate(post_id)

    def raw_content(self, post_id):
        return next(post.content for post in self.simulated.posts if post.id == post_id)
