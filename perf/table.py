"""Keep the figures of a comparison, so that `perf/all.py` can put those of all scripts in one table."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "TRACEINV_PERF_ROWS"
"""The environment variable that names the file for the rows; without it they are not kept."""


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        measure: what was compared.
        ours, reference: both figures, with their unit.
        ratio: of the two, as the measure says.
        goal: for the ratio.
        at_most: whether the ratio should be at most the goal, rather than at least.
    """

    measure: str
    ours: str
    reference: str
    ratio: float
    goal: float
    at_most: bool

    @property
    def met(self) -> bool:
        """Tell whether the goal is reached."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def keep(row: Row) -> bool:
    """Append a row to the file of rows, where there is one; return whether its goal is reached."""
    if path := os.environ.get(VARIABLE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")
    return row.met


def read(path: Path) -> list[Row]:
    """Read the rows that scripts kept; none where the file is missing."""
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
