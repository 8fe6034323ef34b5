"""The address of a site as a person writes it -> the one form we keep (C16)."""

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
NO_WEB_PORTS = frozenset({1433, 1521, 2375, 2379, 3306, 3389, 5432, 5672, 6379, 9200, 11211})
"""Databases, brokers and consoles: a request to one is never meant for a site."""

ASCII_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
LABEL_LIMIT, HOST_LIMIT = 63, 253
"""Letters between two dots, and in all (RFC 1035 section 2.3.4)."""

LENGTH_LIMIT = 2000
"""Characters; what browsers and web servers take."""


class BadSiteUrl(ValueError):
    """This is not the address of a site. The message is for the person who wrote it."""


def normalise_site_url(written: str) -> str:
    """Return scheme, host, port and path in one spelling, without a slash at the end.

    The host is lower case, an international name in Punycode (RFC 5891); a default port is left
    out.

    Raises:
        BadSiteUrl: it is not plain http(s), holds a login, a query, a fragment or `..`, or its
            port is one where no site can be.
    """
    text = written.strip()
    if not text or len(text) > LENGTH_LIMIT or re.search(r"[\x00-\x20\x7f\\]", text):
        raise BadSiteUrl("a site's address looks like https://example.com, without spaces")
    if "@" in text:
        # Not repeated: what stands before the @ is a password.
        raise BadSiteUrl("leave the user name and password out of the site's address")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadSiteUrl(f"{text} is not an address: {error}") from None
    _refuse_extras(text, parts)
    _refuse_port(port)
    host = _host(parts.hostname or "")
    ending = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{ending}{parts.path.rstrip('/')}"


def _refuse_extras(text: str, parts: SplitResult) -> None:
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        raise BadSiteUrl(f"{text} does not start with https:// or http://")
    if "?" in text or "#" in text:
        raise BadSiteUrl(f"{text}: leave out what follows the ? or #")
    if {".", ".."} & set(unquote(parts.path).split("/")):
        raise BadSiteUrl(f"{text}: write the path without . and ..")


def _refuse_port(port: int | None) -> None:
    if port is None or port in DEFAULT_PORTS.values():
        return
    if port < FIRST_FREE_PORT or port in NO_WEB_PORTS:
        raise BadSiteUrl(f"there is no web site on port {port}")


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
    too_long = len(host) > HOST_LIMIT or max(map(len, host.split("."))) > LABEL_LIMIT
    if too_long or not ASCII_HOST.fullmatch(host) or ".." in host:
        raise BadSiteUrl(f"{name[:80] or 'an empty text'} is not a host name")
    return host
