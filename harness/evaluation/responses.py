"""Graded responses, one a line: written as they come, kept raw, so that they can be graded again without a model."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.grading import Grade, State
from traceinv.errors import InputError
from traceinv.schema import describe

SAMPLES = "samples"
"""The folder of a run that holds a file of samples a task."""

Finish = Literal["stop", "length", "other"]
Key = tuple[str, int]
"""An item's id and the number of the sample."""


class Verdict(BaseModel):
    """What became of one response to one item.

    Attributes:
        sample: 0 for the first response to the item, 1 for the next: repeats are distinct.
        finish_reason: `length` where the token limit cut it off, `other` where a server ended it for a reason of its own,
            None where it was not recorded.
        tokens: generated ones, the one that ends the text among them; None where a server does not say, or it was not recorded.
        value: the score from 0 to 1; None where the item is ungradable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    sample: int = Field(ge=0)
    finish_reason: Finish | None
    tokens: int | None
    state: State
    value: float | None
    extracted: str | None
    explanation: str

    @property
    def key(self) -> Key:
        return self.id, self.sample

    @property
    def cut_off(self) -> bool:
        """Whether more tokens might have changed it: it hit the limit, or never closed its reasoning."""
        return self.finish_reason == "length" or self.state == "unfinished"


class Sample(Verdict):
    """A verdict with the response itself.

    Attributes:
        prompt_hash: SHA-256 of the prompt as the model read it.
        response: raw, the reasoning included; where the prompt itself opens the reasoning, that marker stands first.
    """

    prompt_hash: str
    response: str


def value_of(grade: Grade) -> float | None:
    """A grade's value, None where there is none."""
    return None if grade.state == "ungradable" else grade.value


class SampleFile:
    """The samples of one task in a run's folder: appended to while the model writes, in order once it is done.

    A process that is killed leaves at most one line half written; it is cut off when the file is opened again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples: dict[Key, Sample] = {}
        if path.exists():
            _cut_torn_line(path)
            for sample in read_samples(path):
                self.samples[sample.key] = sample

    def append(self, samples: Iterable[Sample]) -> None:
        """Add samples; they are on the disk when it returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            for sample in samples:
                self.samples[sample.key] = sample
                file.write(sample.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def order(self, keys: Sequence[Key]) -> list[Sample]:
        """Rewrite the file in this order, each sample once, and return them: however often it was killed, it reads the same."""
        ordered = [self.samples[key] for key in keys]
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.draft")
        draft.write_text("".join(sample.model_dump_json() + "\n" for sample in ordered), encoding="utf-8")
        draft.replace(self.path)
        return ordered


def read_samples(path: Path) -> Iterator[Sample]:
    """The samples of a file.

    Raises:
        InputError: a line is no sample; the message names file, line and field.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield Sample.model_validate_json(line)
            except ValidationError as error:
                raise InputError(f"{path}:{number}: {describe(error, Sample)}") from None


class Recorded(BaseModel):
    """A line of a file of recorded responses, by `traceinv bench` or another program, whose other keys are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    id: str
    response: str
    finish_reason: Finish | None = None
    tokens: int | None = None


def read_recorded(path: Path) -> list[tuple[str, Recorded]]:
    """Recorded responses with `FILE:LINE` of each.

    Raises:
        InputError: the file is missing or empty, or a line is not of the form; the message names file, line and field.
    """
    try:
        lines = path.read_text(encoding="utf-8").split(
            "\n"
        )  # splitlines() also splits at U+2028, which JSON leaves raw
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    found = [(f"{path}:{number}", line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise InputError(f'{path}: no line; expected {{"id": ..., "response": ...}} on each')
    return [(where, _recorded(where, line)) for where, line in found]


def _recorded(where: str, line: str) -> Recorded:
    try:
        content: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}") from None
    if isinstance(content, dict):
        if type(content.get("id")) is int:  # some sets number their items
            content["id"] = str(content["id"])
        if isinstance(
            content.get("response"), str
        ):  # half a character, as some tokenizers write, is no reason to refuse
            content["response"] = content["response"].encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    try:
        return Recorded.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {describe(error, Recorded)}") from None


def _cut_torn_line(path: Path) -> None:
    with path.open("rb+") as file:
        whole = file.read().rpartition(b"\n")
        file.truncate(len(whole[0]) + len(whole[1]))
