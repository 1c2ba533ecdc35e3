"""Load a task through lm-eval: its items, its grader, and the prompts to ask.

Import this module late: it imports lm-eval.
"""

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.benchmarks.catalog import Benchmark
from harness.benchmarks.data import OTHER, digest
from harness.benchmarks.scorer import Item, Scorer
from harness.evaluation.requests import Ask, Model
from traceinv.errors import InputError


@dataclass(frozen=True)
class LoadedTask:
    """A task with its data.

    Attributes:
        task: lm-eval's own object.
        items: the items of the test split, in its order; each has a unique text `id`.
    """

    benchmark: Benchmark
    task: Any
    items: list[Item]
    scorer: Scorer

    @cached_property
    def data_digest(self) -> str:
        return digest(self.items)

    @cached_property
    def by_id(self) -> dict[str, Item]:
        """All items by id. Those outside the test split are included, since recorded responses to them can be graded."""
        return {item["id"]: item for item in [*self.items, *self.task.dataset.get(OTHER, ())]}

    @property
    def subjects(self) -> dict[str, str]:
        """Each item's subject (or level, or contest) by id; empty where the task's metadata names no field for it."""
        field = self.benchmark.metadata.get("subject")
        return {item["id"]: str(item[field]) for item in self.items} if field else {}


def load(benchmark: Benchmark, data_dir: str | None = None, parameters: Mapping[str, Any] | None = None) -> LoadedTask:
    """Load a task and its data.

    Args:
        data_dir: a folder with a mirror of the data; None to load it from the hub.
        parameters: values in place of the task's metadata, such as LiveCodeBench's `release`.

    Raises:
        InputError: the data is not available or not in the expected form, or the task has no `Scorer`.
    """
    task = _load_task(benchmark, data_dir, parameters or {})
    scorer = task.config.process_results
    if not isinstance(scorer, Scorer):
        raise InputError(f"{benchmark.path}: process_results: expected a harness.benchmarks.scorer.Scorer")
    items = list(task.eval_docs)
    _check_ids(benchmark.name, [item.get("id") for item in items])
    return LoadedTask(benchmark, task, items, scorer)


def _load_task(benchmark: Benchmark, data_dir: str | None, parameters: Mapping[str, Any]) -> Any:
    os.environ.setdefault("TQDM_DISABLE", "1")  # lm-eval shows a progress bar for each task
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    metadata = {**parameters, **({"data_dir": data_dir} if data_dir else {})}
    manager = TaskManager(include_path=str(benchmark.path.parent), include_defaults=False, metadata=metadata)
    if benchmark.task not in manager.all_subtasks:
        raise InputError(f"{benchmark.path}: lm-eval finds no task {benchmark.task!r} in it")
    try:
        return manager.load([benchmark.task])["tasks"][benchmark.task]
    except (ImportError, AttributeError, SyntaxError, LookupError, TypeError, ValueError, OSError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{benchmark.path}: the task cannot be loaded: {reason}") from error


def _check_ids(name: str, ids: Sequence[Any]) -> None:
    nameless = next((number for number, identifier in enumerate(ids) if not isinstance(identifier, str)), None)
    if nameless is not None:
        raise InputError(f"task {name}: item {nameless} has no text as its `id`")
    if len(set(ids)) < len(ids):
        duplicate = next(identifier for identifier in ids if ids.count(identifier) > 1)
        raise InputError(f"task {name}: two items have the id {duplicate!r}")


def build_asks(
    loaded: LoadedTask, model: Model, samples: int, limit: int | None, overrides: Mapping[str, Any]
) -> list[Ask]:
    """What to ask, in lm-eval's order: its own prompts, each as many times as there are samples.

    Args:
        loaded: the task.
        model: renders the prompts.
        samples: how many of each item.
        limit: the first so many items alone.
        overrides: generation arguments in place of the task's.
    """
    task = loaded.task
    task.set_config(key="num_fewshot", value=task.config.num_fewshot or 0)
    task.set_config(key="generation_kwargs", value=dict(overrides), update=True)
    chat = loaded.benchmark.form == "chat"
    task.build_all_requests(
        limit=limit,
        rank=0,
        world_size=1,
        apply_chat_template=chat,
        fewshot_as_multiturn=True,
        chat_template=model.render if chat else None,
        tokenizer_name="",
    )
    return [
        Ask(loaded.benchmark.name, instance.doc["id"], sample, instance.args[0], instance.args[1])
        for instance in task.instances
        for sample in range(samples)
    ]


def fit_limit(asks: Sequence[Ask], model: Model) -> tuple[list[Ask], int, int]:
    """The asks with a token limit that fits the model's context beside the longest prompt; the limit asked for, and given.

    Raises:
        InputError: a prompt leaves no room for a reply.
    """
    wanted = int(asks[0].arguments["max_gen_toks"])
    if model.context is None:
        return list(asks), wanted, wanted
    longest, ask = max(((model.count_tokens(ask.prompt) or 0, ask) for ask in asks), key=lambda pair: pair[0])
    room = model.context - longest
    if room < 1:
        raise InputError(
            f"task {ask.task}: the prompt of {ask.item} has {longest} tokens, the model's context {model.context}:"
            " no room to reply"
        )
    given = min(wanted, room)
    fitted = [Ask(a.task, a.item, a.sample, a.prompt, a.arguments | {"max_gen_toks": given}) for a in asks]
    return fitted, wanted, given


def hash_text(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
