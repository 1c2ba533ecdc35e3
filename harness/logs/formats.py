"""Tell the format of a log by its content, and read it."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.files import MAX_LINE_BYTES, read_json_lines, read_text, refuse_irregular
from harness.logs import every_eval_ever, inspect_ai, lm_eval, recorded
from harness.logs.samples import DEFAULT, Log, Wanted
from traceinv.errors import InputError

Reader = Callable[[Path, Wanted], Log]
HEAD_BYTES = 4096
JSON_DOCUMENT = re.compile(rb'^\s*\{\s*"(?P<key>\w+)"\s*:\s*(?P<value>"[^"]*"|\d+)')
ZIP = b"PK\x03\x04"


def _read_recorded(path: Path, wanted: Wanted) -> Log:
    if path.is_dir():
        return recorded.read_folder(path, wanted)
    if path.name == recorded.RECORD:
        return recorded.read_folder(path.parent, wanted)
    return recorded.read_file(path, wanted, path.stem if path.parent.name == recorded.SAMPLES else "")


def _read_lm_eval(path: Path, wanted: Wanted) -> Log:
    return lm_eval.read_folder(path, wanted) if path.is_dir() else lm_eval.read_file(path, wanted)


READERS: Mapping[str, Reader] = {
    recorded.FORMAT: _read_recorded,
    lm_eval.FORMAT: _read_lm_eval,
    inspect_ai.FORMAT: inspect_ai.read_file,
    every_eval_ever.FORMAT: every_eval_ever.read_file,
}
"""By format: how it is read."""
FORMATS = tuple(READERS)


def read_log(path: Path, wanted: Wanted = DEFAULT, format_name: str | None = None, otherwise: str | None = None) -> Log:
    """Read a log.

    Args:
        path: a file, or a folder of `traceinv bench` or lm-eval.
        format_name: one of `FORMATS`; told by the content where None.
        otherwise: the format of lines that look like none; they are refused where None.

    Raises:
        InputError: the log cannot be read, is of no known format, or is not of its form.
    """
    return READERS[format_name or detect(path, otherwise)](path, wanted)


def detect(path: Path, otherwise: str | None = None) -> str:
    """Tell the format of a log by its content.

    Args:
        otherwise: the format of lines that look like none; they are refused where None.

    Raises:
        InputError: it has none of the formats; the message names what was expected.
    """
    if path.is_dir():
        return _detect_folder(path)
    if path.name == recorded.RECORD or _head(path).startswith(ZIP):
        return recorded.FORMAT if path.name == recorded.RECORD else inspect_ai.FORMAT
    document = JSON_DOCUMENT.match(_head(path))
    if document and document["key"] == b"version" and document["value"].isdigit():
        return inspect_ai.FORMAT
    return _detect_line(path, otherwise)


def is_log(path: Path) -> bool:
    """Say whether a file or folder is of one of the formats."""
    try:
        return bool(detect(path))
    except InputError:
        return False


def is_record(path: Path) -> bool:
    """Say whether a file is a record of `traceinv run`, rather than a log."""
    document = JSON_DOCUMENT.match(_head(path)) if path.is_file() else None
    is_ours = bool(document and document["key"] == b"schema_version" and document["value"].isdigit())
    return is_ours and path.name != recorded.RECORD


def _detect_folder(path: Path) -> str:
    if recorded.is_folder(path):
        return recorded.FORMAT
    if lm_eval.is_folder(path):
        return lm_eval.FORMAT
    raise InputError(
        f"{path}: expected a folder of `traceinv bench` (with samples/TASK.jsonl) or of lm-eval (samples_*.jsonl)"
    )


def _detect_line(path: Path, otherwise: str | None) -> str:
    """Tell the format by the first line."""
    content = _first_object(path)
    tests = {
        every_eval_ever.FORMAT: every_eval_ever.is_row,
        lm_eval.FORMAT: lm_eval.is_row,
        recorded.FORMAT: recorded.is_row,
    }
    for name, is_row in tests.items():
        if is_row(content):
            return name
    if every_eval_ever.is_aggregate(content):
        raise InputError(f"{path}: Every Eval Ever's figures without items; give the file UUID_samples.jsonl beside it")
    if otherwise is not None:
        return otherwise
    raise InputError(
        f"{path}: unknown format, its first keys are {', '.join(list(content)[:6]) or 'none'}; expected rows of traceinv "
        "(id, response), of lm-eval (doc_id, doc, resps), of Every Eval Ever (evaluation_id, sample_id), or inspect_ai's log"
    )


def _first_object(path: Path) -> dict[str, Any]:
    """Return the first line's object, or the file's where it is one JSON object over several lines."""
    if _head(path).strip().split(b"\n", 1)[0].strip() == b"{":
        try:
            content = json.loads(read_text(path, MAX_LINE_BYTES))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}: not JSON: {error}") from None
        return content if isinstance(content, dict) else {}
    line = next(read_json_lines(path), None)
    if line is None:
        raise InputError(f"{path}: no line")
    return line.content


def _head(path: Path) -> bytes:
    refuse_irregular(path)
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
