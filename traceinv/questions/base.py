"""What a source of questions is: it gives target and surrogate a question set each, without overlap."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from traceinv.records import Question
from traceinv.schema import Closed

Role = Literal["target", "surrogate"]
Placed = tuple[str, Mapping[str, Any]]
"""A row of a file with its place, for messages: `FILE:LINE`."""


class QuestionSource(Closed):
    """A source of questions; a subclass has a `kind`.

    Attributes:
        generated: whether its questions are made by a rule that keeps them apart from each other and from all benchmarks, so
            that none has to be searched for overlaps.
    """

    generated: ClassVar[bool] = False

    kind: str

    def size(self) -> int:
        """Return how many questions the target is asked."""
        raise NotImplementedError

    def file(self) -> str | None:
        """Return the path of the file that it reads; None where it reads none."""
        return None

    def hub_rows(self, folder: Path | None = None) -> Iterable[Placed]:
        """Load its rows through the hub's library; none where it reads none.

        Args:
            folder: where the data set lies on this machine; None for the hub.

        Raises:
            InputError: they cannot be loaded.
        """
        return ()

    def questions(self, role: Role, rows: Iterable[Placed] = ()) -> list[Question]:
        """Return the questions of the target or of the surrogate; the two sets share none.

        Args:
            rows: those of its file.

        Raises:
            InputError: a row is not of the expected form, or there are too few.
        """
        raise NotImplementedError


def question_counts(source: QuestionSource) -> dict[str, int]:
    """Return how many questions target and surrogate are asked."""
    asked = {f"surrogate_{name}": name for name in type(source).model_fields}
    own = {name: getattr(source, field) for field, name in asked.items() if getattr(source, field, None)}
    return {"target": source.size(), "surrogate": source.model_copy(update=own).size()}
