"""Read a JSONL file of pairs of true and inverted traces: check every line first, then read pairs again by their position."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator, ConfigDict, ValidationError

from harness.files import MAX_LINE_BYTES, parse_object, read_json_lines, replace_half_characters
from traceinv.errors import InputError, nearest
from traceinv.records import Question
from traceinv.schema import Closed, describe
from traceinv.steps import has_exact_reader, is_exact

Text = Annotated[str, AfterValidator(replace_half_characters)]


class Pair(Closed):
    """One line of a file of pairs.

    Attributes:
        truth: the target's trace.
        inverted: the trace that an inverter wrote for the same question.
        second: another sample of the target's trace for this question, for the ceiling.
        id: of the question; lines with one id are samples of one question. The line number where it is missing.
        kind: floors are drawn within it. Where it names a kind of question with an exact reader, traces are read by that.
        question: what the target was asked.
        answer: what the target answered.
    """

    model_config = ConfigDict(strict=True)

    truth: Text
    inverted: Text
    second: Text | None = None
    id: str | int | None = None
    kind: str = ""
    question: Text | None = None
    answer: Text | None = None

    def as_question(self) -> Question:
        """Return the question as traces of it are read."""
        return Question(id="", kind=self.kind, text=self.question or "")


@dataclass
class PairFile:
    """The positions of a file's pairs, and what their floors are drawn by.

    Attributes:
        places: byte offset and line number of each pair.
        lengths: of each inverted trace, in characters.
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
        """Read one pair again from the open file."""
        offset, number = self.places[index]
        file.seek(offset)
        where = f"{self.path}:{number}"
        return _parse(parse_object(file.readline(MAX_LINE_BYTES + 1), where), where)


def index_pairs(path: Path) -> PairFile:
    """Check every line of a file of pairs and note its position.

    Raises:
        InputError: the file cannot be read or holds no pair, or a line is wrong; the message names file and line.
    """
    if path.suffix == ".gz":  # which cannot be read again by position
        raise InputError(f"{path}: expected a file that is not packed")
    pairs = PairFile(path)
    numbers: dict[str | int, int] = {}
    for line in read_json_lines(path):
        pair = _parse(line.content, line.where)
        pairs.places.append((line.offset, line.number))
        pairs.lengths.append(len(pair.inverted))
        pairs.kinds.append(pair.kind)
        key = line.number if pair.id is None else f"id {pair.id}"
        pairs.questions.append(numbers.setdefault(key, len(numbers)))
    if not pairs.places:
        raise InputError(f"{path}: expected a line of JSON for each pair, got an empty file")
    return pairs


def _parse(content: dict[str, Any], where: str) -> Pair:
    try:
        pair = Pair.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {_fault(error)}") from None
    if has_exact_reader(pair.kind) and not is_exact(pair.as_question()):
        raise InputError(f"{where}: question: expected one that the reader of the kind {pair.kind!r} knows")
    return pair


def _fault(error: ValidationError) -> str:
    """Describe the fault in one line; for a missing field, name the key that may have been meant."""
    fault = error.errors(include_url=False)[0]
    if fault["loc"][:1] == ("id",):  # pydantic names only the first of the two types
        return f"id: expected text or a whole number, got {fault['input']!r:.80}"
    if fault["type"] != "missing":
        return describe(error, Pair)
    name = str(fault["loc"][0])
    others = [key for key in fault["input"] if key not in Pair.model_fields]
    hint = nearest(name, others) if others else ""
    return f"missing field {name!r}{hint if 'did you mean' in hint else ''}"
