"""Read the logs of inspect_ai (`.eval` and `.json`), through the `inspect_ai` package.

The package reads logs of every version and both forms; what is used of a log is declared here.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.files import replace_half_characters
from harness.logs.samples import Log, LoggedSample, Wanted, check_score, check_unique, choose, collapsed
from traceinv.errors import InputError
from traceinv.records import FinishReason
from traceinv.schema import describe

FORMAT = "inspect"
LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Scores that inspect_ai writes as letters: correct, partly correct, incorrect, no answer."""
WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
STOP_REASONS: Mapping[str, FinishReason | None] = {
    "stop": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "unknown": None,
}
"""Our names of inspect_ai's reasons; all others are `other`."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Content(_Part):
    type: str
    text: str = ""
    reasoning: str = ""


class _Message(_Part):
    role: str
    content: str | list[_Content] = ""

    def text(self) -> str:
        """Return the text, reasoning between its markers."""
        parts = [_Content(type="text", text=self.content)] if isinstance(self.content, str) else self.content
        return "".join(f"<think>{part.reasoning}</think>" if part.type == "reasoning" else part.text for part in parts)


class _Choice(_Part):
    message: _Message
    stop_reason: str = "unknown"


class _Usage(_Part):
    output_tokens: int


class _Output(_Part):
    choices: list[_Choice] = []
    usage: _Usage | None = None


class _Score(_Part):
    value: Any


class _Sample(_Part):
    id: int | str
    epoch: int = 1
    input: str | list[_Message]
    output: _Output = _Output()
    scores: dict[str, _Score] | None = None
    error: Any = None


class _Spec(_Part):
    task: str
    task_version: int | str = 0
    model: str


class InspectLog(_Part):
    """What is used of a log; the names are those of inspect_ai's `EvalLog`."""

    eval: _Spec
    samples: list[_Sample] | None = None


def load(path: Path) -> Mapping[str, Any]:
    """Load a log as plain values.

    Raises:
        InputError: the package is not installed, or it cannot read the file.
    """
    try:
        from inspect_ai.log import read_eval_log
    except ImportError:
        raise InputError(f"{path}: logs of inspect_ai are read by its package; run: pip install inspect_ai") from None
    try:
        log = read_eval_log(str(path), resolve_attachments="core")
    except Exception as error:  # noqa: BLE001  # the package does not say which errors it raises
        raise InputError(f"{path}: inspect_ai cannot read it: {' '.join(str(error).split())[:200]}") from None
    content: Mapping[str, Any] = log.model_dump(
        include={"eval": True, "samples": {"__all__": set(_Sample.model_fields)}}
    )
    return content


def read_file(path: Path, wanted: Wanted) -> Log:
    """Read a log.

    Raises:
        InputError: as `load` and `read_content`.
    """
    return read_content(load(path), path, wanted)


def read_content(content: Mapping[str, Any], path: Path, wanted: Wanted) -> Log:
    """Read a log's plain values.

    Where no metric is wanted, the scores are those of the first scorer. A sample that ended in an error has no score.

    Args:
        path: the log's file, for messages.

    Raises:
        InputError: the log is not of the form, has no sample, or has no such score.
    """
    try:
        log = InspectLog.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, InspectLog)}") from None
    if not log.samples:
        raise InputError(f"{path}: the log has no sample")
    names = _score_names(log.samples)
    if wanted.scores and not names:
        raise InputError(f"{path}: no sample has a score")
    chosen = choose(names, wanted.metric, "score", path) if wanted.scores else None
    samples = [_logged(sample, f"{path}: sample {sample.id}", log.eval.task, chosen) for sample in log.samples]
    check_unique(samples)
    return Log(
        path,
        FORMAT,
        samples,
        model=log.eval.model,
        scored_by=chosen,
        other_scores=tuple(name for name in names if name != chosen),
    )


def _score_names(samples: Sequence[_Sample]) -> list[str]:
    """List the scores: `SCORER`, and `SCORER/KEY` where a scorer gives several values."""
    names: dict[str, None] = {}
    for sample in samples:
        for scorer, score in (sample.scores or {}).items():
            keys = score.value if isinstance(score.value, dict) else [None]
            names |= dict.fromkeys(scorer if key is None else f"{scorer}/{key}" for key in keys)
    return list(names)


def _logged(sample: _Sample, where: str, task: str, score: str | None) -> LoggedSample:
    choice = sample.output.choices[0] if sample.output.choices else None
    return LoggedSample(
        where=where,
        task=task.rpartition("/")[2],
        id=str(sample.id),
        sample=sample.epoch - 1,
        named=isinstance(sample.id, str),
        response=replace_half_characters(choice.message.text()) if choice else None,
        score=None if score is None or sample.error is not None else _value_of(sample, score, where),
        texts=_texts(sample.input),
        finish_reason=STOP_REASONS.get(choice.stop_reason, "other") if choice else None,
        tokens=sample.output.usage.output_tokens if sample.output.usage else None,
    )


def _texts(asked: str | Sequence[_Message]) -> tuple[str, ...]:
    if isinstance(asked, str):
        return collapsed([asked])
    return collapsed([message.text() for message in asked if message.role == "user"])


def _value_of(sample: _Sample, name: str, where: str) -> float | None:
    """Return a sample's score; None where it has none, which inspect_ai writes as NaN.

    Raises:
        InputError: it does not stand for a number from 0 to 1.
    """
    scores = sample.scores or {}
    scorer = name if name in scores else name.partition("/")[0]
    value = scores[scorer].value if scorer in scores else None
    if isinstance(value, dict):
        value = value.get(name.removeprefix(f"{scorer}/"))
    if isinstance(value, str):
        value = LETTERS.get(value, WORDS.get(value.lower(), value))
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return check_score(float(value), f"{where}: {name}")
    except (TypeError, ValueError):
        raise InputError(
            f"{where}: {name}: expected a score from 0 to 1 or one of C, P, I, N; got {value!r:.60}"
        ) from None
