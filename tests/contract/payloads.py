"""Bodies for the contract tests."""

import hashlib
import io
import uuid

from PIL import Image


def payload(**changes):
    """Return a complete body of POST /publish; ``changes`` replace fields."""
    return {
        "publication_key": str(uuid.uuid4()),
        "fence": 1,
        "revision": 1,
        "fingerprint": hashlib.sha256(b"one").hexdigest(),
        "content_id": 7,
        "title": "A walk along the Spree",
        "content_html": "<p>Start at the bridge.</p>",
        "excerpt": "Start at the bridge.",
        "slug": "a-walk-along-the-spree",
        "status": "publish",
        "restore": False,
        "seo_title": "Walk",
        "seo_description": "Along the river",
        "primary_keyword": "walk",
        "secondary_keywords": ["river"],
        "categories": [["News"], ["Places", "Berlin"]],
        "tags": ["river"],
        "featured_image_url": None,
        "featured_image_hash": None,
        "featured_image_alt": "",
        "featured_image_caption": "",
        "gallery_images": [],
        **changes,
    }


def png(color="teal", size=(64, 48)):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def upload(site, data, *, named=None, media_type="image/png", **options):
    digest = named or hashlib.sha256(data).hexdigest()
    return site.call(
        "POST",
        "/media",
        params={"hash": digest, "filename": "picture.png", "alt": "A picture"},
        data=data,
        headers={"Content-Type": media_type},
        **options,
    )
