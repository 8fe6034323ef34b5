"""A site's plugin as a caller: its key, its secret, and the three headers of a signature."""

import base64
import hashlib
import hmac
import json
import time

import sqlalchemy as sa

from models import InboxMessage, Site
from models.session import session_scope

STATUS = "/api/v1/integration/webhooks/wordpress/status/"
METADATA = "/api/v1/integration/webhooks/wordpress/metadata/"
SINGLE = "/api/v1/integration/webhook/wordpress/"
DOORS = (STATUS, METADATA, SINGLE)
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
JSON = {"Content-Type": "application/json"}


def key_of(site):
    with session_scope(read_only=True) as session:
        return session.get_one(Site, site.id).wp_api_key


def keyed(site):
    return JSON | {"X-IGNY8-API-Key": key_of(site)}


def make_signing(site, *, required=True):
    with session_scope() as session:
        found = session.get_one(Site, site.id)
        found.webhook_secret, found.require_signature = SECRET, required


def signature(message_id, timestamp, body, secret=SECRET):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


def signed(body, message_id="msg_1", timestamp=None):
    stamp = str(int(time.time()) if timestamp is None else timestamp)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(message_id, stamp, body),
    }


def said(**more):
    return json.dumps({"post_id": 7, "content_id": 1, "post_status": "publish"} | more).encode()


def rows():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(InboxMessage).order_by(InboxMessage.id)).all()
