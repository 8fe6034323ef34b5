"""How work comes in: authenticate, validate, commit the row the work hangs on, answer."""

from ingress.application import create_app

__all__ = ["create_app"]
