"""The doors that bench/webhooks.py compares, as one application for granian."""

from flask import Flask, request

import settings
from ingress import create_app
from ingress.site_keys import site_of_key
from models.inbox.storing import Arrived, store_message
from models.session import session_scope
from tasks.app import app as celery_app

ACCEPTED = 202


def make() -> Flask:
    """Return the product's application with two more doors."""
    made = create_app(settings.current())

    @made.post("/bench/auth-only")
    def auth_only() -> tuple[dict[str, bool], int]:
        site_of_key()
        return {"accepted": True}, ACCEPTED

    @made.post("/bench/row-and-task")
    def row_and_task() -> tuple[dict[str, bool], int]:
        """Do what is usual: a row and a task for each."""
        site = site_of_key()
        body = request.get_data(cache=False)
        name = request.headers["webhook-id"]
        with session_scope() as session:
            stored = store_message(session, Arrived(site.id, "status", body, name))
        celery_app.send_task("inbox.read_one", (stored.id,), queue="maintenance", expires=60)
        return {"accepted": True}, ACCEPTED

    return made


app = make()
