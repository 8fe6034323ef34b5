"""The declarative base: naming rules and the column types every table shares."""

import enum
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

from models.clock import UtcDateTime, now

LARGEST_ID = 2**31 - 1
"""PostgreSQL refuses to compare an integer column with more."""


class Base(DeclarativeBase):
    # Named constraints are what let a later migration drop or change them.
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: UtcDateTime,
        dict[str, Any]: sa.JSON,
        list[Any]: sa.JSON,
        # Stored as text, checked in Python: a new state needs no migration.
        enum.StrEnum: sa.Enum(
            enum.StrEnum,
            native_enum=False,
            create_constraint=False,
            length=32,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


created_now = Annotated[datetime, mapped_column(server_default=now())]
