"""When it happens: Celery, kept thin. `celery -A tasks worker|beat|flower|inspect` starts here."""

from tasks.app import app

__all__ = ["app"]
