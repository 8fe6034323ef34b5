"""What a process remembers of its settings: forgotten whenever a test changes them."""

import settings
from models import encryption, kept_numbers
from models import session as sessions

CACHES = (settings.current, sessions.engine, encryption.key_ring, encryption._cipher)


def clear_caches():
    for cached in CACHES:
        cached.cache_clear()
    kept_numbers.forget()
