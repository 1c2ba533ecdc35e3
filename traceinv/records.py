"""The records that flow from question to score, and their JSONL form.

The types are the barrier: a `Disclosure` has no field for a trace, so nothing on the tester's side of it can read one.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from traceinv.errors import InputError, nearest

FinishReason = Literal["stop", "length"]


class Record(BaseModel):
    """A row of an artifact: immutable, closed to unknown fields, identified by the question's id."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str


class Question(Record):
    """A question as anyone may see it.

    Attributes:
        kind: the family or subject that it belongs to.
    """

    kind: str
    text: str


class Transcript(Record):
    """What a reasoning model wrote for a question: hidden for a target, open for a surrogate.

    Attributes:
        trace: the text between the reasoning markers; None where the model closed none.
        answer: the text after it; None where the model gave none.
        finish_reason: `length` where the token limit cut the text off.
    """

    question: Question
    trace: str | None
    answer: str | None
    finish_reason: FinishReason

    @property
    def complete(self) -> bool:
        """Whether it has a trace and an answer and ended by itself."""
        return bool(self.trace) and bool(self.answer) and self.finish_reason == "stop"


class Disclosure(Record):
    """What a target shows of one transcript: the answer and, by policy, a summary."""

    question: Question
    answer: str
    summary: str | None


class Inversion(Record):
    """A disclosure with the trace that an inverter wrote for it.

    Attributes:
        with_summary: whether the inverter was shown the summary.
        trace: None where the inverter wrote nothing that can be used.
    """

    disclosure: Disclosure
    with_summary: bool
    trace: str | None
    finish_reason: FinishReason


class Example(Record):
    """One row of supervised fine-tuning, as plain text; `traceinv.formatting` turns it into tokens.

    Attributes:
        prompt: the user's message.
        completion: the whole reply, reasoning markers included, without the end-of-sequence token.
    """

    prompt: str
    completion: str


R = TypeVar("R", bound=Record)


def write_jsonl(path: Path, records: Iterable[Record]) -> None:
    """Write one JSON object a line, in the order given."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(record.model_dump_json() + "\n" for record in records)


def read_jsonl(path: Path, kind: type[R]) -> list[R]:
    """Read records back.

    Raises:
        InputError: a line is not a record of this kind; the message names file, line and field.
    """
    records = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                records.append(kind.model_validate_json(line))
            except ValidationError as error:
                raise InputError(f"{path}:{number}: {describe(error, kind)}") from None
    return records


def describe(error: ValidationError, kind: type[BaseModel]) -> str:
    """The first fault of a validation as one line: which field, what was wrong, and the nearest right name."""
    fault = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown key {where!r}{nearest(str(fault['loc'][-1]), _fields_at(kind, fault['loc'][:-1]))}"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    if fault["type"] == "value_error":  # a validator of ours
        message = str(fault["ctx"]["error"])
        if not where:  # of the whole, which it tells more about than the first few of its keys
            return message
    got = "" if fault["type"] == "missing" else f", got {_short(fault['input'])}"
    return f"{where}: {message}{got}" if where else f"{message}{got}"


def _fields_at(kind: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The field names of the model that stands at `path` inside `kind`."""
    model: type[BaseModel] = kind
    for part in path:
        field = model.model_fields.get(str(part))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return list(model.model_fields)


def _short(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."
