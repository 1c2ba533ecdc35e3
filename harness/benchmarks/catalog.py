"""The catalogue of tasks: every YAML file with a `task` key below a folder of tasks; no other table lists them.

lm-eval knows a task by a name of ours (`traceinv_gsm8k`) that no task of lm-eval has; the command line knows it by a short
name (`gsm8k`). A task may have a second form for models without a chat template, `traceinv_gsm8k_completion`.

A task's YAML describes it under `metadata`; all of these keys are optional:

    domain: math                  # tasks of one domain are averaged together
    suites: {math: 2, paper: 1}   # the task's position in each suite
    items: 500                    # how many items it has
    licence: MIT                  # of its data
    about: Competition problems   # one line
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os.path import relpath
from pathlib import Path
from typing import Any, Literal

import yaml

from harness.benchmarks.folders import TASKS, task_folders, yaml_files
from harness.benchmarks.local import find_file
from harness.files import MAX_YAML_BYTES, read_bytes
from traceinv.errors import InputError, nearest

PREFIX = "traceinv_"
COMPLETION = "_completion"
DOMAINS = ("math", "code")
"""The domains that a task may name, in the order in which tables show them."""
Form = Literal["chat", "completion"]
SOURCE = (".yaml", ".py", ".json", ".txt", ".jinja")
"""The files in a task's folder that count as its source; a user's folder may hold other files."""
_MAY_BE_TASK = re.compile(rb"""\btask["']? *:""")
"""A YAML file without such a key defines no task and is not parsed: a user's folder may hold other files."""


@dataclass(frozen=True)
class Benchmark:
    """A task as its YAML describes it, read without lm-eval.

    Attributes:
        name: the short name, the same for both forms.
        task: lm-eval's name.
        domain: one of `DOMAINS`; None where the YAML names none.
        suites: the task's position in each suite that it belongs to.
        config: the YAML with its includes; functions stay text.
    """

    name: str
    task: str
    form: Form
    domain: str | None
    suites: Mapping[str, int]
    path: Path
    config: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        metadata: Mapping[str, Any] = self.config.get("metadata") or {}
        return metadata

    @property
    def version(self) -> str:
        return str(self.metadata.get("version", "none"))

    @property
    def items(self) -> int | None:
        """How many items the YAML says that the task has."""
        items: int | None = self.metadata.get("items")
        return items

    @property
    def licence(self) -> str | None:
        """The licence of the data, as the YAML states it."""
        licence = self.metadata.get("licence")
        return None if licence is None else str(licence)

    @property
    def about(self) -> str | None:
        """What the task asks, in one line."""
        about = self.metadata.get("about")
        return None if about is None else " ".join(str(about).split())

    @property
    def data(self) -> Mapping[str, Any]:
        """Where the items come from, as `harness.benchmarks.data` reads it; empty where the task makes them itself."""
        data: Mapping[str, Any] = self.metadata.get("data") or {}
        return data


def find(name: str, form: Form = "chat", root: Path | None = None) -> Benchmark:
    """Return the task with a short name, in one form.

    Args:
        root: look in this folder alone.

    Raises:
        InputError: there is no such task, or it has no such form.
    """
    known = {(benchmark.name, benchmark.form): benchmark for benchmark in discover(root)}
    if (name, form) in known:
        return known[name, form]
    names = sorted({benchmark.name for benchmark in discover(root)})
    if name in names:
        other = "a model with a chat template, or --form chat" if form == "completion" else "--form completion"
        raise InputError(f"task {name!r} has no {form} form; expected {other}")
    raise InputError(f"unknown task {name!r}{nearest(name, names)}")


def expand(suite: str | None, tasks: Sequence[str]) -> tuple[str, ...]:
    """List the short names of a suite's tasks, then those of single tasks, without repeats.

    Raises:
        InputError: there is no such suite, or neither a suite nor a task is named.
    """
    known = suites()
    if suite is not None and suite not in known:
        raise InputError(f"--suite: unknown suite {suite!r}{nearest(suite, known)}")
    names = dict.fromkeys([*(known[suite] if suite else ()), *tasks])
    if not names:
        raise InputError("no task is named; expected --suite " + "|".join(known) + ", or --tasks NAME,NAME")
    return tuple(names)


def suites(root: Path | None = None) -> Mapping[str, tuple[str, ...]]:
    """Return the short names of each suite's tasks, by their position in the suite; suites in the order of their names."""
    members: dict[str, list[tuple[int, str]]] = {}
    for benchmark in discover(root):
        if benchmark.form == "chat":
            for suite, position in benchmark.suites.items():
                members.setdefault(suite, []).append((position, benchmark.name))
    return {suite: tuple(name for _, name in sorted(members[suite])) for suite in sorted(members)}


def source_files(names: Sequence[str]) -> dict[str, Path]:
    """Return the files that make up some tasks, by names that do not depend on where the tasks lie.

    These are the files of source in a task's folder, the YAML files that it includes from elsewhere, and the file with its items
    where that lies in the folder.

    Raises:
        InputError: there is no such task.
    """
    files = {}
    for benchmark in map(find, names):
        items = find_file(benchmark.data, [benchmark.path.parent]) if "hub" not in benchmark.data else None
        for path in (*_source_files(benchmark), *([items] if items else [])):
            files[_place(path, benchmark)] = path
    return files


def discover(root: Path | None = None) -> tuple[Benchmark, ...]:
    """Return all tasks, or those below one folder, sorted by name, the chat form first.

    Raises:
        InputError: a YAML file cannot be read, two files define the same task, or a folder is not there.
    """
    return _discover(task_folders() if root is None else (root,))


def forget() -> None:
    """Read the files again the next time that tasks are asked for."""
    _discover.cache_clear()


@cache
def _discover(roots: tuple[Path, ...]) -> tuple[Benchmark, ...]:
    tasks: dict[tuple[str, Form], Benchmark] = {}
    for path in dict.fromkeys(path.resolve() for root in roots for path in yaml_files(root)):
        config = _read_task(path)
        if config is None:
            continue
        benchmark = _benchmark(path, config)
        key = benchmark.name, benchmark.form
        if key in tasks:
            raise InputError(f"{path}: task {benchmark.task!r} is defined in {tasks[key].path} already")
        tasks[key] = benchmark
    return tuple(sorted(tasks.values(), key=lambda benchmark: (benchmark.name, benchmark.form)))


def _read_task(path: Path) -> dict[str, Any] | None:
    """Read a YAML file with its includes; None where it defines no task."""
    content = read_bytes(path, MAX_YAML_BYTES)
    if not _MAY_BE_TASK.search(content) or not isinstance(_parse(path), dict):
        return None
    config = read_config(path)
    return config if isinstance(config.get("task"), str) else None


def read_config(path: Path) -> dict[str, Any]:
    """Read a task's YAML with its includes; the functions that it names with `!function` stay text.

    Raises:
        InputError: a file is missing, is not YAML, is not a mapping, or includes itself.
    """
    merged: dict[str, Any] = {}
    for _, config in reversed(list(_with_includes(path, ()))):
        merged |= config
    return {key: value for key, value in merged.items() if key != "include"}


def _with_includes(path: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield (file, its keys) of a YAML file and then of the files that it includes, so that earlier ones take precedence."""
    if path in above:
        raise InputError(f"{path}: the file includes itself")
    config = _parse(path)
    if not isinstance(config, dict):
        raise InputError(f"{path}: expected a mapping of keys, as in lm-eval's tasks")
    yield path, config
    includes = config.get("include") or []
    for include in reversed([includes] if isinstance(includes, str) else includes):
        yield from _with_includes((path.parent / include).resolve(), (*above, path))


def _parse(path: Path) -> Any:
    content = read_bytes(path, MAX_YAML_BYTES)
    try:
        return yaml.load(content, Loader=_Loader)  # noqa: S506  # a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None


def _source_files(benchmark: Benchmark) -> list[Path]:
    """List the files of source of a task, those that several tasks share first; tests are no part of a task."""
    folder = benchmark.path.parent
    included = (path for path, _ in _with_includes(benchmark.path, ()))
    shared = TASKS.glob("*.yaml") if _is_built_in(benchmark) else included
    own = {path for path in folder.iterdir() if path.suffix in SOURCE and not path.name.startswith("test_")}
    return [*sorted(set(shared) - own), *sorted(own)]


def _place(path: Path, benchmark: Benchmark) -> str:
    """Name a source file by its place among the tasks, or beside the task."""
    if _is_built_in(benchmark):
        return path.relative_to(TASKS).as_posix()
    return f"{benchmark.name}: {Path(relpath(path, benchmark.path.parent)).as_posix()}"


def _is_built_in(benchmark: Benchmark) -> bool:
    return benchmark.path.is_relative_to(TASKS)


def _benchmark(path: Path, config: Mapping[str, Any]) -> Benchmark:
    task = str(config["task"])
    name = task.removeprefix(PREFIX).removesuffix(COMPLETION)
    form: Form = "completion" if task.endswith(COMPLETION) else "chat"
    metadata = config.get("metadata") or {}
    for where, part in (("metadata", metadata), ("metadata.data", isinstance(metadata, dict) and metadata.get("data"))):
        if part and not isinstance(part, dict):
            raise InputError(f"{path}: {where}: expected a mapping of keys, got {part!r}")
    domain, positions = metadata.get("domain"), metadata.get("suites") or {}
    if domain is not None and domain not in DOMAINS:
        raise InputError(f"{path}: metadata.domain: unknown domain {domain!r}{nearest(str(domain), DOMAINS)}")
    if not isinstance(positions, dict) or not all(type(position) is int for position in positions.values()):
        raise InputError(f"{path}: metadata.suites: expected the position in each suite, such as {{math: 1}}")
    items = metadata.get("items")
    if items is not None and type(items) is not int:
        raise InputError(f"{path}: metadata.items: expected a whole number, got {items!r}")
    return Benchmark(name, task, form, domain, {str(suite): n for suite, n in positions.items()}, path, config)


_FastLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may be built without its C part


class _Loader(_FastLoader):  # type: ignore[misc]
    """A YAML loader that reads `!function` as the text after it."""


def _as_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_constructor("!function", _as_text)
