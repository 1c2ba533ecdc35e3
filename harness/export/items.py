"""Rows of figures for CSV, and rows of items for JSONL."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.evaluation.record import BenchRecord, Figures
from harness.evaluation.responses import SAMPLES, Sample, read_samples
from harness.results.items import ItemFile
from harness.results.schema import STATE_LETTERS
from traceinv.errors import InputError

STATES = {letter: state for state, letter in STATE_LETTERS.items()}
ALL = "all"
"""The subject of figures over all items of a task."""
FIGURES = (
    *("items", "samples", "accuracy", "low", "high", "finished", "no_answer", "unfinished", "bad_format", "ungradable"),
    *("if_unfinished_right", "if_unfinished_wrong", "mean_tokens", "official"),
)
"""Columns of figures; shares are from 0 to 1, and empty where they are not known."""


def record_items(items: ItemFile) -> Iterator[dict[str, Any]]:
    """Yield one row for each sample of each item of each run of a record."""
    for run in items.runs:
        for task, letters in run.states.items():
            repeats = items.repeats.get(task, 1)
            for number, letter in enumerate(letters):
                yield {
                    "row": run.row,
                    "cell": run.cell.model_dump(mode="json"),
                    "seed": run.seed,
                    "task": task,
                    "id": items.ids[task][number // repeats],
                    "sample": number % repeats,
                    "state": STATES[letter],
                }


def bench_items(folder: Path, record: BenchRecord) -> Iterator[dict[str, Any]]:
    """Yield one row for each sample of a benchmark run.

    Raises:
        InputError: the samples of a task are missing or bad.
    """
    for task in record.tasks:
        for sample in read_task(folder, task.name):
            yield {"model": record.model["name"], "task": task.name, **sample.model_dump(mode="json")}


def read_task(folder: Path, task: str) -> list[Sample]:
    """Read the graded samples of a task.

    Raises:
        InputError: the file is missing, or a line is no sample.
    """
    path = folder / SAMPLES / f"{task}.jsonl"
    if not path.is_file():
        raise InputError(f"{path}: no such file; the record {folder / 'bench.json'} names the task")
    return read_samples(path)


def bench_table(record: BenchRecord) -> tuple[Sequence[str], list[dict[str, Any]]]:
    """Return the columns and rows of a benchmark run's figures: one row for each task, and for each subject of a task."""
    ks = sorted({k for task in record.tasks for k in task.figures.pass_at})
    columns = ("model", "task", "version", "subject", *FIGURES, *(f"pass_at_{k}" for k in ks))
    rows = []
    for task in record.tasks:
        for subject, figures in {ALL: task.figures, **task.subjects}.items():
            name = {"model": record.model["name"], "task": task.name, "version": task.version, "subject": subject}
            rows.append({**name, **_figures(figures)})
    return columns, rows


def _figures(figures: Figures) -> Mapping[str, Any]:
    accuracy = figures.accuracy
    interval = (accuracy.mean, accuracy.low, accuracy.high) if accuracy else (None, None, None)
    return {
        **figures.model_dump(exclude={"accuracy", "pass_at", "official"}),
        "official": figures.official.mean if figures.official else None,
        **dict(zip(("accuracy", "low", "high"), interval, strict=True)),
        **{f"pass_at_{k}": chance.mean for k, chance in figures.pass_at.items()},
    }
