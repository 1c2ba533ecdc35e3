"""A benchmark run: ask for the missing responses, grade each batch as it arrives, and write the record."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.benchmarks.loading import LoadedTask
from harness.evaluation.ask import Answered, ask, to_response
from harness.evaluation.grade import grade_batch
from harness.evaluation.lock import lock_run
from harness.evaluation.plan import BenchPlan, TaskRun
from harness.evaluation.record import BenchRecord, TaskRecord, by_subject, figures
from harness.evaluation.responses import Sample, open_samples
from harness.files import write_atomic
from harness.results.provenance import provenance
from traceinv.digests import digest_file, digest_text
from traceinv.progress import Progress

RECORD = "bench.json"
PACKAGES = (
    *("torch", "transformers", "tokenizers", "datasets", "lm_eval", "vllm", "openai"),
    *("latex2sympy2_extended", "math-verify", "sympy", "numpy", "scipy", "statsmodels"),
)
"""Those that responses, grades and figures depend on."""


def run_bench(
    plan: BenchPlan, out: Path, command: str, progress: Progress, notify: Callable[[str], None] = lambda _: None
) -> BenchRecord:
    """Run a benchmark and write `bench.json`; responses that the folder holds already are not asked for again.

    Args:
        plan: what to run.
        out: where the responses and the record go; it may hold a run with a lower limit or fewer samples.
        command: the command line, for the record.
        progress: receives the share done.
        notify: called with a note where the folder's run had a lower limit or fewer samples.

    Raises:
        InputError: the folder holds a run with other settings, or one that cannot become this one.
        GateError: a server does not answer, or the means of grading failed.
    """
    settings = plan.settings
    template = {"template_args": settings.template_args} if settings.template_args else {}
    model = {"name": settings.model, **plan.engine.describe(), **template, "fingerprint": fingerprint(settings.model)}
    decisive = {key: value for key, value in model.items() if key != "concurrency"}
    loaded = {run.name: run.loaded for run in plan.runs}
    files = {run.name: open_samples(out, run.name) for run in plan.runs}
    lock_run(plan, out, decisive, sum(len(file.rows) for file in files.values()), notify)
    ask(plan, files, lambda batch: _graded(batch, loaded), progress)
    record = BenchRecord(
        model=model,
        seed=settings.seed,
        limit=settings.limit,
        parameters=settings.parameters,
        tasks=[_task_record(run, files[run.name].finish(run.response_keys)) for run in plan.runs],
        provenance=provenance(command, PACKAGES),
    )
    write_atomic(out / RECORD, record.model_dump_json(indent=1) + "\n")
    return record


def fingerprint(model: str) -> str | None:
    """Return a digest of the names and bytes of a model folder's files; None where the model is not a folder."""
    folder = Path(model)
    if not folder.is_dir():
        return None
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest_text("\n".join(f"{path.relative_to(folder).as_posix()} {digest_file(path)}" for path in files))


def _graded(batch: Sequence[Answered], loaded: dict[str, LoadedTask]) -> list[Sample]:
    return grade_batch([to_response(answered) for answered in batch], [loaded[request.task] for request, _ in batch])


def _task_record(run: TaskRun, samples: Sequence[Sample]) -> TaskRecord:
    estimator, subjects = run.description.estimator, run.loaded.subjects
    details: dict[str, Any] = run.description.model_dump()
    return TaskRecord(
        **details,
        figures=figures(samples, estimator),
        subjects=by_subject(samples, subjects, estimator) if subjects else {},
    )
