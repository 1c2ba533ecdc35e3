"""Pairs of true and inverted traces in a JSONL file that need not fit in memory: checked line by line, read again by place."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.faithfulness.lines import LONGEST_LINE, read_lines
from traceinv.errors import InputError, nearest
from traceinv.lab.families import FAMILIES
from traceinv.schema import describe


class Pair(BaseModel):
    """One line.

    Attributes:
        truth: the target's trace.
        inverted: the trace that an inverter wrote for the same question.
        second: another sample of the target's trace for this question, for the ceiling.
        id: the question's; lines with one id are samples of one question. The line number where left out.
        kind: what it is compared within for the floor: a subject, or a family of the lab, whose exact reader is then used.
        question, answer: what the target was asked, and what it answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    truth: str
    inverted: str
    second: str | None = None
    id: str | int | None = None
    kind: str = ""
    question: str | None = None
    answer: str | None = None


@dataclass
class Pairs:
    """Where each pair stands in its file, and what the floor is drawn by.

    Attributes:
        places: byte offset and line number of each.
        lengths: of its inverted trace, in characters.
        questions: a number for each pair, the same for pairs with one id.
    """

    path: Path
    places: list[tuple[int, int]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.places)

    def read(self, file: BinaryIO, index: int) -> Pair:
        """One pair again."""
        offset, number = self.places[index]
        file.seek(offset)
        return parse(self.path, number, file.readline(LONGEST_LINE + 1))


def index_pairs(path: Path) -> Pairs:
    """Check every line of a file of pairs, and note where it stands.

    Raises:
        InputError: the file cannot be read or holds no pair, or a line is wrong; the message names file and line.
    """
    pairs = Pairs(path)
    numbers: dict[str | int, int] = {}
    if path.is_fifo():  # which would keep waiting for someone to write
        raise InputError(f"{path}: expected a file, which is read twice; got a pipe")
    try:
        with path.open("rb") as file:
            for offset, number, line in read_lines(path, file):
                pair = parse(path, number, line)
                pairs.places.append((offset, number))
                pairs.lengths.append(len(pair.inverted))
                pairs.kinds.append(pair.kind)
                key = number if pair.id is None else f"id {pair.id}"
                pairs.questions.append(numbers.setdefault(key, len(numbers)))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if not pairs.places:
        raise InputError(f"{path}: expected a line of JSON for each pair, got an empty file")
    return pairs


def parse(path: Path, number: int, line: bytes) -> Pair:
    """One line as a pair.

    Raises:
        InputError: it is not one.
    """
    try:
        pair = Pair.model_validate_json(line)
    except ValidationError as error:
        raise InputError(f"{path}:{number}: {_fault(error)}") from None
    if pair.kind in FAMILIES:
        try:
            FAMILIES[pair.kind].read(pair.question or "", "")
        except (ValueError, KeyError):
            raise InputError(f"{path}:{number}: question: expected one of the lab's family {pair.kind!r}") from None
    return pair


def _fault(error: ValidationError) -> str:
    """The fault in one line; for a missing field, the key that may have been meant."""
    fault = error.errors(include_url=False)[0]
    if fault["type"] == "json_invalid":
        return f"not JSON: {fault['ctx']['error']}"
    if fault["loc"][:1] == ("id",):  # pydantic tells of the first kind only
        return f"id: expected text or a whole number, got {fault['input']!r:.80}"
    if fault["type"] != "missing":
        return describe(error, Pair)
    name = str(fault["loc"][0])
    others = [key for key in fault["input"] if key not in Pair.model_fields]
    close = nearest(name, others) if others else ""
    return f"missing field {name!r}{close if 'did you mean' in close else ''}"
