"""A benchmark run: ask what is missing, grade it as it comes, and write the record. Imports lm-eval: import it late."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import Form
from harness.benchmarks.loading import hash_text
from harness.evaluation.ask import Part, Report, ask, prepare
from harness.evaluation.record import BenchRecord, TaskRecord, by_subject, figures
from harness.evaluation.requests import Model
from harness.evaluation.settings import Settings, bind
from harness.pipeline.keys import PACKAGES
from harness.results.provenance import provenance

RECORD = "bench.json"
OTHER_PACKAGES = ("latex2sympy2_extended", "vllm", "openai")


def run(settings: Settings, out: Path, data_dir: str | None, command: str, report: Report) -> BenchRecord:
    """Run some tasks; what the folder holds already is not asked again.

    Raises:
        InputError: a task or its data is not to be had, or the folder holds a run with other settings.
        GateError: a server does not answer, or nothing can be graded here.
    """
    prepared = prepare(settings, out, data_dir, report)
    model = {"name": settings.model, **prepared.model.describe(), "fingerprint": fingerprint(settings.model)}
    bind(out, {"settings": settings.decisive(), "model": model, "tasks": prepared.descriptions})
    ask(prepared.parts, prepared.model, report)
    return _write(
        BenchRecord(
            model=model,
            chat_template=_template(prepared.model, prepared.form),
            seed=settings.seed,
            limit=settings.limit,
            parameters=settings.parameters,
            tasks=[_task_record(*each) for each in zip(prepared.parts, prepared.descriptions, strict=True)],
            provenance=provenance(command, packages=(*PACKAGES, *OTHER_PACKAGES)),
        ),
        out,
    )


def fingerprint(model: str) -> str | None:
    """A hash of a local model's files: their names and sizes, and of each its first and last MiB. None for a hub's id."""
    folder = Path(model)
    if not folder.is_dir():
        return None
    parts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(1 << 20)
            file.seek(max(0, size - (1 << 20)))
            tail = file.read()
        parts.append(f"{path.relative_to(folder).as_posix()} {size} {hash_text((head + tail).hex())}")
    return hash_text("\n".join(parts))


def _task_record(part: Part, description: Mapping[str, Any]) -> TaskRecord:
    samples = part.file.order([ask.key for ask in part.asks])
    estimator = description["estimator"]
    subjects = part.loaded.subjects
    return TaskRecord(
        **description,
        figures=figures(samples, estimator),
        subjects=by_subject(samples, subjects, estimator) if subjects else {},
    )


def _template(model: Model, form: Form) -> str | None:
    if form == "completion" or model.chat_template is None:
        return None
    return hash_text(model.chat_template) if model.chat_template else "server's own"


def _write(record: BenchRecord, out: Path) -> BenchRecord:
    draft = out / f".{RECORD}.draft"
    draft.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    draft.replace(out / RECORD)
    return record
