"""`igny8 user`: the people of an account, and what each may do."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.exits import CommandError, Exit
from cli.output import output

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models import User

DEFAULT_ACCOUNT = "default"
LONGEST_EMAIL = 254
"""Characters (RFC 5321 section 4.5.3.1.3)."""


class RoleName(StrEnum):
    """`models.Role`, for the command line: reading the models takes half a second."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Who it is.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="People, and what each may do.", no_args_is_help=True)
    commands.command("add")(add)
    commands.command("list")(list_users)
    commands.command("role")(set_role)
    commands.command("disable")(disable)
    commands.command("enable")(enable)
    app.add_typer(commands, name="user")


def add(
    email: Email,
    role: Annotated[RoleName, typer.Option(help="What they may do.")] = RoleName.EDITOR,
    account: Annotated[str, typer.Option(help="Whose they are; made when missing.")] = (
        DEFAULT_ACCOUNT
    ),
) -> None:
    """Add somebody; they get in by a token: `igny8 token create NAME --user EMAIL`."""
    from sqlalchemy.exc import IntegrityError

    from cli.site_records import ensure_account
    from models import Role, User
    from models.session import session_scope

    written = email.strip().lower()
    local, at, domain = written.rpartition("@")
    if not (local and at and domain) or len(written) > LONGEST_EMAIL or len(written.split()) > 1:
        raise CommandError(f"{email!r} is no e-mail address", Exit.BAD_INPUT)
    try:
        with session_scope() as session:
            row = User(
                account_id=ensure_account(session, account.strip()).id,
                email=written,
                role=Role(role.value),
            )
            session.add(row)
            session.flush()
            values = _values(row)
    except IntegrityError:
        raise CommandError(f"{written} is there already", Exit.BAD_INPUT) from None
    output().line(f"Added {written}, {role.value}")
    output().result(values)


def list_users() -> None:
    """Show everybody."""
    import sqlalchemy as sa
    from sqlalchemy.orm import joinedload

    from models import User
    from models.session import session_scope

    with session_scope(read_only=True) as session:
        query = sa.select(User).options(joinedload(User.account)).order_by(User.id)
        rows = [_values(user) | {"account": user.account.name} for user in session.scalars(query)]
    columns = ("id", "email", "account", "role", "disabled_at")
    output().table(columns, ([row[column] for column in columns] for row in rows))
    output().result({"users": rows})


def set_role(email: Email, role: Annotated[RoleName, typer.Argument()]) -> None:
    """Change what somebody may do, from their next request on."""
    from models import Role

    _change(email, {"role": Role(role.value)}, f"{email} is {role.value} now")


def disable(email: Email) -> None:
    """Keep somebody out; their tokens open nothing any more."""
    from models.clock import now

    _change(email, {"disabled_at": now()}, f"{email} is kept out")


def enable(email: Email) -> None:
    """Let somebody in again, by the tokens they have."""
    _change(email, {"disabled_at": None}, f"{email} is let in")


def find_user(session: "Session", email: str) -> "User":
    """Return somebody by their address.

    Raises:
        CommandError: nobody has it.
    """
    import sqlalchemy as sa

    from models import User

    found = session.scalars(sa.select(User).filter_by(email=email.strip().lower())).one_or_none()
    if found is None:
        raise CommandError(f"there is no user {email!r}: see `igny8 user list`", Exit.BAD_INPUT)
    return found


def _change(email: str, values: dict[str, Any], words: str) -> None:
    import sqlalchemy as sa

    from models import User
    from models.session import session_scope

    with session_scope() as session:
        user = find_user(session, email)
        session.execute(sa.update(User).where(User.id == user.id).values(**values))
        session.refresh(user)
        shown = _values(user)
    output().line(words)
    output().result(shown)


def _values(user: "User") -> dict[str, Any]:
    disabled = user.disabled_at
    return {
        "id": user.id,
        "email": user.email,
        "role": user.role.value,
        "disabled_at": disabled and disabled.isoformat(timespec="seconds"),
    }
