"""The catalogue of tasks: every YAML file below tasks/ that has a `task` key is a task, and no other table lists them.

lm-eval knows a task by a name of ours (`traceinv_gsm8k`) that no task of lm-eval has; the command line knows it by a short
name (`gsm8k`). A task may have a second form for models without a chat template, `traceinv_gsm8k_completion`.

A task's YAML names its domain and its suites under `metadata`:

    domain: math              # tasks of one domain are averaged together; optional
    suites: {math: 2, paper: 1}   # the task's position in each suite; optional
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from traceinv.errors import InputError, nearest

TASKS = Path(__file__).parents[2] / "tasks"
PREFIX = "traceinv_"
COMPLETION = "_completion"
DOMAINS = ("math", "code")
"""The domains that a task may name, in the order in which tables show them."""
Form = Literal["chat", "completion"]


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


def find(name: str, form: Form = "chat", root: Path = TASKS) -> Benchmark:
    """Return the task with a short name, in one form.

    Raises:
        InputError: there is no such task, or it has no such form.
    """
    known = {(benchmark.name, benchmark.form): benchmark for benchmark in discover(root)}
    if (name, form) in known:
        return known[name, form]
    names = sorted({benchmark.name for benchmark in discover(root)})
    if name in names:
        raise InputError(f"task {name!r} has no {form} form; expected a model with a chat template, or --form chat")
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


def suites(root: Path = TASKS) -> Mapping[str, tuple[str, ...]]:
    """Return the short names of each suite's tasks, by their position in the suite; suites in the order of their names."""
    members: dict[str, list[tuple[int, str]]] = {}
    for benchmark in discover(root):
        if benchmark.form == "chat":
            for suite, position in benchmark.suites.items():
                members.setdefault(suite, []).append((position, benchmark.name))
    return {suite: tuple(name for _, name in sorted(members[suite])) for suite in sorted(members)}


def source_digest(name: str) -> str:
    """Return the SHA-256 of a task's source: the YAML and Python files of its folder, and the YAML that all tasks share.

    Raises:
        InputError: there is no such task.
    """
    folder = find(name).path.parent
    own = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".py"))
    total = hashlib.sha256()
    for path in (*sorted(TASKS.glob("*.yaml")), *own):
        data = path.read_bytes()
        total.update(f"{path.relative_to(TASKS).as_posix()}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


@cache
def discover(root: Path = TASKS) -> tuple[Benchmark, ...]:
    """Return all tasks below a folder, sorted by name, the chat form first.

    Raises:
        InputError: a YAML file cannot be read, or two files define the same task.
    """
    tasks: dict[str, Benchmark] = {}
    for path in sorted(root.rglob("*.yaml")):
        config = read_config(path)
        if not isinstance(config.get("task"), str):  # other files include this one
            continue
        benchmark = _benchmark(path, config)
        if benchmark.task in tasks:
            raise InputError(f"{path}: task {benchmark.task!r} is defined in {tasks[benchmark.task].path} already")
        tasks[benchmark.task] = benchmark
    return tuple(sorted(tasks.values(), key=lambda benchmark: (benchmark.name, benchmark.form)))


def read_config(path: Path) -> dict[str, Any]:
    """Read a task's YAML with its includes; the functions that it names with `!function` stay text.

    Raises:
        InputError: the file is missing, is not YAML, or is not a mapping.
    """
    try:
        config = yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506  # a safe loader
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(config, dict):
        raise InputError(f"{path}: expected a mapping of keys, as in lm-eval's tasks")
    includes = config.pop("include", None) or []
    merged: dict[str, Any] = {}
    for include in [includes] if isinstance(includes, str) else includes:
        merged |= read_config(path.parent / include)
    return merged | config


def _benchmark(path: Path, config: Mapping[str, Any]) -> Benchmark:
    task = str(config["task"])
    name = task.removeprefix(PREFIX).removesuffix(COMPLETION)
    form: Form = "completion" if task.endswith(COMPLETION) else "chat"
    metadata = config.get("metadata") or {}
    domain, positions = metadata.get("domain"), metadata.get("suites") or {}
    if domain is not None and domain not in DOMAINS:
        raise InputError(f"{path}: metadata.domain: unknown domain {domain!r}{nearest(str(domain), DOMAINS)}")
    if not isinstance(positions, dict) or not all(type(position) is int for position in positions.values()):
        raise InputError(f"{path}: metadata.suites: expected the position in each suite, such as {{math: 1}}")
    return Benchmark(name, task, form, domain, {str(suite): n for suite, n in positions.items()}, path, config)


_FastLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may be built without its C part


class _Loader(_FastLoader):  # type: ignore[misc]
    """A YAML loader that reads `!function` as the text after it."""


def _as_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_constructor("!function", _as_text)
