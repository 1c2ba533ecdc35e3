"""Find the artifacts of a record's run by the kinds, labels and keys of its stages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.pipeline.descriptions import Artifact
from harness.pipeline.remote import open_store
from harness.results.schema import Label, ResultRecord
from harness.stages.base import SHARD

EXCHANGED = "exchanged"
"""The label of stages whose disclosures have another question's part."""
TRANSCRIPTS = ("transcripts", "recorded", "endpoint")
"""The kinds of stages that give transcripts."""
KIND, KEY = re.compile("[a-z_]+"), re.compile("[0-9a-f]+")


@dataclass(frozen=True)
class StoredStage:
    """A stage of a run whose artifact is in the store."""

    kind: str
    labels: Mapping[str, Label]
    artifact: Artifact


@dataclass(frozen=True)
class RunArtifacts:
    """The stages of a run that the store has artifacts for, in the order of the record.

    Attributes:
        damaged: a line for each artifact that is not what its stage wrote.
    """

    stages: Sequence[StoredStage]
    damaged: Sequence[str] = ()

    def select(self, kind: str, **labels: Label) -> Iterator[StoredStage]:
        """Yield the stages of a kind that carry all of these labels; of one that was split, the whole and not its shards."""
        for stage in self.stages:
            if stage.kind == kind and SHARD not in stage.labels and labels.items() <= stage.labels.items():
                yield stage

    def inversions(self) -> Iterator[StoredStage]:
        """Yield the stages that inverted what was disclosed; those of the reading test inverted exchanged disclosures."""
        return (stage for stage in self.select("inversions") if EXCHANGED not in stage.labels)


def find_artifacts(record: ResultRecord, store: Path | str) -> RunArtifacts | str:
    """Return the artifacts of a record's run, or one line that says why there are none."""
    if isinstance(store, Path) and not store.is_dir():
        return f"the run's store is not at {store}"
    artifacts = open_store(store)
    stages = [
        StoredStage(entry.kind, entry.labels, artifact)
        for entry in record.provenance.stages
        # A record may come from anyone, and kind and key are parts of a path.
        if KIND.fullmatch(entry.kind) and KEY.fullmatch(entry.key)
        if (artifact := artifacts.find(entry.kind, entry.key))
    ]
    damaged = [f"{folder}: not used: {reason}" for folder, reason in artifacts.damaged.items()]
    if not stages:
        return damaged[0] if damaged else f"the store {store} has no artifact of this run"
    return RunArtifacts(stages, damaged)


def store_of(run: Path) -> Path:
    """Return where a run's store is by default: in the run's folder, or else beside it."""
    inside = run / "store"
    return inside if inside.is_dir() else run.parent / "store"


def transcripts_of(run: RunArtifacts, labels: Mapping[str, Label], role: str) -> StoredStage | None:
    """Return the transcripts of one role of the target that these labels name; None where the store has none.

    Transcripts that several targets share have no target label; they belong to all of them.
    """
    target = labels.get("target")
    stages = [stage for kind in TRANSCRIPTS for stage in run.select(kind, role=role)]
    return next((stage for stage in stages if stage.labels.get("target", target) == target), None)
