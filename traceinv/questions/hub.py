"""Questions of a data set of the Hugging Face hub."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from traceinv.hub_data import HubDataset
from traceinv.questions.base import Placed, Role
from traceinv.questions.file import RowQuestions
from traceinv.records import Question


class HubQuestions(RowQuestions, HubDataset):
    """The questions of a split of a data set; `count` and `columns` are those of questions in a file."""

    kind: Literal["hub"] = "hub"

    @property
    def hub(self) -> HubDataset:
        """The data set alone."""
        return HubDataset(dataset=self.dataset, config=self.config, split=self.split, revision=self.revision)

    def file(self) -> str | None:
        return self.dataset if self.is_folder else None

    def hub_rows(self, folder: Path | None = None) -> Iterator[Placed]:
        return self.rows(folder)

    def questions(self, role: Role, rows: Iterable[Placed] = ()) -> list[Question]:
        return self.draw_rows(role, rows, f"questions.dataset {self.dataset}")
