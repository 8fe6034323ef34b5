"""`igny8 token`: who may call the API."""

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import CommandError, Exit
from cli.output import output
from cli.users import DEFAULT_ACCOUNT, RoleName, find_user

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models import Account

SHOWN = 14
"""Letters of a token that are kept to recognise it by."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Tokens for the API.", no_args_is_help=True)
    commands.command("create")(create)
    commands.command("list")(list_tokens)
    commands.command("revoke")(revoke)
    app.add_typer(commands, name="token")


def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or for what.")],
    account: Annotated[
        str | None, typer.Option(help="The account it opens, if not its user's.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="Whose it is, by e-mail; else a machine's.")] = (
        None
    ),
    role: Annotated[
        RoleName, typer.Option(help="What it opens at most; a user's no more than the user may.")
    ] = RoleName.ADMIN,
) -> None:
    """Make a token and show it, this once."""
    from models import ApiToken, Role
    from models.account import API_PREFIX
    from models.encryption import digest
    from models.session import session_scope

    token = API_PREFIX + secrets.token_urlsafe(32)
    with session_scope() as session:
        owner = find_user(session, user) if user else None
        if owner is not None and account not in {None, owner.account.name}:
            raise CommandError(f"{user} is of the account {owner.account.name!r}", Exit.BAD_INPUT)
        whose = owner.account if owner else _account(session, account or DEFAULT_ACCOUNT)
        row = ApiToken(
            account=whose,
            user=owner,
            role=Role(role.value),
            name=name,
            prefix=token[:SHOWN],
            digest=digest(token),
        )
        session.add(row)
        session.flush()
        values = {"id": row.id, "name": name, "account": whose.name}
    out = output()
    out.line(token)
    out.note("This is shown once: we keep only its digest.")
    out.result({**values, "user": user, "role": role.value, "token": token})


def list_tokens() -> None:
    """Show all tokens by their first letters."""
    import sqlalchemy as sa
    from sqlalchemy.orm import joinedload

    from models import ApiToken
    from models.session import session_scope

    with session_scope(read_only=True) as session:
        query = (
            sa.select(ApiToken)
            .options(joinedload(ApiToken.account), joinedload(ApiToken.user))
            .order_by(ApiToken.id)
        )
        rows = [
            {
                "id": token.id,
                "name": token.name,
                "account": token.account.name,
                "user": token.user and token.user.email,
                "role": token.role.value,
                "prefix": token.prefix,
                "created_at": token.created_at.isoformat(timespec="seconds"),
                "revoked_at": token.revoked_at and token.revoked_at.isoformat(timespec="seconds"),
            }
            for token in session.scalars(query)
        ]
    columns = ("id", "name", "account", "user", "role", "prefix", "created_at", "revoked_at")
    output().table(columns, ([row[column] for column in columns] for row in rows))
    output().result({"tokens": rows})


def revoke(
    which: Annotated[str, typer.Argument(help="Its id or its name, as `token list` shows them.")],
) -> None:
    """End a token's use, at once and for good."""
    import sqlalchemy as sa

    from models import ApiToken
    from models.clock import now
    from models.session import session_scope

    with session_scope() as session:
        living = sa.select(ApiToken).where(ApiToken.revoked_at.is_(None))
        # As text: a number that is too large for the column is just no id.
        wanted = (ApiToken.name == which) | (sa.cast(ApiToken.id, sa.String) == which)
        found = session.scalars(living.where(wanted)).all()
        if len(found) != 1:
            fault = "more than one token goes" if found else "no token in use goes"
            raise CommandError(f"{fault} by {which!r}: see `igny8 token list`", Exit.BAD_INPUT)
        session.execute(
            sa.update(ApiToken).where(ApiToken.id == found[0].id).values(revoked_at=now())
        )
        number, name = found[0].id, found[0].name
    output().line(f"revoked {name!r}")
    output().result({"id": number, "name": name, "revoked": True})


def _account(session: "Session", name: str) -> "Account":
    """Return the account of this name; the default one is made when it is missing."""
    import sqlalchemy as sa

    from models import Account

    found = session.scalar(sa.select(Account).filter_by(name=name))
    if found is None and name != DEFAULT_ACCOUNT:
        raise CommandError(f"there is no account {name!r}", Exit.BAD_INPUT)
    return found or Account(name=name)
