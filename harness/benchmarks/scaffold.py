"""Write a new task that works: a YAML file, a small Python file, and its test."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from harness.benchmarks.catalog import discover, forget
from harness.benchmarks.data import load
from harness.benchmarks.folders import CHECKOUT, TASKS
from traceinv.errors import InputError

TESTS = TASKS.parent / "tests" / "tasks"
"""Where the tests of the checkout's tasks are."""
LOCAL = Path("tasks_local")
"""Where a task is written outside the checkout, unless the user names a folder."""
BASE = "_base.yaml"
ANSWERS = {
    "expression": "your final answer",
    "number": "your final answer",
    "choice": "the letter of the right option",
}
"""What the answers of a task may be, and how its prompt asks for one."""
INSTALLED = ("site-packages", "dist-packages")

_YAML = """\
# {name}: what it asks, how many items it has, where they come from, and what is peculiar about them.
{base}
task: traceinv_{name}
custom_dataset: !function utils.load
process_results: !function utils.score
doc_to_text: "{{{{question}}}}\\n\\nPlease reason step by step, and put your final answer within \\\\boxed{{}}."
doc_to_target: "{{{{reference}}}}"
metadata:
  version: 1.0
  domain: math  # or code; the tasks of a domain are averaged together
  items: 2
  licence: of the data
  about: what it asks, in one line
  grader: a link to the official grader at a commit, or why there is none
"""
_DATA_YAML = """\
# {name}: what it asks, where its items come from, and what is peculiar about them.
{base}
task: traceinv_{name}
custom_dataset: !function harness.benchmarks.data.load
process_results: !function harness.benchmarks.scorer.score_{answers}
doc_to_text: "{{{{question}}}}\\n\\nPlease reason step by step, and put {what} within \\\\boxed{{}}."
doc_to_target: "{{{{reference}}}}"
metadata:
  version: 1.0
  # domain: math  # or code; the tasks of a domain are averaged together
  items: {items}
  licence: of the data
  about: what it asks, in one line
  grader: a link to the official grader at a commit, or why there is none
  data: {{files: [{file}]}}
  fields: {{{fields}}}
"""
_PYTHON = '''\
"""{name}'s items and grader."""

from typing import Any

from datasets import Dataset

from harness.benchmarks.scorer import Item, Scorer, boxed
from harness.grading import NUMBER_RULE, Grade, grade_math

ITEMS = [
    {{"id": "{name}/0", "question": "What is 6 times 7?", "reference": "42"}},
    {{"id": "{name}/1", "question": "What is 9 plus 10?", "reference": "19"}},
]


def load(**_: Any) -> dict[str, Dataset]:
    return {{"test": Dataset.from_list(ITEMS)}}


def grade(response: str, item: Item) -> Grade:
    return grade_math(response, item["reference"], rule=NUMBER_RULE)


score = Scorer(grade, reference_answer=lambda item: boxed(item["reference"]))
'''
_TEST = '''\
"""The task {name}."""

{imports}from harness.benchmarks.catalog import find
from harness.benchmarks.check import check


def test_{name}_tells_right_answers_from_wrong_ones() -> None:
    findings, _ = check(find({arguments}), data_dir=None, parameters={{}})
    assert not [finding for finding in findings if not finding.passed]
'''


def default_folder() -> Path:
    """Return the folder for new tasks: tasks/ where the current folder lies in a checkout, else ./tasks_local."""
    return TASKS if CHECKOUT and Path.cwd().is_relative_to(CHECKOUT) else LOCAL


def write_task(name: str, root: Path | None = None, tests: Path | None = None) -> list[Path]:
    """Write a task and its test; return the files, in the order in which to read them.

    Args:
        name: the task's short name.
        root: the folder for the task's own folder; see `default_folder`.
        tests: the folder for the test; where it is left out, the checkout's tests for the checkout's tasks, and else the task's
            own folder.

    Raises:
        InputError: the name is not a Python name of small letters, it is taken, or the folder cannot be written to.
    """
    root = default_folder() if root is None else root
    _check_free(name, root)
    shared = tests is not None or root.resolve() == TASKS
    folder = (tests or TESTS) if shared else root / name
    files = {
        root / name / f"{name}.yaml": _YAML.format(name=name, base=_base(root)),
        root / name / "utils.py": _PYTHON.format(name=name),
        folder / f"test_{name}.py": _test(name, beside=not shared),
    }
    existing = [path for path in files if path.exists()]
    if existing:
        raise InputError(f"tasks new {name!r}: {existing[0]} exists already")
    _write(files, name)
    return list(files)


def write_data_task(name: str, data: Path, question: str, answer: str, answers: str) -> Path:
    """Write the YAML of a task whose items are in a file; it goes beside the file, and no Python is needed.

    Args:
        name: the task's short name.
        data: a JSONL, CSV or Parquet file.
        question, answer: its fields with the question and the right answer.
        answers: what answers are, one of `ANSWERS`.

    Raises:
        InputError: the name is not a Python name of small letters, it is taken, or the file has a fault.
    """
    folder = data.resolve().parent
    _check_free(name, folder)
    fields = {"question": question, "reference": answer}
    items = load.items({"files": [data.name]}, fields, str(folder), name)
    path = folder / f"{name}.yaml"
    if path.exists():
        raise InputError(f"tasks new {name!r}: {path} exists already")
    text = _DATA_YAML.format(
        name=name,
        base=_base(folder),
        answers=answers,
        what=ANSWERS[answers],
        items=len(items),
        file=json.dumps(data.name),
        fields=", ".join(f"{ours}: {json.dumps(theirs, ensure_ascii=False)}" for ours, theirs in fields.items()),
    )
    _write({path: text}, name)
    return path


def _check_free(name: str, root: Path) -> None:
    """Check that a task can have a name, and can be written to a folder.

    Raises:
        InputError: it cannot.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"tasks new {name!r}: expected a name of small letters, digits and underscores")
    taken = next((known for known in (*discover(), *discover(root.resolve())) if known.name == name), None)
    if taken is not None:
        raise InputError(f"tasks new {name!r}: there is already a task with this name, in {taken.path}")
    if set(INSTALLED) & set(root.resolve().parts):
        raise InputError(f"tasks new {name!r}: {root} is a folder of installed packages; choose another with --dir")


def _write(files: Mapping[Path, str], name: str) -> None:
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"tasks new {name!r}: {error.filename}: cannot be written: {error.strerror}") from None
    forget()


def _base(root: Path) -> str:
    """Return the settings that all benchmarks share: included where their file is at hand, else written out."""
    if (root / BASE).is_file():
        return f"include: ../{BASE}"
    return (TASKS / BASE).read_text(encoding="utf-8").rstrip()


def _test(name: str, beside: bool) -> str:
    imports = "from pathlib import Path\n\n" if beside else ""
    arguments = f'"{name}"' + (", root=Path(__file__).parent" if beside else "")
    return _TEST.format(name=name, imports=imports, arguments=arguments)
