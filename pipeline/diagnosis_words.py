"""What is said of each layer of a connection: whose it is, what is so, and what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

OURS, SITE, HOST, NETWORK = "ours", "site", "host", "network"
"""Here; in WordPress; at who runs its server; between the two."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Words for people; ``whose`` is None where nobody has to do anything."""

    message: str
    what_to_do: str = ""
    whose: str | None = None
    code: str = ""
    """What the plugin finds its own, translated words by."""

    facts: Mapping[str, str] = field(default_factory=dict)

    def about(self, **facts: object) -> "Advice":
        """Return the same with the facts put in; what a site wrote is never read as a format."""
        texts = {name: str(value) for name, value in facts.items()}

        def put_in(text: str) -> str:
            return _PLACE.sub(lambda place: texts.get(place[1], place[0]), text)

        message, what_to_do = put_in(self.message), put_in(self.what_to_do)
        return replace(self, message=message, what_to_do=what_to_do, facts=texts)


Key = TypeVar("Key", str, int)


def pick(name: str, table: Mapping[Key, Advice], key: Key, otherwise: Key) -> Advice:
    """Return a table's words under their code, those of ``otherwise`` for a key it has not."""
    known = key if key in table else otherwise
    return replace(table[known], code=f"{name}_{'fine' if known == '' else known}")


_PLACE = re.compile(r"\{(\w+)\}")

AFTER_A_FAILURE = Advice("Not looked at: a layer before it fails.", code="after_a_failure")
UNSEEN: Mapping[str, Advice] = {
    "": Advice("Not looked at."),
    "plugin_version": Advice("The plugin tells its version only to who has the key."),
    "authorization": Advice("Whether the header arrives is seen only with a key that is accepted."),
    "write": Advice("The plugin tells this from version 1.5.0 on."),
    "upload_limits": Advice("The plugin did not tell its limit."),
}

ADDRESS: Mapping[str, Advice] = {
    "": Advice("The address is that of a web site."),
    "bad_address": Advice(
        "The address is not that of a web site.",
        "Enter it as the browser shows it, like https://example.com.",
        OURS,
    ),
    "private": Advice(
        "The name leads to an address that is not public.",
        "Enter the site's public address; one inside your own network must be named in "
        "IGNY8_ALLOWED_PRIVATE_HOSTS.",
        OURS,
    ),
    "other": Advice("The address can't be used.", "Enter the site's address again.", OURS),
}
DNS: Mapping[str, Advice] = {
    "": Advice("The name is found."),
    "unknown_name": Advice(
        "No computer goes by that name.",
        "Look for a typing error in the site's address. If it is right, its domain may have "
        "expired or point nowhere: ask who registered it.",
        SITE,
    ),
    "no_answer": Advice(
        "The name could not be looked up: no answer in time.",
        "Try again in a few minutes. If it stays so, the domain's name servers are down: "
        "ask who registered it.",
        NETWORK,
    ),
    "other": Advice("The name could not be looked up.", "Try again in a few minutes.", NETWORK),
}
TCP: Mapping[str, Advice] = {
    "": Advice("The server takes connections."),
    "refused": Advice(
        "The server refuses connections: nothing listens at this address and port.",
        "See whether the site opens in a browser, and whether the address has the right port. "
        "If it does not open, ask the host to start its web server.",
        HOST,
    ),
    "timeout": Advice(
        "The server does not answer a connection.",
        "See whether the site opens in a browser. If it does, the host's firewall blocks us: "
        "ask the host to let our address through.",
        HOST,
    ),
    "other": Advice(
        "The server can't be reached.", "Try again in a few minutes, then ask the host.", NETWORK
    ),
}
_RENEW = "Ask the host for a valid certificate; most give one from Let's Encrypt for nothing."
TLS: Mapping[str, Advice] = {
    "": Advice("The connection is encrypted, and the certificate is valid."),
    "expired": Advice("The site's TLS certificate has expired.", _RENEW, HOST),
    "self_signed": Advice("The site's TLS certificate is self-signed.", _RENEW, HOST),
    "wrong_name": Advice(
        "The site's TLS certificate is for another name.",
        "Enter the address that the certificate is for (with or without www), or ask the host "
        "for one that has this name.",
        HOST,
    ),
    "unknown_issuer": Advice(
        "The site's TLS certificate can't be traced to an issuer that is trusted.",
        "Often the server leaves out the intermediate certificate: ask the host to install the "
        "whole chain.",
        HOST,
    ),
    "no_handshake": Advice(
        "The server speaks no TLS at this address, or none that is safe.",
        "If the site has no https, enter its address with http://. Else ask the host to switch "
        "TLS 1.2 or newer on.",
        HOST,
    ),
    "other": Advice("No encrypted connection could be made.", _RENEW, HOST),
}
PLAIN_HTTP = Advice(
    "The address begins with http://: nothing is encrypted on its way, the key included.",
    "Set up https at the host, then enter the address with https://.",
    HOST,
    code="plain_http",
)
HTTP: Mapping[str, Advice] = {
    "": Advice("The web server answers."),
    "timeout": Advice(
        "The web server did not finish its answer in time.",
        "See how long the site takes in a browser: a slow plugin or a busy host is usual.",
        HOST,
    ),
    "broken": Advice(
        "The web server ended the connection before its answer was complete.",
        "Look into the web server's error log, or ask the host: PHP may have crashed.",
        HOST,
    ),
    "server_error": Advice(
        "The web server answers with error {status}.",
        "Open the site in a browser. If it shows an error, look into WordPress's debug.log or "
        "ask the host; 503 is often maintenance, and passes.",
        SITE,
    ),
    "redirected": Advice(
        "The address sends visitors on to {location}.",
        "Enter that address, as the browser shows it in the end (with or without www, with https).",
        OURS,
    ),
    "password": Advice(
        "The web server asks for a user name and password before WordPress is reached (401).",
        "Switch the password protection off, or let /wp-json/ through without it.",
        HOST,
    ),
    "firewall": Advice(
        "A firewall refuses our requests before WordPress sees them ({status}).",
        "Ask the host, or whoever runs the firewall (Cloudflare, Sucuri, mod_security), to let "
        "our address through.",
        HOST,
    ),
    "other": Advice("The web server did not answer.", "Try again in a few minutes.", HOST),
}
IS_WORDPRESS = Advice("It is a WordPress.", code="is_wordpress")
NOT_WORDPRESS = Advice(
    "A web site answers, but no WordPress.",
    "Enter the address of the WordPress itself; if it lies in a folder, with the folder, "
    "like https://example.com/blog.",
    OURS,
    code="not_wordpress",
)
REST_ANSWERS = Advice("The REST API answers.", code="rest_answers")
_SECURITY = (
    "Switch the blocking of the REST API off in the security plugin (Wordfence, iThemes, "
    "Disable REST API), or allow /wp-json/igny8/."
)
REST: Mapping[int, Advice] = {
    0: Advice(
        "WordPress is there, but its REST API is not (answer: {status}).",
        "Save Settings > Permalinks once. If that does not help, a plugin switches the REST API "
        "off: switch the plugins off one by one.",
        SITE,
    ),
    401: Advice("A plugin lets only logged-in users use the REST API ({code}).", _SECURITY, SITE),
    403: Advice("A security plugin or a firewall blocks the REST API.", _SECURITY, SITE),
}
PRETTY = Advice("Pretty permalinks are on.", code="pretty")
PLAIN_PERMALINKS = Advice(
    "Pretty permalinks are off, or /wp-json/ is not passed on to WordPress; ?rest_route= is used.",
    "Choose anything but Plain under Settings > Permalinks.",
    SITE,
    code="plain_permalinks",
)
PLUGIN_ANSWERS = Advice("The plugin igny8-wp-bridge answers.", code="plugin_answers")
NO_PLUGIN = Advice(
    "The plugin igny8-wp-bridge is not active on the site.",
    "Install and activate it under Plugins.",
    SITE,
    code="no_plugin",
)
NEW_ENOUGH = Advice("The plugin is version {version}.", code="new_enough")
TOO_OLD = Advice(
    "The plugin is version {version}; publishing needs {oldest} or newer.",
    "Update it under Plugins.",
    SITE,
    code="too_old",
)
NOT_STRIPPED = Advice("The Authorization header arrives.", code="not_stripped")
STRIPPED = Advice(
    "The host removes the Authorization header on its way to PHP; our second header is used.",
    "Nothing has to be done. To mend it: SetEnvIf Authorization in .htaccess, or "
    "CGIPassAuth On at the host.",
    HOST,
    code="stripped",
)
KEY_ACCEPTED = Advice("The plugin accepts our key.", code="key_accepted")
KEY: Mapping[int, Advice] = {
    0: Advice(
        "The plugin did not answer our question for its status (answer: {status}).",
        "Look into WordPress's debug.log; switch other plugins off one by one.",
        SITE,
    ),
    401: Advice(
        "The plugin does not accept our key.",
        "Enter the same key on both sides: make a new one here and copy it into the plugin's "
        "settings.",
        SITE,
    ),
    403: Advice(
        "A security plugin or a firewall blocks the plugin's address.",
        "Allow /wp-json/igny8/ in the security plugin or the firewall.",
        SITE,
    ),
}
CAN_WRITE = Advice("The plugin can create posts.", code="can_write")
CANNOT_WRITE = Advice(
    "The plugin can't create posts.",
    "Give the user that is chosen in the plugin's settings a role that may publish posts.",
    SITE,
    code="cannot_write",
)
WRITE_REFUSED = Advice(
    "The site answers questions, and refuses posts before its plugin sees them (answer: {status}).",
    "Allow POST to /wp-json/igny8/ in the firewall or the security plugin.",
    HOST,
    code="write_refused",
)
QUESTIONS_REFUSED = Advice(
    "The site takes posts, and refuses questions about them (answer: {status}).",
    "Allow GET to /wp-json/igny8/ in the firewall or the security plugin.",
    HOST,
    code="questions_refused",
)
SEO_PLUGIN = Advice("SEO titles and descriptions go to {plugin}.", code="seo_plugin")
NO_SEO_PLUGIN = Advice(
    "No SEO plugin is active: our plugin shows SEO titles itself.", code="no_seo_plugin"
)
BODIES_FIT = Advice("It takes files of up to {limit}.", code="bodies_fit")
SMALL_BODIES = Advice(
    "It takes files of up to {limit}; ours may have {wanted}. Larger images will be left out.",
    "Raise upload_max_filesize and post_max_size in PHP's settings.",
    HOST,
    code="small_bodies",
)
