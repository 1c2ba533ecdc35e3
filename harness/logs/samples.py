"""What every reader of logs returns: one entry for each response, and what the log says of all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.files import replace_half_characters
from traceinv.errors import InputError
from traceinv.records import FinishReason

QUESTION_FIELDS = ("question", "problem", "prompt", "text", "question_content", "code")
"""Fields of a benchmark's rows that hold the question, or the part of it that differs from item to item."""
LONG_TEXT = 20
"""Characters from which a field of an unknown name may be the question."""


@dataclass(frozen=True)
class LoggedSample:
    """One response to one item.

    Attributes:
        where: its place in the log, for messages.
        task: the task's name; empty where the log does not name it.
        id: the item's id.
        sample: 0 for the first response to the item, 1 for the next.
        named: whether `id` is the data's own; otherwise it is a number that the program gave to the item.
        response: None where the log has no text, as for tasks that compare likelihoods.
        score: from 0 to 1; None where the response has none, such as after an error.
        texts: the question, or texts that hold it.
        finish_reason, tokens: None where the log does not say.
    """

    where: str
    task: str
    id: str
    sample: int
    named: bool
    response: str | None
    score: float | None
    texts: tuple[str, ...] = ()
    finish_reason: FinishReason | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Log:
    """A log.

    Attributes:
        format: the name of its format.
        samples: in the order of the log.
        model: the model's name; None where the log does not say.
        scored_by: the name of the score that `samples` have; None where the log has none.
        other_scores: names of scores that the log has beside it.
        versions: the version of each task, where the log says it.
    """

    path: Path
    format: str
    samples: Sequence[LoggedSample]
    model: str | None = None
    scored_by: str | None = None
    other_scores: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def tasks(self) -> list[str]:
        """List the tasks in the order of the log."""
        return list(dict.fromkeys(sample.task for sample in self.samples))


@dataclass(frozen=True)
class Wanted:
    """What to read of a log.

    Attributes:
        scores: whether to read scores; without them a log need not have any.
        metric: the score to read where a log has several; the format's own choice where None.
        filter: the filter to read, in lm-eval's files; the first where None.
    """

    scores: bool = True
    metric: str | None = None
    filter: str | None = None


DEFAULT = Wanted()
"""The scores that the format reads by default."""


def question_texts(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts of a benchmark's row that may be its question, white space collapsed.

    These are its `QUESTION_FIELDS`; where it has none of them, all texts of at least `LONG_TEXT` characters.
    """
    named = [row[name] for name in QUESTION_FIELDS if isinstance(row.get(name), str)]
    texts = named or [value for value in row.values() if isinstance(value, str) and len(value) >= LONG_TEXT]
    return collapsed(texts)


def collapsed(texts: Iterable[str]) -> tuple[str, ...]:
    """Collapse the white space of texts; empty ones are left out."""
    words = (" ".join(replace_half_characters(text).split()) for text in texts)
    return tuple(text for text in words if text)


def check_score(value: Any, where: str) -> float:
    """Return a score.

    Raises:
        InputError: it is not a number from 0 to 1.
    """
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"{where}: the score is {value!r:.40}; expected a number from 0 to 1, as accuracies are")
    return float(value)


def check_unique(samples: Sequence[LoggedSample]) -> None:
    """Check that no response stands twice in a log.

    Raises:
        InputError: one does; the message names both places.
    """
    places: dict[tuple[str, str, int], str] = {}
    for sample in samples:
        key = (sample.task, sample.id, sample.sample)
        if key in places:
            raise InputError(
                f"{sample.where}: sample {sample.sample} of item {sample.id!r} stands at {places[key]} already"
            )
        places[key] = sample.where


def choose(names: Sequence[str], wanted: str | None, what: str, path: Path) -> str:
    """Return the name that is wanted, or the first; `what` says what is named.

    Raises:
        InputError: there is no such name.
    """
    if wanted is None:
        return names[0]
    if wanted not in names:
        raise InputError(f"{path}: no {what} {wanted!r}; it has {', '.join(names)}")
    return wanted
