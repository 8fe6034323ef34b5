"""How many files and sockets a process may have open."""

import resource

MOST = 65_536
"""Two sockets for each of the 1,024 sites a process keeps connections to, and much room."""


def allow_many() -> int:
    """Raise this process's own limit as far as it may go, up to `MOST`; return what it is now.

    Shells and systemd begin with 1,024. Beyond it every new connection fails, and that looks as
    if every site were away.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
