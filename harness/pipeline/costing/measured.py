"""How long stages took before, by the unit of their work, from the artifacts of a store."""

from collections.abc import Iterable
from typing import Any

from harness.pipeline.costing.models import TRAINED
from harness.pipeline.costing.work import Work
from harness.pipeline.descriptions import Artifact
from harness.stages.base import MERGED

ROWS = {
    "transcripts": "questions",
    "endpoint": "questions",
    "inversions": "inversions",
    "candidates": "candidates",
    "compressions": "attempts",
    "responses": "responses",
    "likelihood": "traces",
}
"""The kinds of stages whose time is that of their rows, and the entry of their logs that counts them."""


class Measured:
    """The mean time of each kind of stage: a token of training, a row that a model writes or reads, or else a whole stage."""

    def __init__(self, artifacts: Iterable[Artifact]) -> None:
        self._seconds: dict[str, float] = {}
        self._units: dict[str, float] = {}
        for artifact in artifacts:
            units = _units_of(artifact)
            if units and not (artifact.log.get("resumed") or artifact.log.get(MERGED)):  # others did a part of its work
                self._seconds[artifact.kind] = self._seconds.get(artifact.kind, 0.0) + artifact.seconds
                self._units[artifact.kind] = self._units.get(artifact.kind, 0.0) + units

    def seconds(self, kind: str, work: Work) -> float | None:
        """Return how long a stage takes by one worker of this machine; None where none of its kind was computed before."""
        if kind not in self._units:
            return None
        return self._seconds[kind] / self._units[kind] * _units_of_work(kind, work)


def duration(seconds: float) -> str:
    """Write a time for a person: `40 s`, `12 min`, `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def _units_of(artifact: Artifact) -> float:
    log = artifact.log
    if artifact.kind in TRAINED:
        params = artifact.description.params
        training: dict[str, Any] = params.get("training") or params["model"]["training"]
        return float(log.get("loss_tokens", 0)) * float(training["epochs"])
    return float(log.get(ROWS[artifact.kind], 0)) if artifact.kind in ROWS else 1.0


def _units_of_work(kind: str, work: Work) -> float:
    if kind in TRAINED:
        return work.learned.value * work.passes
    return float(work.rows.value) if kind in ROWS else 1.0
