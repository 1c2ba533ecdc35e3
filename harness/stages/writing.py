"""What the stages have in common in which a model writes rows."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Protocol

from harness.stages.base import GENERATION_LIBRARIES, Log, Resources, stage
from traceinv.engines import Engine
from traceinv.records import FinishReason
from traceinv.rows import RowFile

writing_stage = partial(
    stage, libraries=GENERATION_LIBRARIES, resources=Resources(gpus=1), resumable=True, uses=("traceinv.engines",)
)
"""Make a stage kind of a function that asks an engine and goes on at its next row."""


class Written(Protocol):
    """A row that a model wrote."""

    @property
    def finish_reason(self) -> FinishReason: ...


def written_log(rows: RowFile[Any, Any], written: Iterable[Written], engine: Engine | None = None) -> Log:
    """Count the rows that the token limit cut off, and what an earlier process had written; describe the engine.

    Args:
        engine: that loaded the weights; None where a server has them.
    """
    return {
        **({"engine": engine.describe()} if engine else {}),
        "cut_off": sum(row.finish_reason == "length" for row in written),
        "resumed": rows.resumed,
        "repeated": rows.repeated,
    }
