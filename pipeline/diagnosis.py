"""What a probe found out about a site -> its layers in order, the first that fails, what to do.

Each layer rests on the one before: where one fails, the later ones are skipped (S253–S255).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from pipeline import diagnosis_words as words
from pipeline.diagnosis_words import Advice


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen, nothing concluded. None: not looked at, because something before it failed.

    A ``*_fault`` is a key of the table of its layer in `pipeline.diagnosis_words`; "" is none.
    """

    address_fault: str | None = None
    dns_fault: str | None = None
    tcp_fault: str | None = None
    tls_fault: str | None = None
    uses_tls: bool = True
    http_fault: str | None = None
    http_status: int | None = None
    location: str = ""
    """Where an answer sent us on to."""

    wordpress: bool | None = None
    rest_route: str | None = None
    """`path`, `query` where only ?rest_route= answers, "" where neither does."""

    rest_status: int | None = None
    rest_code: str = ""
    """The site's own word for refusing its REST API."""

    bridge: bool | None = None
    bridge_status: int | None = None
    plugin_version: str = ""
    new_enough: bool | None = None
    authorization_stripped: bool | None = None
    key_accepted: bool | None = None
    can_write: bool | None = None
    write_refused: int | None = None
    """HTTP status of a refused harmless write, 0 without an answer; None: taken, or not sent."""

    questions_refused: int | None = None
    """The same of a harmless question about posts or pictures."""

    seo_plugin: str | None = None
    max_body_bytes: int | None = None
    wordpress_version: str = ""
    php_version: str = ""
    transactions: bool | None = None
    timezone: str = ""
    gmt_offset: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        """Return the facts that a link left; what another release wrote besides is left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    @property
    def reached(self) -> bool:
        """Whether a web server answered at all."""
        return self.http_fault == ""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's result, for people."""

    layer: str
    ok: bool
    skipped: bool = False
    whose: str | None = None
    """Who can do something about it: ours, site, host or network."""

    message: str = ""
    what_to_do: str = ""
    """Also where it is ok: what would be better."""

    code: str = ""
    """Names the words, so that they can be said in another language; with the facts in them."""

    facts: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Wants:
    """What publishing needs of a site."""

    oldest_plugin: str
    largest_body: int
    """Bytes of the largest image we may send."""


def diagnose(facts: Facts, wants: Wants) -> list[Layer]:
    """Return every layer in its order; the ones after a failed one are skipped."""
    layers: list[Layer] = []
    failed = False
    for name, judge in _JUDGES.items():
        judged = None if failed else judge(facts, wants)
        if judged is None:
            layers.append(_skipped(name, failed))
            continue
        ok, advice = judged
        words_of = (advice.whose, advice.message, advice.what_to_do, advice.code, advice.facts)
        layers.append(Layer(name, ok, False, *words_of))
        failed = not ok
    return layers


def first_failing(layers: list[Layer]) -> Layer | None:
    """Return the layer that all the skipped ones wait for; None where nothing fails."""
    return next((layer for layer in layers if not layer.ok and not layer.skipped), None)


Judged = tuple[bool, Advice] | None
"""Whether the layer is fine, and what to say of it; None where there is nothing to say."""


def _skipped(name: str, failed: bool) -> Layer:
    advice = words.AFTER_A_FAILURE if failed else words.pick("unseen", words.UNSEEN, name, "")
    return Layer(name, ok=False, skipped=True, message=advice.message, code=advice.code)


def _fault_of(layer: str, fault: str | None, table: Mapping[str, Advice]) -> Judged:
    if fault is None:
        return None
    return (fault == "", words.pick(layer, table, fault, "other"))


def _tls(facts: Facts, _: Wants) -> Judged:
    if not facts.uses_tls:
        return True, words.PLAIN_HTTP
    return _fault_of("tls", facts.tls_fault, words.TLS)


def _http(facts: Facts, _: Wants) -> Judged:
    judged = _fault_of("http", facts.http_fault, words.HTTP)
    if judged is None:
        return None
    ok, advice = judged
    return ok, advice.about(status=facts.http_status or "", location=facts.location or "elsewhere")


def _wordpress(facts: Facts, _: Wants) -> Judged:
    if facts.wordpress is None:
        return None
    if not facts.wordpress:
        return False, words.NOT_WORDPRESS
    return True, words.IS_WORDPRESS


def _rest(facts: Facts, _: Wants) -> Judged:
    if facts.rest_route is None:
        return None
    if facts.rest_route:
        return True, words.REST_ANSWERS
    advice = words.pick("rest", words.REST, facts.rest_status or 0, 0)
    return False, advice.about(status=facts.rest_status or "nothing", code=facts.rest_code)


def _permalinks(facts: Facts, _: Wants) -> Judged:
    if not facts.rest_route:
        return None
    # Slower and uglier, and all of it works so: no reason to refuse the site (S124).
    return True, words.PRETTY if facts.rest_route == "path" else words.PLAIN_PERMALINKS


def _plugin(facts: Facts, _: Wants) -> Judged:
    if facts.bridge is None:
        return None
    return facts.bridge, words.PLUGIN_ANSWERS if facts.bridge else words.NO_PLUGIN


def _plugin_version(facts: Facts, wants: Wants) -> Judged:
    if facts.new_enough is None:
        return None  # it tells its version only to who has the key
    advice = words.NEW_ENOUGH if facts.new_enough else words.TOO_OLD
    return facts.new_enough, advice.about(
        version=facts.plugin_version or "unknown", oldest=wants.oldest_plugin
    )


def _authorization(facts: Facts, _: Wants) -> Judged:
    if facts.authorization_stripped is None:
        return None
    # We send the key in a second header, too (C11): advice, no failure.
    return True, words.STRIPPED if facts.authorization_stripped else words.NOT_STRIPPED


def _key(facts: Facts, _: Wants) -> Judged:
    if facts.key_accepted is None:
        return None
    if facts.key_accepted:
        return True, words.KEY_ACCEPTED
    advice = words.pick("key", words.KEY, facts.bridge_status or 0, 0)
    return False, advice.about(status=facts.bridge_status or "nothing")


def _write(facts: Facts, _: Wants) -> Judged:
    if facts.write_refused is not None:
        return False, words.WRITE_REFUSED.about(status=facts.write_refused or "nothing")
    if facts.questions_refused is not None:
        return False, words.QUESTIONS_REFUSED.about(status=facts.questions_refused or "nothing")
    if facts.can_write is None:
        return None
    return facts.can_write, words.CAN_WRITE if facts.can_write else words.CANNOT_WRITE


def _seo(facts: Facts, _: Wants) -> Judged:
    if not facts.key_accepted:
        return None
    if facts.seo_plugin:
        return True, words.SEO_PLUGIN.about(plugin=facts.seo_plugin)
    return True, words.NO_SEO_PLUGIN


def _upload_limits(facts: Facts, wants: Wants) -> Judged:
    if facts.max_body_bytes is None:
        return None
    enough = facts.max_body_bytes >= wants.largest_body
    advice = words.BODIES_FIT if enough else words.SMALL_BODIES
    return True, advice.about(limit=_mib(facts.max_body_bytes), wanted=_mib(wants.largest_body))


def _mib(size: int) -> str:
    return f"{size / 2**20:.3g} MiB"


_JUDGES: Mapping[str, Callable[[Facts, Wants], Judged]] = {
    "address": lambda facts, _: _fault_of("address", facts.address_fault, words.ADDRESS),
    "dns": lambda facts, _: _fault_of("dns", facts.dns_fault, words.DNS),
    "tcp": lambda facts, _: _fault_of("tcp", facts.tcp_fault, words.TCP),
    "tls": _tls,
    "http": _http,
    "wordpress": _wordpress,
    "rest": _rest,
    "permalinks": _permalinks,
    "plugin": _plugin,
    "plugin_version": _plugin_version,
    "authorization": _authorization,
    "key": _key,
    "write": _write,
    "seo": _seo,
    "upload_limits": _upload_limits,
}
LAYERS = tuple(_JUDGES)
