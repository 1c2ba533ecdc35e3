"""Pairs of true and inverted traces from the store of a run, as `traceinv faithfulness` reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.faithfulness.pairs import Pair
from harness.pipeline.artifacts import RunArtifacts, StoredStage, transcripts_of
from harness.results.schema import Label
from traceinv.errors import InputError
from traceinv.records import Inversion, Transcript
from traceinv.rows import read_folder

SEED = "seed"
"""Inversions of several seeds are samples of one inverter, so they may stand in one file."""


@dataclass(frozen=True)
class ExportedPairs:
    """Pairs, and how many inversions were left out.

    Attributes:
        unfinished: those without a finished trace.
        without_truth: those of questions whose true trace is not finished.
    """

    pairs: Sequence[Pair]
    unfinished: int
    without_truth: int


def export_pairs(run: RunArtifacts, labels: Mapping[str, str]) -> ExportedPairs:
    """Pair the inversions of one inverter with the true traces; a second sample of a true trace is added where there is one.

    Args:
        labels: those that the inverter's stage must have, such as `{"regime": "inverted", "policy": "recap"}`.

    Raises:
        InputError: no inverter has these labels, or several that differ in more than their seed; or a file is damaged.
    """
    stages = _selected(list(run.inversions()), labels)
    pairs: list[Pair] = []
    unfinished = without_truth = 0
    for stage in stages:
        truths, seconds = _traces(run, stage, "target"), _traces(run, stage, "second")
        for row in read_folder(stage.artifact.path, Inversion):
            if not row.trace or row.finish_reason != "stop":
                unfinished += 1
            elif row.id not in truths:
                without_truth += 1
            else:
                pairs.append(_pair(row, truths[row.id], seconds.get(row.id)))
    if not pairs:
        raise InputError(f"no finished inverted trace of a question with a finished true one ({unfinished} unfinished)")
    return ExportedPairs(pairs, unfinished, without_truth)


def as_json(pair: Pair) -> dict[str, Any]:
    """Return a pair as a line of a file of pairs."""
    return pair.model_dump(mode="json", exclude_none=True)


def _pair(row: Inversion, truth: str, second: str | None) -> Pair:
    disclosure = row.disclosure
    return Pair(
        truth=truth,
        inverted=row.trace or "",
        second=second,
        id=row.id,
        kind=disclosure.question.kind,
        question=disclosure.question.text,
        answer=disclosure.answer,
    )


def _traces(run: RunArtifacts, stage: StoredStage, role: str) -> dict[str, str]:
    """Return the finished traces of the target's transcripts of a role, by the question's id."""
    transcripts = transcripts_of(run, stage.labels, role)
    if transcripts is None:
        return {}
    rows = read_folder(transcripts.artifact.path, Transcript)
    return {row.id: row.trace for row in rows if row.trace and row.complete}


def _selected(stages: Sequence[StoredStage], labels: Mapping[str, str]) -> list[StoredStage]:
    """Return the inverters with these labels, which may differ in their seed alone."""
    chosen = [stage for stage in stages if _has(stage.labels, labels)]
    if not chosen:
        known = "; ".join(dict.fromkeys(_text(stage.labels) for stage in stages)) or "none"
        raise InputError(
            f"--label: no inverted traces with {_text(labels) or 'any label'}; the store has those of {known}"
        )
    differing = {
        name: list(dict.fromkeys(str(stage.labels.get(name, "")) for stage in chosen))
        for name in sorted({name for stage in chosen for name in stage.labels} - {SEED})
    }
    several = {name: values for name, values in differing.items() if len(values) > 1}
    if several:
        listed = "; ".join(f"{name}: {', '.join(filter(None, values))}" for name, values in several.items())
        raise InputError(f"the run has several inverters; choose one with --label NAME=VALUE ({listed})")
    return chosen


def _has(labels: Mapping[str, Label], wanted: Mapping[str, str]) -> bool:
    return all(str(labels.get(name, "")) == value for name, value in wanted.items())


def _text(labels: Mapping[str, Label]) -> str:
    return ", ".join(f"{name}={value}" for name, value in labels.items())
