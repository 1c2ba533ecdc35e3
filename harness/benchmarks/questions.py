"""Questions of a benchmark's train split, for target and surrogate."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from harness.benchmarks.catalog import Benchmark, discover, find
from harness.benchmarks.data import data_folder
from harness.benchmarks.hub import load_split
from harness.benchmarks.local import find_file
from harness.benchmarks.source import Source, read_source_description
from traceinv.errors import InputError, nearest
from traceinv.layouts import Columns
from traceinv.questions.base import Placed, Role
from traceinv.questions.pool import PooledQuestions
from traceinv.records import Question
from traceinv.schema import FieldFault

TRAIN = "train"
"""The key of a task's metadata that says where its train split is, as `data` does for its items."""


class TaskQuestions(PooledQuestions):
    """The questions of a benchmark's train split, from the recipe's `data_dir` or else from the hub.

    Attributes:
        task: a task whose YAML has `metadata.train`.
    """

    kind: Literal["task"] = "task"
    task: str
    split: Literal["train"] = Field("train")

    @model_validator(mode="after")
    def _has_a_train_split(self) -> Self:
        try:
            benchmark = find(self.task)
        except InputError as error:
            raise FieldFault("task", str(error)) from None
        if TRAIN not in benchmark.metadata:
            known = sorted({other.name for other in discover() if TRAIN in other.metadata})
            raise FieldFault("task", f"{self.task} names no train split{nearest(self.task, known)}")
        return self

    def questions(self, role: Role, rows: Iterable[Placed] = ()) -> list[Question]:
        columns = Columns(question=_question_column(find(self.task)))
        pool = (
            Question(id=f"{self.task}/{self.split}/{number}", kind=self.task, text=columns.question_of(row, where))
            for number, (where, row) in enumerate(rows)
        )
        return self.draw(role, pool, f"questions: the train split of {self.task}")

    def local_file(self, data_dir: str | None) -> str | None:
        """Return the file of the split in a data folder; None where there is no data folder.

        Raises:
            InputError: the folder has no such file.
        """
        folder = data_folder(data_dir)
        if folder is None:
            return None
        source = self._source()
        path = find_file(source.model_dump(), [folder])
        if path is None:
            raise InputError(f"questions.task {self.task}: no {' or '.join(source.files)} in {folder}")
        return str(path)

    def hub_rows(self, folder: Path | None = None) -> Iterator[Placed]:
        """Load the training split from the hub and yield its rows, each with where it stands.

        Raises:
            InputError: the hub cannot be reached.
        """
        source = self._source()
        for number, row in enumerate(load_split(source, self.task)):
            yield f"{source.hub} row {number}", row

    def _source(self) -> Source:
        metadata = find(self.task).metadata
        return read_source_description({**metadata["data"], **metadata[TRAIN]}, self.task)


def _question_column(benchmark: Benchmark) -> str:
    names = (benchmark.metadata.get("fields") or {}).get("question", "question")
    return str(names if isinstance(names, str) else names[0])
