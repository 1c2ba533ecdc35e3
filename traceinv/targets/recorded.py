"""A reasoning model of which only recorded replies are at hand."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from traceinv.hub_data import HubDataset
from traceinv.layouts import Columns, Reply
from traceinv.questions.base import Placed
from traceinv.questions.pool import same_text
from traceinv.records import Observed, Question, Transcript
from traceinv.schema import FieldFault
from traceinv.targets.base import Answering, ModelWithoutWeights


class RecordedModel(ModelWithoutWeights):
    """Replies that somebody recorded: JSONL, CSV or Parquet, a folder of such files, or a data set of the hub. Nothing is asked.

    A row belongs to the question with the same text. Of several rows for one question the first is the reply and the second a
    second sample, as is the column `second`.

    Attributes:
        path: from the current folder, or from the recipe's `data_dir`; where both it and `hub` are left out, the
            replies stand with the questions.
        hub: the data set of the hub that holds the replies.
        columns: which columns hold what; see `traceinv.layouts`.
        answer_after: the text that parts trace and answer where one column holds both, such as GSM8K's `####`.
        remove: a regular expression; what it matches is removed from traces, such as GSM8K's `<<48/2=24>>`.
    """

    answers_from: ClassVar[Answering] = "recording"

    kind: Literal["recorded"] = "recorded"
    path: str | None = Field(None, min_length=1)
    hub: HubDataset | None = Field(None, exclude_if=lambda hub: hub is None)
    columns: Columns = Columns()
    answer_after: str | None = Field(None, min_length=1)
    remove: str | None = None
    traces: Literal["known", "hidden"] = "known"

    @field_validator("remove")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return pattern

    @model_validator(mode="after")
    def _lies_in_one_place(self) -> Self:
        if self.path is not None and self.hub is not None:
            raise FieldFault("hub", "expected a path or a data set of the hub, not both")
        return self

    @property
    def has_own_summaries(self) -> bool:
        return True

    def transcripts(self, questions: Sequence[Question], rows: Iterable[Placed], sample: int) -> list[Transcript]:
        """Return the recorded transcript of each question that has one, in the order of the questions.

        Args:
            rows: those of the file.
            sample: 0 for first replies, 1 for second ones.

        Raises:
            InputError: a row is not of the expected form.
        """
        asked = {same_text(question.text): question for question in questions}
        found: dict[str, list[Transcript]] = {question.id: [] for question in questions}
        for where, row in rows:
            question = asked.get(same_text(self.columns.question_of(row, where)))
            if question is not None and len(found[question.id]) <= sample:
                found[question.id] += self._replies(question, row, where)
        return [replies[sample] for replies in found.values() if len(replies) > sample]

    def _replies(self, question: Question, row: Mapping[str, Any], where: str) -> list[Transcript]:
        replies = self.columns.replies_of(row, where, self.answer_after)
        if replies and (second := self.columns.second_of(row, where)):
            replies = [replies[0], Reply(trace=second, answer=replies[0].answer), *replies[1:]]
        summary = self.columns.summary_of(row, where)
        hidden = Observed(mode="summary" if summary else "answer") if self.traces == "hidden" else None
        return [
            Transcript(
                id=question.id,
                question=question,
                trace=None if hidden else self._cleaned(reply.trace),
                answer=reply.answer,
                finish_reason="stop",
                summary=summary,
                observed=hidden,
            )
            for reply in replies
        ]

    def _cleaned(self, trace: str | None) -> str | None:
        if trace is None or self.remove is None:
            return trace
        return re.sub(self.remove, "", trace).strip() or None
