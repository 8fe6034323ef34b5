"""The settings as environment variables, so that every child sees what the supervisor saw."""

import os
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from settings import ROOT, Settings


def overridden(settings: Settings, overrides: Mapping[str, str]) -> Settings:
    """Return the settings as these variables change them; what follows from another follows."""
    if not overrides:
        return settings
    found = variables(settings)
    if settings.uses_embedded_broker:
        found |= {"CELERY_BROKER_URL": "", "REDIS_URL": ""}
    if str(settings.data_dir.resolve()) in settings.database_url:
        found["DATABASE_URL"] = ""
    known: dict[str, Any] = {**found, **overrides}
    return Settings(**known)


def of_children(settings: Settings, overrides: Mapping[str, str]) -> dict[str, str]:
    """Return our own environment, under the settings, under the overrides."""
    found = {**os.environ, **variables(settings), "PYTHONUNBUFFERED": "1"}
    # Flower alone gets it, from its plan.
    found.pop("FLOWER_BASIC_AUTH", None)
    path = [str(ROOT), *filter(None, found.get("PYTHONPATH", "").split(os.pathsep))]
    return {**found, "PYTHONPATH": os.pathsep.join(path), **overrides}


def variables(settings: Settings) -> dict[str, str]:
    """Return every setting as the variable that gives it."""
    values = {
        field.alias or name: _text(getattr(settings, name))
        for name, field in type(settings).model_fields.items()
    }
    # The folder must not depend on where a child stands.
    return {**values, "IGNY8_DATA_DIR": str(settings.data_dir.resolve())}


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple | frozenset):
        return ",".join(_text(item) for item in value)
    return str(value)
