"""The application as a WSGI server wants it: `granian --interface wsgi ingress.wsgi:app`."""

import settings
from ingress.application import create_app
from tasks import startup
from tasks.logs import configure_logging

_settings = settings.current_or_exit()
configure_logging()
startup.refuse_if(startup.faults_of_keys_and_tables())
app = create_app(_settings)
