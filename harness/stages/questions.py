"""Draw the questions that target or surrogate is asked."""

from pathlib import Path

from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.questions import AnyQuestions, Role
from traceinv.rows import write_rows
from traceinv.schema import Closed


class Params(Closed):
    """Which questions: a source, and whom they are for."""

    source: AnyQuestions
    role: Role


@stage(Params, libraries=("python",), uses=("traceinv.questions",))
def questions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the questions of one role."""
    rows = params.source.questions(params.role)
    write_rows(out / "questions.jsonl", rows)
    return {"questions": len(rows)}
