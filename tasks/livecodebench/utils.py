"""LiveCodeBench's items, by release and date, and its grader."""

import json
from collections.abc import Mapping
from typing import Any

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer
from harness.grading import Grade, grade_livecodebench
from harness.grading.livecodebench import read_tests
from harness.sandbox import require_isolation
from traceinv.errors import InputError, nearest

STDIN = (
    "Write a program that reads from standard input and writes to standard output. Give it in one Python code block."
)
FUNCTION = "Begin with this code, and give the whole program in one Python code block.\n\n```python\n{starter}\n```"


def load(
    *, data: Mapping[str, Any], release: str, start_date: str | None = None, end_date: str | None = None, **rest: Any
) -> Any:
    """Load the problems of a release whose contests took place between two dates (YYYY-MM-DD), both included."""
    releases = {f"release_v{number}": number for number in range(1, len(data["hub_files"]) + 1)}
    if release not in releases:
        raise InputError(f"livecodebench: release: unknown release {release!r}{nearest(str(release), releases)}")

    def prepare(row: dict[str, Any]) -> dict[str, Any] | None:
        day = str(row["date"])[:10]
        if (start_date and day < str(start_date)) or (end_date and day > str(end_date)):
            return None
        starter = row.get("starter") or ""
        return {"date": day, "instruction": FUNCTION.format(starter=starter) if starter else STDIN, "starter": starter}

    files = data["hub_files"][: releases[release]]
    return Loader("livecodebench", prepare)(data={**data, "hub_files": files}, **rest)


def grade(response: str, item: Item) -> Grade:
    try:
        tests = read_tests(item["public_tests"]) + read_tests(item["private_tests"])
        function = json.loads(item["metadata"]).get("func_name")
    except (ValueError, AttributeError) as error:
        return Grade("ungradable", None, f"the problem's tests cannot be read: {error}")
    return grade_livecodebench(response, tests=tests, function=function)


score = Scorer(grade, reference_answer=None, check_ready=require_isolation)
