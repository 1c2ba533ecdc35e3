"""The base of every configuration and record that people write, and how a fault in one is described."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from traceinv.errors import nearest


class Closed(BaseModel):
    """A pydantic model that is immutable, refuses unknown keys, and refuses NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Trusted = Annotated[bool, Field(exclude_if=lambda trusted: not trusted)]
"""Whether Python code in a model's folder may be run. It is only where a recipe says so, for that model alone; where it does not,
the field is left out, so that keys of artifacts are those of a model without code."""


class FieldFault(ValueError):
    """A fault of a field inside the value that a validator looks at.

    Attributes:
        field: its dotted path there; empty for the value itself.
        reason: what was wrong.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason

    @classmethod
    def of(cls, error: ValidationError, kind: type[BaseModel]) -> "FieldFault":
        """Return the first fault of a validation of `kind`, unknown keys first."""
        faults = error.errors(include_url=False)
        fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
        place = fault["loc"]
        where = ".".join(str(part) for part in place)
        if fault["type"] == "extra_forbidden":
            known = _fields_at(kind, place[:-1])
            return cls("", f"unknown key {where!r}{nearest(str(place[-1]), known) if known else ''}")
        if fault["type"] == "missing":
            return cls(where, "field required")
        if fault["type"] == "value_error":  # raised by one of our validators
            inner = fault["ctx"]["error"]
            if isinstance(inner, cls):
                return cls(".".join(part for part in (where, inner.field) if part), inner.reason)
            reason = str(inner)
            return cls(where, f"{reason}, got {_short(fault['input'])}" if where else reason)
        return cls(where, f"{fault['msg'][0].lower()}{fault['msg'][1:]}, got {_short(fault['input'])}")


def describe(error: ValidationError, kind: type[BaseModel]) -> str:
    """Describe the first fault of a validation in one line: the field, what was wrong, and the nearest right name."""
    return str(FieldFault.of(error, kind))


def _fields_at(kind: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """List the field names of the model at `path` inside `kind`; empty where no model stands there."""
    place: Any = kind
    for part in path:
        model = _model_in(place)
        if get_origin(place) in (dict, list, tuple):
            place = get_args(place)[-1]
        elif model and str(part) in model.model_fields:
            place = model.model_fields[str(part)].annotation
    model = _model_in(place)
    return list(model.model_fields) if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation stands for, also within a union or `Annotated`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (dict, list, tuple):
        return None
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _short(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."
