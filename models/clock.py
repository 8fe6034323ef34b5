"""The database's clock. Leases and due dates compare with it, never with a host's own."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


# SQLAlchemy writes SQLite's datetimes with six digits, as text: ours must sort among them.
SQLITE_FORMAT = "%Y-%m-%d %H:%M:%f000"


class now(FunctionElement[datetime]):  # noqa: N801 - reads as SQL
    """The database's present time."""

    type = UtcDateTime()
    inherit_cache = True


class now_plus(FunctionElement[datetime]):  # noqa: N801 - reads as SQL
    """The database's present time and some seconds, given as a number or an expression."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float | ColumnElement[Any]) -> None:
        if isinstance(seconds, int | float):
            super().__init__(sa.literal(seconds, sa.Float))
        else:
            super().__init__(seconds)


# Not clock_timestamp(): that is volatile, and no index can be asked for what is due by it.
@compiles(now)
def _now(element: now, compiler: SQLCompiler, **options: Any) -> str:
    return "statement_timestamp()"


@compiles(now, "sqlite")
def _now_sqlite(element: now, compiler: SQLCompiler, **options: Any) -> str:
    return f"(strftime('{SQLITE_FORMAT}', 'now'))"


@compiles(now_plus)
def _now_plus(element: now_plus, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(statement_timestamp() + make_interval(secs => ({seconds})::double precision))"


@compiles(now_plus, "sqlite")
def _now_plus_sqlite(element: now_plus, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(strftime('{SQLITE_FORMAT}', 'now', ({seconds}) || ' seconds'))"
