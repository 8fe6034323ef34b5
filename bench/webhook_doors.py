"""The doors that bench/webhooks.py compares, as one application for granian."""

from typing import Any

from flask import Flask, request

import settings
from ingress import create_app
from ingress.site_keys import site_of_key
from ingress.webhooks import TakenAnswer, checked, keep
from pipeline.webhook_bodies import Door
from tasks.app import app as celery_app
from tasks.logs import configure_logging

ACCEPTED = 202


def make() -> Flask:
    """Return the product's application with two more doors."""
    configure_logging()
    made = create_app(settings.current())

    @made.post("/bench/auth-only")
    def auth_only() -> tuple[dict[str, bool], int]:
        site_of_key()
        return {"accepted": True}, ACCEPTED

    @made.post("/bench/row-and-task")
    def row_and_task() -> tuple[dict[str, Any], int]:
        """Do what the product's door does, with a task for each webhook in place of the bell."""
        arrived = checked(site_of_key(), Door.STATUS, request.get_data(cache=False))
        stored = keep(arrived)
        celery_app.send_task("inbox.read_one", (stored.id,), queue="maintenance", expires=60)
        answer = TakenAnswer(duplicate=stored.duplicate, id=stored.id)
        return answer.model_dump(), ACCEPTED

    return made


app = make()
