"""The base of every configuration and record that people write, and how a fault in one is described."""

import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from traceinv.errors import nearest


class Closed(BaseModel):
    """A pydantic model that is immutable, refuses unknown keys, and refuses NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def describe(error: ValidationError, kind: type[BaseModel]) -> str:
    """Describe the first fault of a validation in one line: the field, what was wrong, and the nearest right name."""
    fault = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown key {where!r}{nearest(str(fault['loc'][-1]), _fields_at(kind, fault['loc'][:-1]))}"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    if fault["type"] == "value_error":  # raised by one of our validators
        message = str(fault["ctx"]["error"])
        if not where:  # a validator of the whole model names the field itself
            return message
    got = "" if fault["type"] == "missing" else f", got {_short(fault['input'])}"
    return f"{where}: {message}{got}" if where else f"{message}{got}"


def _fields_at(kind: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """List the field names of the model at `path` inside `kind`."""
    model: type[BaseModel] = kind
    for part in path:
        field = model.model_fields.get(str(part))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return list(model.model_fields)


def _short(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."
