"""Questions of a file of the user's own."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from traceinv.errors import InputError
from traceinv.layouts import Columns
from traceinv.questions.base import Placed, Role
from traceinv.questions.pool import PooledQuestions
from traceinv.records import Question


class FileQuestions(PooledQuestions):
    """The questions of a file: JSONL, CSV or Parquet, or a folder of such files.

    Attributes:
        path: from the current folder, or from the recipe's `data_dir`.
        columns: which columns hold `question`, `id` and `subject`; see `traceinv.layouts`.
    """

    kind: Literal["file"] = "file"
    path: str = Field(min_length=1)
    columns: Columns = Columns()

    def file(self) -> str:
        return self.path

    def questions(self, role: Role, rows: Iterable[Placed] = ()) -> list[Question]:
        pool = (self._question(number, where, row) for number, (where, row) in enumerate(rows))
        return self.draw(role, pool, f"questions.path {self.path}")

    def _question(self, number: int, where: str, row: Mapping[str, Any]) -> Question:
        identifier = self.columns.value(row, "id", where)
        subject = self.columns.value(row, "subject", where)
        if isinstance(subject, list | dict):
            raise InputError(f"{where}: columns.subject: expected text, got {type(subject).__name__}")
        return Question(
            id=str(f"{self.kind}/{number}" if identifier is None else identifier),
            kind=self.kind
            if subject is None
            else f"{self.kind}/{subject}",  # the slash keeps it apart from the lab's families
            text=self.columns.question_of(row, where),
        )
