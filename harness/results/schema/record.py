"""The record of one run."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from harness.results.schema.differences import Contrast, LeakRow, RecoveryRow
from harness.results.schema.origin import Gate, Ledger, Provenance
from harness.results.schema.policies import PolicyRow, TargetFacts, ThreatModel
from harness.results.schema.scores import Cell, Row, Seed
from harness.results.schema.traces import FaithfulnessRow, LikelihoodRow, ReadingRow, StyleRow
from traceinv.schema import Closed

SCHEMA_VERSION: Literal[2] = 2


class ResultRecord(Closed):
    """One run of one recipe.

    Attributes:
        id: the recipe's name and a hash of the recipe and of the versions of its stages: the same run has the same id.
        style: one entry a cell whose policy discloses summaries; cells with too few are left out.
        targets: empty in records made before targets had kinds.
        verdict: computed from the figures alone.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    recipe: dict[str, Any]
    seeds: list[Seed] = Field(min_length=1)
    rows: list[Row] = Field(min_length=1)
    contrasts: list[Contrast]
    recovery: list[RecoveryRow]
    leak: list[LeakRow] = Field(default_factory=list)
    faithfulness: list[FaithfulnessRow]
    likelihood: list[LikelihoodRow]
    reading: list[ReadingRow] = Field(default_factory=list)
    policies: list[PolicyRow] = Field(default_factory=list)
    threats: list[ThreatModel] = Field(default_factory=list)
    targets: list[TargetFacts] = Field(default_factory=list)
    style: list[StyleRow]
    ledger: list[Ledger]
    gates: list[Gate]
    verdict: str
    provenance: Provenance

    @model_validator(mode="after")
    def _has_every_seed_and_score(self) -> Self:
        seen: set[tuple[str, Cell]] = set()
        for row in self.rows:
            if (row.name, row.cell) in seen:
                raise ValueError(f"row {row.name!r} stands twice for one cell")
            seen.add((row.name, row.cell))
            if "all" not in row.scores:
                raise ValueError(f"row {row.name!r} has no score on 'all'")
            if row.seeds and row.seeds != self.seeds:
                raise ValueError(f"row {row.name!r} has the seeds {row.seeds}, expected {self.seeds}")
            for group, score in row.scores.items():
                if not 0 <= score.accuracy.mean <= 1:
                    raise ValueError(
                        f"row {row.name!r} on {group!r} has the accuracy {score.accuracy.mean:.3g}, expected 0 to 1"
                    )
                if len(score.by_seed) != max(1, len(row.seeds)):
                    raise ValueError(
                        f"row {row.name!r} on {group!r} has {len(score.by_seed)} of {len(row.seeds)} seeds"
                    )
        return self

    def cells(self) -> list[Cell]:
        """List the cells of the record, in the order of its rows."""
        return list(dict.fromkeys(row.cell for row in self.rows))

    def comparable(self) -> dict[str, Any]:
        """Return everything but the provenance: what must be equal when the same run is made again."""
        return self.model_dump(mode="json", exclude={"provenance"})
