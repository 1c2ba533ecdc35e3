"""Questions of rows that somebody else laid out, and those of a file of the user's own."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from traceinv.errors import InputError
from traceinv.layouts import Columns
from traceinv.questions.base import Placed, Role
from traceinv.questions.pool import PooledQuestions
from traceinv.records import Question


class RowQuestions(PooledQuestions):
    """A source that draws from rows with columns.

    Attributes:
        columns: which columns hold `question`, `id` and `subject`; see `traceinv.layouts`.
    """

    columns: Columns = Columns()

    def draw_rows(self, role: Role, rows: Iterable[Placed], where: str) -> list[Question]:
        """Return the questions of one role; `where` names the rows in messages."""
        pool = (self._question(number, place, row) for number, (place, row) in enumerate(rows))
        return self.draw(role, pool, where)

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


class FileQuestions(RowQuestions):
    """The questions of a file: JSONL, CSV or Parquet, or a folder of such files.

    Attributes:
        path: from the current folder, or from the recipe's `data_dir`.
    """

    kind: Literal["file"] = "file"
    path: str = Field(min_length=1)

    def file(self) -> str:
        return self.path

    def questions(self, role: Role, rows: Iterable[Placed] = ()) -> list[Question]:
        return self.draw_rows(role, rows, f"questions.path {self.path}")
