"""Rows of other people's files: which column holds the question, the trace, the answer and the rest."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from traceinv.errors import InputError, nearest
from traceinv.reasoning import split_reply
from traceinv.schema import Closed

KNOWN: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "question": ("question", "problem", "prompt", "instruction"),
    "trace": ("trace", "reasoning", "reasoning_content", "deepseek_reasoning", "thinking"),
    "answer": ("answer", "deepseek_solution", "response"),
    "summary": ("summary",),
    "second": ("second",),
    "reply": ("reply", "completion", "generation", "generations"),
    "turns": ("conversations", "messages"),
}
"""The usual names of columns, first choice first. They cover OpenThoughts-114k in both of its forms, and rows of ours."""
SOLUTION = ("<|begin_of_solution|>", "<|end_of_solution|>")
"""The markers around the answers of OpenThoughts-114k."""


class Columns(Closed):
    """The names of a file's columns; those that are left out are looked for under their usual names.

    Attributes:
        trace, answer: where they stand apart.
        reply: a whole reply with reasoning markers, or a list of several replies to the question.
        turns: a conversation whose first turns are the question and the reply.
        summary: the model's own summary.
        second: a second trace of the model for the same question.
        subject: what the question is about; never looked for.
    """

    id: str | None = None
    question: str | None = None
    trace: str | None = None
    answer: str | None = None
    reply: str | None = None
    turns: str | None = None
    summary: str | None = None
    second: str | None = None
    subject: str | None = None

    def value(self, row: Mapping[str, Any], part: str, where: str) -> Any:
        """Return a part of a row; None where the row has none.

        Raises:
            InputError: a column that is named is not in the row.
        """
        named: str | None = getattr(self, part)
        if named is None:
            return next((row[name] for name in KNOWN.get(part, ()) if row.get(name) is not None), None)
        if named not in row:
            raise InputError(f"{where}: no column {named!r} (columns.{part}){nearest(named, row)}")
        return row[named]

    def question_of(self, row: Mapping[str, Any], where: str) -> str:
        """Return the text of the question.

        Raises:
            InputError: there is none.
        """
        value = self.value(row, "question", where)
        if isinstance(value, Mapping):  # a row of ours
            value = value.get("text")
        if value is None and (turns := self._turns(row, where)):
            value = turns[0]
        if not isinstance(value, str) or not value.strip():
            names = [self.question] if self.question else [*KNOWN["question"], *KNOWN["turns"]]
            raise InputError(
                f"{where}: no text in {' or '.join(map(repr, names))}; name the column in `columns.question`"
            )
        return value

    def replies_of(self, row: Mapping[str, Any], where: str, answer_after: str | None) -> "list[Reply]":
        """Return the replies of a row, the first one first.

        Args:
            answer_after: the text that parts the trace from the answer where one column holds both, such as `####`; the last
                occurrence counts. Reasoning markers part them where it is left out.
        """
        trace, answer = self._text(row, "trace", where), self._text(row, "answer", where)
        if trace is not None:
            return [Reply(trace=_stripped(trace), answer=_plain(answer))]
        whole = self.value(row, "reply", where)
        texts = [text for text in (whole if isinstance(whole, list) else [whole]) if isinstance(text, str)]
        if not texts and len(turns := self._turns(row, where)) > 1:
            texts = [turns[1]]
        if not texts and answer is not None:
            texts = [answer]
        return [_part(text, answer_after) for text in texts]

    def second_of(self, row: Mapping[str, Any], where: str) -> str | None:
        """Return the second trace of a row; None where it has none."""
        return _stripped(self._text(row, "second", where))

    def summary_of(self, row: Mapping[str, Any], where: str) -> str | None:
        """Return the summary of a row; None where it has none."""
        return _stripped(self._text(row, "summary", where))

    def _text(self, row: Mapping[str, Any], part: str, where: str) -> str | None:
        value = self.value(row, part, where)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        shown = json.dumps(value, default=repr)[:40]
        raise InputError(f"{where}: columns.{part}: expected text, got {shown}")

    def _turns(self, row: Mapping[str, Any], where: str) -> list[str]:
        """Return the texts of a conversation's turns, from the first of the user on."""
        turns = self.value(row, "turns", where)
        if not isinstance(turns, list) or not all(isinstance(turn, Mapping) for turn in turns):
            return []
        named = [(turn.get("from") or turn.get("role"), turn.get("value") or turn.get("content")) for turn in turns]
        texts = [text for who, text in named if who != "system"]
        return texts if all(isinstance(text, str) for text in texts) else []


class Reply(Closed):
    """Trace and answer of a recorded reply, both stripped; a part that is missing is None."""

    trace: str | None
    answer: str | None


def _part(text: str, answer_after: str | None) -> Reply:
    if answer_after:
        trace, found, answer = text.rpartition(answer_after)
        return Reply(trace=_stripped(trace), answer=_plain(answer)) if found else Reply(trace=None, answer=_plain(text))
    trace_, answer_ = split_reply(text)
    if trace_ is None and answer_ is None and not any(mark in text for mark in ("<think>", "<|begin_of_thought|>")):
        return Reply(trace=None, answer=_plain(text))
    return Reply(trace=trace_, answer=_plain(answer_))


def _plain(answer: str | None) -> str | None:
    """Strip an answer and the markers around it."""
    return _stripped(answer if answer is None else _without(answer, SOLUTION))


def _without(text: str, marks: Sequence[str]) -> str:
    for mark in marks:
        text = text.replace(mark, "")
    return text


def _stripped(text: str | None) -> str | None:
    return (text.strip() or None) if text else None
