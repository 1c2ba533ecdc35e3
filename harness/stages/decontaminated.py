"""Drop the questions that a benchmark of the recipe, or the target's split, holds too; nothing is trained before."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import find, source_files
from harness.evaluation.settings import EvalConfig
from harness.stages.base import Inputs, Log, stage
from traceinv.decontamination import Held, Near, Overlap, find_overlaps, nearest
from traceinv.progress import Progress
from traceinv.questions import Role
from traceinv.records import Question
from traceinv.rows import read_folder, write_rows
from traceinv.schema import Closed

OTHERS = "others"
"""The input with the target's questions, which the surrogate's may not repeat."""
LISTED = 20
"""The most dropped questions, and the most nearest ones, that a log lists."""
SHOWN = 200
"""Characters of a question that a log shows."""


class Params(Closed):
    """The benchmarks, and whose questions they are."""

    benchmark: EvalConfig
    role: Role


@stage(
    Params,
    libraries=("lm_eval", "datasets", "scikit-learn"),
    files=lambda params: source_files(params["benchmark"]["tasks"]),
)
def decontaminated(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the questions that overlap with none of the benchmarks' items, whether or not they are asked."""
    questions = read_folder(inputs["questions"], Question)
    held = _items(params.benchmark, inputs.get("data"))
    if OTHERS in inputs:
        held += [Held("the target's questions", row.id, row.text) for row in read_folder(inputs[OTHERS], Question)]
    found = find_overlaps([question.text for question in questions], held)
    kept = [question for question, overlap in zip(questions, found, strict=True) if overlap is None]
    write_rows(out / "questions.jsonl", kept)
    dropped = [(question, overlap) for question, overlap in zip(questions, found, strict=True) if overlap]
    near = nearest([question.text for question in kept], held, LISTED)
    return {
        "questions": len(questions),
        "kept": len(kept),
        "compared_with": dict(Counter(one.source for one in held)),
        "dropped": dict(Counter(f"{overlap.held.source}: {overlap.how}" for _, overlap in dropped)),
        "dropped_questions": [_dropped(question, overlap) for question, overlap in dropped[:LISTED]],
        "nearest_kept": [_near(kept, one) for one in near],
    }


def _items(config: EvalConfig, data: Path | None) -> list[Held]:
    from harness.benchmarks.loading import load

    held = []
    for name in config.tasks:
        task = load(find(name), None if data is None else str(data), config.parameters)
        for item in task.items:
            own = item.get("question")
            held.append(Held(name, item["id"], own if isinstance(own, str) else task.text_of(item)))
    return held


def _dropped(question: Question, overlap: Overlap) -> dict[str, Any]:
    held = overlap.held
    return {
        "id": question.id,
        "text": question.text[:SHOWN],
        "source": held.source,
        "item": held.id,
        "how": overlap.how,
    }


def _near(kept: Sequence[Question], near: Near) -> dict[str, Any]:
    question, held = kept[near.index], near.held
    texts = {"text": question.text[:SHOWN], "item_text": held.text[:SHOWN]}
    return {"id": question.id, "source": held.source, "item": held.id, "similarity": near.similarity, **texts}
