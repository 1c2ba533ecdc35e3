"""What several stages do with rows: find them, leave out those that are too long, refuse to lose too many."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from traceinv.errors import GateError, InputError
from traceinv.records import Example
from traceinv.rows import read_rows

R = TypeVar("R", bound=BaseModel)


def rows_file(folder: Path) -> Path:
    """Return the one JSONL file of a stage that writes records.

    Raises:
        InputError: the folder does not hold exactly one.
    """
    files = sorted(folder.glob("*.jsonl"))
    if len(files) != 1:
        raise InputError(f"{folder}: expected one .jsonl file, got {len(files)}")
    return files[0]


def read_records(folder: Path, kind: type[R]) -> list[R]:
    """Read the records that a stage wrote.

    Raises:
        InputError: a line is not a record of this kind.
    """
    return read_rows(rows_file(folder), kind)


def within_limit(examples: Sequence[Example], model: Path, max_tokens: int) -> list[Example]:
    """Return the examples that have at most `max_tokens` tokens under the model's tokenizer."""
    from transformers import AutoTokenizer

    from traceinv.formatting import encode_example

    tokenizer = AutoTokenizer.from_pretrained(model)
    return [example for example in examples if len(encode_example(tokenizer, example).input_ids) <= max_tokens]


def refuse_losses(what: str, left: int, asked: int, max_dropped: float) -> None:
    """Refuse to go on where nothing is left, or where more than the share `max_dropped` is lost.

    Raises:
        GateError: too much is lost.
    """
    if not left or left < asked * (1 - max_dropped):
        raise GateError(f"{what}: {left} of {asked} are left; at most {max_dropped:.0%} may be lost (max_dropped)")
