"""What `igny8 site` does: record a site, list them, ask them how they are."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import typer
from sqlalchemy.orm import joinedload

from cli.bell import wake_workers
from cli.exits import CommandError, Exit
from cli.finding import find_integration, normalised
from cli.output import output
from cli.private_hosts import allow_private_host
from cli.site_records import (
    Look,
    NewSite,
    Recorded,
    advice,
    check_key,
    look_at,
    record_look,
    record_site,
    target_or_fault,
)
from cli.standing import site_values
from models import Integration, Site
from models.session import session_scope
from models.sites.keys import new_site_key
from models.sites.standing import why_off
from platforms import Target
from platforms.site_addresses import Inside, inside
from tasks.open_files import allow_many

CHECKS_AT_ONCE = 8
"""A dead site takes its whole timeout; the others need not wait for it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `igny8 site add`."""

    url: str
    key: str | None
    key_stdin: bool
    generate_key: bool
    name: str | None
    account: str
    allow_private: bool
    check: bool
    replace: bool
    overlap_hours: int


def add_site(asked: Asked) -> None:
    """Add a site, or give a site its new key; then look whether it answers."""
    address = normalised(asked.url)
    refuse_inside(address, "igny8 site add URL", allowed=asked.allow_private)
    chosen = _key(asked.key, from_stdin=asked.key_stdin, generated=asked.generate_key)
    if asked.allow_private and allow_private_host(address):
        output().note("noted in .env; restart what is running, so that it sees that too")
    with session_scope() as session:
        account = asked.account.strip()
        new = NewSite(address, chosen, asked.name, account, asked.replace, asked.overlap_hours)
        recorded = record_site(session, new)
        values = site_values(recorded.integration)
        target = target_or_fault(recorded.integration)
    _say_recorded(recorded, values)
    result: dict[str, Any] = {
        "site_id": values["site_id"],
        "url": values["url"],
        "added": recorded.added,
        "key_changed": recorded.new_key,
    }
    if asked.generate_key:
        # The site can't know this key yet: to look now would only find that out.
        output().line(f"Key, shown only now: {chosen}")
        output().line("Enter it in the plugin's settings, then `igny8 site check` this site.")
        output().result({"site": values, **result, "key": chosen, "check": None})
    elif asked.check:
        _check([(target, values)], result)
    else:
        output().result({"site": values, **result, "check": None})


def refuse_inside(address: str, command: str, *, allowed: bool) -> None:
    """Refuse our own address, and a private one that nobody has allowed (RFC 6890).

    ``command`` is what was typed: the refusal says it again, with the option that allows it.
    A name is looked up when it is talked to, each time: what it means may change.
    """
    match inside(address):
        case Inside.OWN:
            raise CommandError(f"{address} is our own address", Exit.BAD_INPUT)
        case Inside.PRIVATE if not allowed:
            host = urlsplit(address).hostname
            raise CommandError(
                f"{host} is not a public address; where that is meant: {command} --allow-private",
                Exit.BAD_INPUT,
            )


def _key(given: str | None, *, from_stdin: bool, generated: bool) -> str:
    if (given is not None) + from_stdin + generated > 1:
        raise CommandError("take one of --key, --key-stdin and --generate-key", Exit.USAGE)
    if generated:
        return new_site_key()
    if from_stdin:
        return check_key(sys.stdin.readline())
    if given is None and not sys.stdin.isatty():
        raise CommandError("give the key: --key KEY, --key-stdin or --generate-key", Exit.USAGE)
    return check_key(typer.prompt("Key", hide_input=True) if given is None else given)


def _say_recorded(recorded: Recorded, values: dict[str, Any]) -> None:
    what = f"site {values['id']}, {values['url']}"
    if recorded.added:
        output().line(f"Added {what}")
    elif recorded.new_key:
        output().line(f"Changed the key of {what}")
    else:
        output().line(f"Nothing new: {what} has this key")


def check_sites(chosen: str | None) -> None:
    """Ask a site, or all that are on, how they are; one that is well again goes on with its work.

    Raises:
        CommandError: there is none to ask.
    """
    allow_many()
    with session_scope(read_only=True) as session:
        if chosen is not None:
            rows = [find_integration(session, chosen)]
        else:
            with_account = joinedload(Integration.site).joinedload(Site.account)
            query = sa.select(Integration).options(with_account).order_by(Integration.site_id)
            every = list(session.scalars(query))
            if not every:
                words = "there is no site yet: igny8 site add URL --key KEY"
                raise CommandError(words, Exit.BAD_INPUT)
            rows = [row for row in every if why_off(row) is None]
            if left_out := len(every) - len(rows):
                output().note(f"left out {left_out} that are switched off or of suspended accounts")
        subjects = [(target_or_fault(row), site_values(row)) for row in rows]
    if not subjects:
        raise CommandError("every site is switched off, or its account suspended", Exit.BAD_INPUT)
    _check(subjects, {})


def _check(subjects: list[tuple[Target | Look, dict[str, Any]]], result: dict[str, Any]) -> None:
    """Look at the sites, write down and say what was seen; exit 3 when one is not well."""
    checks: list[dict[str, Any]] = []
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        looks = pool.map(look_at, [target for target, _ in subjects])
        for look, (_, values) in zip(looks, subjects, strict=True):
            record_look(look)
            checks.append(_say_look(look, values))
    if any(check["ok"] for check in checks):
        wake_workers()  # parked work may go on
    if result:
        output().result({"site": subjects[0][1], **result, "check": checks[0]})
    else:
        output().result({"checks": checks})
    if not all(check["ok"] for check in checks):
        raise typer.Exit(Exit.UNREACHABLE)


def _say_look(look: Look, values: dict[str, Any]) -> dict[str, Any]:
    names = {"site": values["id"], "site_id": values["id"], "url": values["url"]}
    told = names | {"ok": look.error is None}
    if look.status is None:
        words = advice(look, values["id"])
        output().error(f"{values['url']}: {words}", **told)
        return told | {"code": look.error.code if look.error else None, "problem": words}
    seen = look.status
    output().line(
        f"{values['url']}: well. WordPress {seen.wordpress_version}, plugin "
        f"{seen.plugin_version}, PHP {seen.php_version}, time zone {seen.timezone}"
    )
    return told | {"status": asdict(seen)}
