"""A run as `traceinv run` leaves it, made without training: a sample record, and a store with traces of the lab."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from sample_records import record

from harness.pipeline.store import Store
from harness.results.schema import Label, StageEntry
from traceinv.digests import digest_json
from traceinv.lab.questions import as_question, draw
from traceinv.records import Disclosure, Inversion, Record, Transcript
from traceinv.rows import write_rows

Invert = Callable[[Transcript, Random], str | None]
Labels = Mapping[str, Label]
PER_FAMILY = 8
INVERTERS: Sequence[Labels] = ({"regime": "inverted", "seed": 0}, {"regime": "zero_shot_inverted"})
"""The labels of each stage that inverts traces."""


def write_run(
    folder: Path,
    inverters: Sequence[Labels] = INVERTERS,
    transcripts: Sequence[Transcript] | None = None,
    invert: Invert | None = None,
    identifier: str = "sample-1",
    **changes: Any,
) -> Path:
    """Write a run to a folder, its store inside: the target's transcripts, and the inversions of each inverter."""
    hidden = lab_transcripts() if transcripts is None else transcripts
    stages = fill_store(Store(folder / "store"), inverters, hidden, invert or with_mistakes)
    sample = record(identifier, **changes)
    provenance = sample.provenance.model_copy(update={"stages": stages})
    content = sample.model_copy(update={"provenance": provenance}).model_dump_json()
    (folder / f"{identifier}.json").write_text(content)
    return folder


def lab_transcripts() -> list[Transcript]:
    """Make correct transcripts of questions of the lab, `PER_FAMILY` of each family."""
    return [
        Transcript(
            id=name,
            question=as_question(name, problem),
            trace=problem.trace,
            answer=problem.answer,
            finish_reason="stop",
        )
        for name, problem in draw("target", PER_FAMILY, (2, 4), 0).items()
    ]


def with_mistakes(transcript: Transcript, rng: Random) -> str | None:
    """Invert a trace: a third of the traces are right, a third have a false line, a third are missing."""
    lines = (transcript.trace or "").splitlines()
    kind = rng.randrange(3)
    if kind == 0:
        lines[rng.randrange(len(lines))] = "b=a+1 0+1=1, or so"
    return None if kind == 1 else "\n".join(lines)


def fill_store(
    store: Store, inverters: Sequence[Labels], hidden: Sequence[Transcript], invert: Invert
) -> list[StageEntry]:
    """Publish the artifacts that the report reads, and return their stages; every stage of training has a falling loss."""
    losses = {"losses": [(step, 2.5 * 0.9 ** (step / 10)) for step in range(10, 300, 10)]}
    seconds = [row.model_copy(update={"trace": "a second sample"}) for row in hidden]
    stages = [
        publish(store, "reasoning_model", {"target": "lab", "role": "target"}, [], losses),
        publish(store, "reasoning_model", {"surrogate": "small", "role": "surrogate"}, [], losses),
        publish(store, "transcripts", {"target": "lab", "role": "second"}, seconds),
        publish(store, "transcripts", {"target": "lab", "role": "target"}, hidden),
        publish(store, "transcripts", {"surrogate": "small", "role": "surrogate", "asked": "target"}, _guesses(hidden)),
        publish(store, "student", {"target": "lab", "regime": "oracle", "seed": 0}, [], losses),
    ]
    for number, labels in enumerate(inverters):
        if "seed" in labels:
            shown: Labels = {"surrogate": "small", "shown": "summary", "seed": labels["seed"]}
            stages.append(publish(store, "inverter", shown, [], losses))
            stages.append(publish(store, "student", labels, [], losses))
        rows = inversions(hidden, invert, Random(number))
        stages.append(publish(store, "inversions", {"target": "lab", **labels}, rows))
    return stages


def _guesses(hidden: Sequence[Transcript]) -> list[Transcript]:
    """Answer every question as a surrogate that gets the first line right and guesses the rest."""
    return [
        row.model_copy(update={"trace": "\n".join([*(row.trace or "").splitlines()[:1], "I guess 3."]), "answer": "3"})
        for row in hidden
    ]


def publish(store: Store, kind: str, labels: Labels, rows: Sequence[Record], log: Mapping[str, Any] = {}) -> StageEntry:
    """Publish an artifact with rows, and return its stage."""
    key = digest_json([kind, labels])[:24]
    source: dict[str, Any] = {"kind": kind, "key": key, "version": 1, "fingerprint": "f", "seconds": 1.0}
    draft = store.open_draft(kind, key, resumable=False)
    write_rows(draft / "rows.jsonl", rows)
    store.publish(draft, {**source, "params": {}, "inputs": {}, "log": log})
    return StageEntry(labels=dict(labels), **source)


def inversions(hidden: Sequence[Transcript], invert: Invert, rng: Random) -> list[Inversion]:
    """Invert every transcript, shown with every second line as its summary."""
    traces = [invert(row, rng) for row in hidden]
    return [
        Inversion(
            id=row.id,
            disclosure=Disclosure(
                id=row.id,
                question=row.question,
                answer=row.answer or "",
                summary="\n".join((row.trace or "").splitlines()[1::2]),
            ),
            with_summary=True,
            trace=trace,
            finish_reason="stop" if trace else "length",
        )
        for row, trace in zip(hidden, traces, strict=True)
    ]
