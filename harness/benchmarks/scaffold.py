"""Write a new task that works: a YAML file, a small Python file, and its test."""

import re
from pathlib import Path

from harness.benchmarks.catalog import TASKS, discover
from traceinv.errors import InputError

TESTS = TASKS.parent / "tests" / "tasks"

_YAML = """\
# {name}: what it asks, how many items it has, where they come from, and what is peculiar about them.
include: ../_base.yaml
task: traceinv_{name}
custom_dataset: !function utils.load
process_results: !function utils.score
doc_to_text: "{{{{question}}}}\\n\\nPlease reason step by step, and put your final answer within \\\\boxed{{}}."
doc_to_target: "{{{{reference}}}}"
metadata:
  version: 1.0
  domain: math  # or code; the tasks of a domain are averaged together
  grader: a link to the official grader at a commit, or why there is none
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

from harness.benchmarks.catalog import find
from harness.benchmarks.check import check


def test_{name}_tells_right_answers_from_wrong_ones() -> None:
    findings, _ = check(find("{name}"), data_dir=None, parameters={{}})
    assert not [finding for finding in findings if not finding.passed]
'''


def write_task(name: str, root: Path = TASKS, tests: Path = TESTS) -> list[Path]:
    """Write a task and its test; return the files, in the order in which to read them.

    Raises:
        InputError: the name is not a Python name of small letters, or it is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"tasks new {name!r}: expected a name of small letters, digits and underscores")
    if name in {benchmark.name for benchmark in discover(root)}:
        raise InputError(f"tasks new {name!r}: there is already a task with this name")
    files = {
        root / name / f"{name}.yaml": _YAML,
        root / name / "utils.py": _PYTHON,
        tests / f"test_{name}.py": _TEST,
    }
    existing = [path for path in files if path.exists()]
    if existing:
        raise InputError(f"tasks new {name!r}: {existing[0]} exists already")
    for path, template in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.format(name=name), encoding="utf-8")
    discover.cache_clear()
    return list(files)
