"""The application as a WSGI server wants it: `granian --interface wsgi ingress.wsgi:app`."""

import settings
from ingress.application import create_app
from tasks.logs import configure_logging

configure_logging()
app = create_app(settings.current())
