"""When a suspended site is looked at again: its trouble may be over without a word to us."""

FIRST_LOOK = 60.0
"""Seconds. A certificate or a plugin is often back within minutes."""

LONGEST_LOOK = 3600.0
"""Once an hour for as long as it takes: a look is a few small requests."""

FIRST_LOOK_WITH_KEY = 3600.0
"""At most hourly: a refused key that comes again and again looks like somebody who guesses."""

LONGEST_LOOK_WITH_KEY = 24 * 3600.0

HEALING = frozenset(
    {
        "tls",
        "blocked",
        "redirected",
        "bridge_missing",
        "not_wordpress",
        "upgrade_required",
        "unreachable",
        "rate_limited",
    }
)
"""What the people at the site can repair without us."""

KEY_REFUSED = "credentials_rejected"


def look_pause(code: str | None, looks: int) -> float | None:
    """Return the seconds until look number ``looks + 1``; None: only a person can help.

    ``code`` is the error's; None: a site suspended by a release that did not keep it.
    """
    if code in HEALING:
        first, longest = FIRST_LOOK, LONGEST_LOOK
    elif code == KEY_REFUSED or code is None:
        first, longest = FIRST_LOOK_WITH_KEY, LONGEST_LOOK_WITH_KEY
    else:
        return None
    return min(first * 2.0 ** min(looks, 30), longest)
