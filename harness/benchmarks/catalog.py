"""Which tasks there are: every YAML below tasks/ is one, and no other table lists them.

lm-eval knows a task by its own name (`traceinv_gsm8k`), which no task of lm-eval's has; the command line by a short one
(`gsm8k`). A task may have a second form for models without a chat template, `traceinv_gsm8k_completion`.
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
Form = Literal["chat", "completion"]

SUITES: Mapping[str, tuple[str, ...]] = {
    "math": ("gsm8k", "math500", "aime24", "aime25", "amc23", "jeebench"),
    "code": ("humaneval", "humaneval_plus", "mbpp", "mbpp_plus", "livecodebench", "cruxeval"),
    "paper": ("math500", "jeebench", "livecodebench", "humaneval_plus"),
    "lab": ("lab_chain", "lab_dials", "lab_prints", "lab_compose"),
}
"""`paper`: the benchmarks of arXiv 2603.07267."""
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "math": (*SUITES["math"], "lab_chain", "lab_dials"),
    "code": (*SUITES["code"], "lab_prints", "lab_compose"),
}
"""Tasks whose mean is reported together where regimes are compared."""


@dataclass(frozen=True)
class Benchmark:
    """A task as its YAML says it, read without lm-eval.

    Attributes:
        name: the short name, the same for both forms.
        task: lm-eval's name for it.
        config: the YAML with its includes, functions as text.
    """

    name: str
    task: str
    form: Form
    path: Path
    config: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.config.get("metadata") or {}
        return found

    @property
    def version(self) -> str:
        return str(self.metadata.get("version", "none"))


def find(name: str, form: Form = "chat", root: Path = TASKS) -> Benchmark:
    """The task with this short name, in this form.

    Raises:
        InputError: there is none.
    """
    known = {(benchmark.name, benchmark.form): benchmark for benchmark in discover(root)}
    if (name, form) in known:
        return known[name, form]
    if any(name == other for other, _ in known):
        raise InputError(f"task {name!r} has no {form} form; expected a model with a chat template, or --form chat")
    raise InputError(f"unknown task {name!r}{nearest(name, sorted({other for other, _ in known}))}")


def expand(suite: str | None, tasks: Sequence[str]) -> tuple[str, ...]:
    """The short names of a suite and of single tasks, each once, in this order.

    Raises:
        InputError: there is no such suite, or nothing is named.
    """
    if suite is not None and suite not in SUITES:
        raise InputError(f"--suite: unknown suite {suite!r}{nearest(suite, SUITES)}")
    names = dict.fromkeys([*(SUITES[suite] if suite else ()), *tasks])
    if not names:
        raise InputError("name what to run: --suite " + "|".join(SUITES) + ", or --tasks NAME,NAME")
    return tuple(names)


def source_digest(name: str) -> str:
    """SHA-256 of what defines a task: the YAMLs and Python files of its folder, and the YAML that the tasks share.

    Raises:
        InputError: there is no such task.
    """
    folder = find(name).path.parent
    total = hashlib.sha256()
    for path in (
        *sorted(TASKS.glob("*.yaml")),
        *sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".py")),
    ):
        data = path.read_bytes()
        total.update(f"{path.relative_to(TASKS).as_posix()}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


@cache
def discover(root: Path = TASKS) -> tuple[Benchmark, ...]:
    """All tasks below a folder, by name, chat form first.

    Raises:
        InputError: a YAML cannot be read, or two of them define the same task.
    """
    found: dict[str, Benchmark] = {}
    for path in sorted(root.rglob("*.yaml")):
        config = read_config(path)
        if not isinstance(config.get("task"), str):  # a part that others include
            continue
        benchmark = _benchmark(path, config)
        if benchmark.task in found:
            raise InputError(f"{path}: task {benchmark.task!r} is defined in {found[benchmark.task].path} already")
        found[benchmark.task] = benchmark
    return tuple(sorted(found.values(), key=lambda benchmark: (benchmark.name, benchmark.form)))


def read_config(path: Path) -> dict[str, Any]:
    """A task's YAML with its includes; what it names with `!function` stays text.

    Raises:
        InputError: it is not YAML, not a mapping, or includes what is not there.
    """
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(config, dict):
        raise InputError(f"{path}: expected a mapping of keys, as lm-eval's tasks are")
    includes = config.pop("include", None) or []
    merged: dict[str, Any] = {}
    for include in [includes] if isinstance(includes, str) else includes:
        merged |= read_config(path.parent / include)
    return merged | config


def _benchmark(path: Path, config: Mapping[str, Any]) -> Benchmark:
    task = str(config["task"])
    name = task.removeprefix(PREFIX)
    if name.endswith(COMPLETION):
        return Benchmark(name.removesuffix(COMPLETION), task, "completion", path, config)
    return Benchmark(name, task, "chat", path, config)


class _Loader(yaml.SafeLoader):
    """Reads `!function` as the text behind it."""


def _as_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_constructor("!function", _as_text)
