"""Asking a model the items of some tasks and grading each reply as it comes. Imports lm-eval: import it late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import Form, find
from harness.benchmarks.loading import LoadedTask, build_asks, fit_limit, hash_text, load
from harness.benchmarks.scorer import grade_all
from harness.evaluation.requests import Ask, Model, Replies, Reply
from harness.evaluation.responses import SAMPLES, Sample, SampleFile, value_of
from harness.evaluation.settings import Settings
from harness.grading import Grade
from traceinv.errors import InputError
from traceinv.reasoning import restore_opening

STREAM = "stream.pt"


class Report:
    """What a run tells whoever watches; the base says nothing."""

    def warn(self, message: str) -> None:
        """Something that changes what the figures mean."""

    def advance(self, done: int, total: int) -> None:
        """So many samples of all are there."""


@dataclass(frozen=True)
class Part:
    """A task of a run, with what is asked of it."""

    loaded: LoadedTask
    asks: list[Ask]
    token_limit_asked: int
    token_limit: int
    file: SampleFile

    @property
    def name(self) -> str:
        return self.loaded.benchmark.name


@dataclass(frozen=True)
class Prepared:
    """All that is fixed before anything is asked.

    Attributes:
        descriptions: a task's part of a record, less its figures.
    """

    model: Model
    form: Form
    parts: list[Part]
    descriptions: list[dict[str, Any]]


def prepare(settings: Settings, out: Path, data_dir: str | None, report: Report) -> Prepared:
    """Load tasks and model, and see what there is to ask; samples go to `out`, and those that it holds are taken up.

    Raises:
        InputError: a task, its data or the model is not to be had.
        GateError: nothing can be graded here.
    """
    first_form: Form = "completion" if settings.form == "completion" else "chat"
    loaded = [load(find(name, first_form), data_dir, settings.parameters) for name in settings.tasks]
    for task in loaded:
        task.scorer.check_ready()
    model = _load_model(settings, out)
    form = _form(settings, model)
    if form != first_form:
        loaded = [load(find(name, form), data_dir, settings.parameters) for name in settings.tasks]
    parts = [_part(task, model, settings, out) for task in loaded]
    for part in parts:
        if part.token_limit < part.token_limit_asked:
            report.warn(
                f"{part.name}: {part.token_limit_asked} tokens a reply were asked for; beside its longest prompt the model's"
                f" context has room for {part.token_limit}"
            )
    return Prepared(model, form, parts, [_describe(part) for part in parts])


def ask(parts: Sequence[Part], model: Model, report: Report) -> None:
    """Ask what is not recorded yet; each sample is graded and on the disk before the next batch is asked.

    Raises:
        GateError: a server does not answer, or the means of grading failed.
    """
    by_name = {part.name: part for part in parts}
    asks = [ask for part in parts for ask in part.asks]
    done = sum(ask.key in by_name[ask.task].file.samples for ask in asks)
    report.advance(done, len(asks))
    for replies in model.ask(asks, lambda ask: ask.key in by_name[ask.task].file.samples):
        graded = _grade(replies, by_name)
        for name, part in by_name.items():
            part.file.append(sample for ask, sample in graded if ask.task == name)
        done += len(replies)
        report.advance(min(done, len(asks)), len(asks))


def _load_model(settings: Settings, out: Path) -> Model:
    if settings.engine == "openai":
        from harness.evaluation.server import Server

        if not settings.base_url:
            raise InputError("--engine openai: expected --base-url too, such as http://localhost:8000/v1")
        chat = settings.form != "completion"
        return Server(settings.model, settings.base_url, chat, settings.concurrency, settings.seed)
    from harness.evaluation.models import VLLM, Transformers

    out.mkdir(parents=True, exist_ok=True)
    try:
        if settings.engine == "vllm":
            return VLLM(settings.model, settings.model_args, settings.batch_size, settings.seed)
        return Transformers(settings.model, settings.model_args, settings.batch_size, settings.seed, out / STREAM)
    except (OSError, ValueError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"--model {settings.model}: cannot be loaded: {reason}") from error


def _form(settings: Settings, model: Model) -> Form:
    if settings.form != "auto":
        if settings.form == "chat" and model.chat_template is None:
            raise InputError(f"--form chat: {settings.model} has no chat template; use --form completion")
        return settings.form
    return "completion" if model.chat_template is None else "chat"


def _part(loaded: LoadedTask, model: Model, settings: Settings, out: Path) -> Part:
    samples = settings.samples or int(loaded.task.config.repeats)
    asks = build_asks(loaded, model, samples, settings.limit, settings.generation)
    asks, wanted, given = fit_limit(asks, model)
    return Part(loaded, asks, wanted, given, SampleFile(out / SAMPLES / f"{loaded.benchmark.name}.jsonl"))


def _describe(part: Part) -> dict[str, Any]:
    """A task's part of the record, less its figures: all of it is fixed before anything is asked."""
    benchmark, metadata = part.loaded.benchmark, part.loaded.benchmark.metadata
    source = metadata.get("data") or {}
    arguments = part.asks[0].arguments
    return {
        "name": benchmark.name,
        "task": benchmark.task,
        "form": benchmark.form,
        "version": benchmark.version,
        "grader": metadata.get("grader"),
        "data": {key: source[key] for key in ("hub", "config", "split", "revision") if key in source}
        | {"items": len(part.loaded.items), "sha256": part.loaded.data_digest},
        "prompts": hash_text("\n".join(hash_text(ask.prompt) for ask in part.asks if ask.sample == 0)),
        "sampling": {key: arguments[key] for key in sorted(arguments)}
        | {"samples": 1 + max(a.sample for a in part.asks)},
        "token_limit": part.token_limit,
        "token_limit_asked": part.token_limit_asked,
        "estimator": metadata.get("estimator", "avg"),
    }


def _grade(replies: Replies, parts: Mapping[str, Part]) -> list[tuple[Ask, Sample]]:
    texts = [restore_opening(ask.prompt, reply.text) for ask, reply in replies]
    items = [parts[ask.task].loaded.by_id[ask.item] for ask, _ in replies]
    graders = [parts[ask.task].loaded.scorer.grade for ask, _ in replies]
    grades = grade_all(list(zip(graders, texts, items, strict=True)))
    return [
        (ask, _sample(ask, reply, text, grade))
        for (ask, reply), text, grade in zip(replies, texts, grades, strict=True)
    ]


def _sample(ask: Ask, reply: Reply, text: str, grade: Grade) -> Sample:
    return Sample(
        id=ask.item,
        sample=ask.sample,
        prompt_hash=hash_text(ask.prompt),
        response=text,
        finish_reason=reply.finish_reason,
        tokens=reply.tokens,
        state=grade.state,
        value=value_of(grade),
        extracted=grade.extracted,
        explanation=grade.explanation,
    )
