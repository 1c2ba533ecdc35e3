"""The plan of an evaluation: tasks and model loaded, requests built, nothing asked yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import Form, find
from harness.benchmarks.loading import LoadedTask, load
from harness.evaluation.engines import load_bench_engine
from harness.evaluation.record import TaskDescription
from harness.evaluation.requests import ItemRequest, build_requests, check_arguments, fit_token_limit
from harness.evaluation.responses import ResponseKey
from harness.evaluation.settings import BenchSettings
from traceinv.digests import digest_file, digest_text
from traceinv.engines.base import Engine
from traceinv.engines.processor import has_bfloat16
from traceinv.errors import InputError

HUB_KEYS = ("hub", "config", "split", "revision")


@dataclass(frozen=True)
class TaskRun:
    """A task of an evaluation, with the requests for its items.

    Attributes:
        requests: in the order of the items, and of the samples of each item.
        description: the task's part of a record, without figures.
    """

    loaded: LoadedTask
    requests: list[ItemRequest]
    description: TaskDescription

    @property
    def name(self) -> str:
        return self.loaded.benchmark.name

    @property
    def response_keys(self) -> list[ResponseKey]:
        return [request.response_key for request in self.requests]

    def describe_part(self, limit: int | None, samples: int) -> TaskDescription:
        """Describe the task as if there were only its first `limit` items (all for None) and `samples` responses to each."""
        items = [request for request in self.requests if request.sample == 0][:limit]
        part = {
            "prompts": digest_texts([request.text for request in items]),
            "rendered": digest_texts([request.prompt for request in items]),
            "sampling": self.description.sampling | {"samples": samples},
        }
        return self.description.model_copy(update=part)


@dataclass(frozen=True)
class BenchPlan:
    """An evaluation of which everything is fixed but the responses.

    Attributes:
        runs: in the order of the settings' tasks.
        warnings: what changes the meaning of the figures, one sentence each.
    """

    settings: BenchSettings
    engine: Engine
    runs: list[TaskRun]
    warnings: list[str]

    @property
    def requests(self) -> list[ItemRequest]:
        """The requests of all tasks."""
        return [request for run in self.runs for request in run.requests]

    @property
    def descriptions(self) -> list[TaskDescription]:
        return [run.description for run in self.runs]


def make_plan(settings: BenchSettings, out: Path, data_dir: str | None, check_prompts: bool = False) -> BenchPlan:
    """Load tasks and model, and build the requests.

    Args:
        settings: what to run.
        out: where an engine that needs it stores its state, to resume after a kill.
        data_dir: a folder with a mirror of the tasks' data; the hub without one.
        check_prompts: refuse a model that does not read the rendered prompts as they are.

    Raises:
        InputError: a task, its data or the model cannot be loaded, or they do not fit together.
        GateError: responses cannot be graded on this machine.
    """
    first_form: Form = "completion" if settings.form == "completion" else "chat"
    loaded = load_tasks(settings.tasks, first_form, data_dir, settings.parameters)
    engine = load_bench_engine(settings, out, check_prompts)
    form = _choose_form(settings, engine)
    if form != first_form:
        loaded = load_tasks(settings.tasks, form, data_dir, settings.parameters)
    runs = [_plan_task(task, engine, settings) for task in loaded]
    return BenchPlan(settings, engine, runs, [*_slow_type(engine.describe()), *_warnings(runs)])


def load_tasks(
    names: Sequence[str], form: Form, data_dir: str | None, parameters: Mapping[str, Any]
) -> list[LoadedTask]:
    """Load tasks and see that their responses can be graded on this machine.

    Raises:
        InputError: a task or its data cannot be loaded.
        GateError: responses cannot be graded on this machine.
    """
    tasks = [load(find(name, form), data_dir, parameters) for name in names]
    for task in tasks:
        task.scorer.check_ready()
    return tasks


def describe_data(loaded: LoadedTask) -> dict[str, Any]:
    """Return where a task's data comes from, and the number and digest of the items that were read.

    Private data has no revision; the digest of its file stands in the place.
    """
    if loaded.data_file is not None:
        pinned = {"file": loaded.data_file.name, "file_sha256": digest_file(loaded.data_file)}
    else:
        pinned = {key: loaded.benchmark.data[key] for key in HUB_KEYS if key in loaded.benchmark.data}
    return pinned | {"items": len(loaded.items), "sha256": loaded.data_digest}


def digest_texts(texts: Sequence[str]) -> str:
    """Return one SHA-256 over texts, in order."""
    return digest_text("\n".join(digest_text(text) for text in texts))


def _choose_form(settings: BenchSettings, engine: Engine) -> Form:
    if settings.form == "auto":
        return "completion" if engine.chat_template is None else "chat"
    if settings.form == "chat" and engine.chat_template is None:
        raise InputError(f"--form chat: {settings.model} has no chat template; use --form completion")
    return settings.form


def _plan_task(loaded: LoadedTask, engine: Engine, settings: BenchSettings) -> TaskRun:
    samples = settings.samples or int(loaded.task.config.repeats)
    requests = build_requests(loaded, engine.render, samples, settings.limit, settings.generation, settings.seed)
    if settings.engine != "transformers":  # lm-eval's model takes all of lm-eval's arguments
        check_arguments(requests, settings.engine)
    requests, asked, given = fit_token_limit(requests, engine)
    arguments = requests[0].arguments
    first_samples = [request for request in requests if request.sample == 0]
    benchmark = loaded.benchmark
    description = TaskDescription(
        name=benchmark.name,
        task=benchmark.task,
        form=benchmark.form,
        version=benchmark.version,
        grader=benchmark.metadata.get("grader"),
        data=describe_data(loaded),
        prompts=digest_texts([request.text for request in first_samples]),
        rendered=digest_texts([request.prompt for request in first_samples]),
        template=_template_digest(engine, benchmark.form),
        sampling={key: arguments[key] for key in sorted(arguments)} | {"samples": samples},
        token_limit=given,
        token_limit_asked=asked,
        estimator=benchmark.metadata.get("estimator", "avg"),
    )
    return TaskRun(loaded, requests, description)


def _template_digest(engine: Engine, form: Form) -> str | None:
    if form == "completion" or engine.chat_template is None:
        return None
    return digest_text(engine.chat_template) if engine.chat_template else "server's own"


def _slow_type(model: Mapping[str, Any]) -> list[str]:
    """Return a warning where a model computes in bfloat16 on a CPU that has no instructions for it."""
    if (model.get("dtype"), model.get("device")) != ("torch.bfloat16", "cpu") or has_bfloat16():
        return []
    return [
        "the model computes in bfloat16, and this CPU has no instructions for it;"
        " --model-args dtype=float32 is about 4 times as fast"
    ]


def _warnings(runs: Sequence[TaskRun]) -> Iterator[str]:
    for run in runs:
        asked, given = run.description.token_limit_asked, run.description.token_limit
        if given < asked:
            yield (
                f"{run.name}: the token limit is {given} instead of {asked}, because the model's context has no more room"
                " beside the task's longest prompt"
            )
