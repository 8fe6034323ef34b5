"""Why a server of ours did not come up."""


class CannotStart(Exception):
    """The stack can't start; the message is one line that says what to change."""
