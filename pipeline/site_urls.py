"""The address of a site as a person writes it -> the one form we keep (C16)."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
ASCII_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
LENGTH_LIMIT = 2000
"""Characters; what browsers and web servers take."""


class BadSiteUrl(ValueError):
    """This is not the address of a site. The message is for the person who wrote it."""


def normalise_site_url(written: str) -> str:
    """Return scheme, host, port and path in one spelling, without a slash at the end.

    The host is lower case, an international name in Punycode (RFC 5891); a default port is left
    out.

    Raises:
        BadSiteUrl: it is not plain http(s), or holds a login, a query or a fragment.
    """
    text = written.strip()
    if not text or len(text) > LENGTH_LIMIT or re.search(r"[\x00-\x20\x7f\\]", text):
        raise BadSiteUrl("a site's address looks like https://example.com, without spaces")
    if "@" in text.partition("//")[2].partition("/")[0]:
        # Not repeated: what stands before the @ is a password.
        raise BadSiteUrl("leave the user name and password out of the site's address")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadSiteUrl(f"{text} is not an address: {error}") from None
    _refuse_extras(text, parts)
    host = _host(parts.hostname or "")
    ending = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{ending}{parts.path.rstrip('/')}"


def _refuse_extras(text: str, parts: SplitResult) -> None:
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        raise BadSiteUrl(f"{text} does not start with https:// or http://")
    if "?" in text or "#" in text:
        raise BadSiteUrl(f"{text}: leave out what follows the ? or #")


def _host(name: str) -> str:
    if ":" in name:
        try:
            return f"[{ipaddress.IPv6Address(name)}]"
        except ValueError:
            raise BadSiteUrl(f"{name} is not an IPv6 address") from None
    host = name.rstrip(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError as error:
            raise BadSiteUrl(f"{name} is not a host name: {error}") from None
    if not ASCII_HOST.fullmatch(host) or ".." in host:
        raise BadSiteUrl(f"{name or 'an empty text'} is not a host name")
    return host
