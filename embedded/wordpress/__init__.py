"""A real WordPress out of Debian's packages, private to one folder: for the demo and the tests.

`packages.ensure()` puts PHP and MariaDB on the machine, `cores.fetch()` brings a WordPress,
`WordPressSite.up()` makes a running site of it.
"""

from embedded.wordpress.cores import CannotFetch, fetch, fetch_many
from embedded.wordpress.facts import Blueprint, NoSite
from embedded.wordpress.packages import CannotInstall, ensure
from embedded.wordpress.php import PhpFailed
from embedded.wordpress.places import default_root
from embedded.wordpress.processes import CannotStart
from embedded.wordpress.site import WordPressSite
from embedded.wordpress.sqlite import fetch_dropin

__all__ = [
    "Blueprint",
    "CannotFetch",
    "CannotInstall",
    "CannotStart",
    "NoSite",
    "PhpFailed",
    "WordPressSite",
    "default_root",
    "ensure",
    "fetch",
    "fetch_dropin",
    "fetch_many",
]
