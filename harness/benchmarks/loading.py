"""Load a task through lm-eval: its items, its grader, and the prompts to ask.

Import this module late: it imports lm-eval.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import Benchmark
from harness.benchmarks.data import OTHER, digest, private_folders
from harness.benchmarks.local import find_file
from harness.benchmarks.scorer import Item, Scorer
from traceinv.errors import InputError


@dataclass(frozen=True)
class LoadedTask:
    """A task with its data.

    Attributes:
        task: lm-eval's own object.
        items: the items of the test split, in its order; each has a unique text `id`.
        data_file: the file with private data; None where the items come from the hub, a mirror, or the task itself.
    """

    benchmark: Benchmark
    task: Any
    items: list[Item]
    scorer: Scorer
    data_file: Path | None = None

    @cached_property
    def data_digest(self) -> str:
        return digest(self.items)

    @cached_property
    def by_id(self) -> dict[str, Item]:
        """All items by id. Those outside the test split are included, since recorded responses to them can be graded."""
        return {item["id"]: item for item in [*self.items, *self.task.dataset.get(OTHER, ())]}

    def text_of(self, item: Item) -> str:
        """Return the task's own text of an item, before any chat template."""
        return str(self.task.doc_to_text(item))

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
    return LoadedTask(benchmark, task, items, scorer, _private_file(benchmark, data_dir))


def _load_task(benchmark: Benchmark, data_dir: str | None, parameters: Mapping[str, Any]) -> Any:
    os.environ.setdefault("TQDM_DISABLE", "1")  # lm-eval shows a progress bar for each task
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    place = {"task_name": benchmark.name, "task_folder": str(benchmark.path.parent)}
    metadata = {**place, **parameters, **({"data_dir": data_dir} if data_dir else {})}
    manager = TaskManager(include_path=str(benchmark.path.parent), include_defaults=False, metadata=metadata)
    if benchmark.task not in manager.all_subtasks:
        raise InputError(f"{benchmark.path}: lm-eval finds no task {benchmark.task!r} in it")
    try:
        return manager.load([benchmark.task])["tasks"][benchmark.task]
    except (ImportError, AttributeError, SyntaxError, LookupError, TypeError, ValueError, OSError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{benchmark.path}: the task cannot be loaded: {reason}") from error


def _private_file(benchmark: Benchmark, data_dir: str | None) -> Path | None:
    """Return the file that a task's private data was read from."""
    if not benchmark.data or "hub" in benchmark.data:
        return None
    return find_file(benchmark.data, private_folders(data_dir, str(benchmark.path.parent)))


def _check_ids(name: str, ids: Sequence[Any]) -> None:
    nameless = next((number for number, identifier in enumerate(ids) if not isinstance(identifier, str)), None)
    if nameless is not None:
        raise InputError(f"task {name}: item {nameless} has no text as its `id`")
    if len(set(ids)) < len(ids):
        duplicate = next(identifier for identifier in ids if ids.count(identifier) > 1)
        raise InputError(f"task {name}: two items have the id {duplicate!r}")
