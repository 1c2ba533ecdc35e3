"""Rows of a stage that may be yet to be written, and how many questions there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.pipeline.costing.counts import Count, Surety
from traceinv.questions.base import QuestionSource


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a stage.

    Attributes:
        surety: of their number.
        unwritten: whether a part of their text is yet to be written.
        scale: for how many rows each of them stands.
    """

    records: Sequence[Any]
    surety: Surety = Surety.EXACT
    unwritten: bool = False
    scale: float = 1.0

    @property
    def count(self) -> Count:
        return Count(round(len(self.records) * self.scale), self.surety)

    def made(self, records: Sequence[Any], surety: Surety | None = None, unwritten: bool = True) -> "Rows":
        """Return rows that are made of these."""
        return Rows(records, self.surety if surety is None else surety, unwritten, self.scale)

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(record.id for record in self.records)

    @property
    def kept(self) -> Surety:
        """How sure a number of rows is that are made of these: a reply that is yet to be written may be incomplete."""
        return max(self.surety, Surety.AT_MOST) if self.unwritten else self.surety


@dataclass(frozen=True)
class Identified:
    """A question of which the id alone matters."""

    id: str


def part_of(source: QuestionSource, share: float) -> QuestionSource:
    """Return a source that makes a share of the questions, which stand for all: a source makes them alike."""
    numbers = {name.removeprefix("surrogate_") for name in type(source).model_fields if name.startswith("surrogate_")}
    fields = {*numbers, *(f"surrogate_{name}" for name in numbers)}
    wanted = {name: max(2, round(getattr(source, name) * share)) for name in fields if getattr(source, name)}
    return source.model_copy(update=wanted) if share < 1 else source
