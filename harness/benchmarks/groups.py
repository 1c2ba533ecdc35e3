"""Which tasks' means are reported together, and where regimes are compared."""

from collections.abc import Iterable

from harness.benchmarks.catalog import DOMAINS

COMPARED = ("math", "code", "all")


def task_groups(tasks: Iterable[str]) -> dict[str, list[str]]:
    """The tasks of each column: every task by itself, then the groups that have any of them, then all."""
    named = list(dict.fromkeys(tasks))
    groups = {name: [task for task in members if task in named] for name, members in DOMAINS.items()}
    return {task: [task] for task in named} | {name: found for name, found in groups.items() if found} | {"all": named}


def compared_groups(tasks: Iterable[str]) -> dict[str, list[str]]:
    """Those of `task_groups` on which regimes are compared."""
    return {name: members for name, members in task_groups(tasks).items() if name in COMPARED}
