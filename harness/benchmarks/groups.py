"""Groups of tasks whose means are reported together."""

from collections.abc import Iterable

from harness.benchmarks.catalog import DOMAINS, discover

ALL = "all"


def task_groups(tasks: Iterable[str]) -> dict[str, list[str]]:
    """Return the tasks of each reported group: each task alone, then each domain that has any of them, then `all`."""
    names = list(dict.fromkeys(tasks))
    return {name: [name] for name in names} | compared_groups(names)


def compared_groups(tasks: Iterable[str]) -> dict[str, list[str]]:
    """Return the tasks of the groups on which regimes are compared: each domain that has any of them, then `all`."""
    names = list(dict.fromkeys(tasks))
    domain_of = {benchmark.name: benchmark.domain for benchmark in discover()}
    groups = {domain: [name for name in names if domain_of.get(name) == domain] for domain in DOMAINS}
    return {domain: members for domain, members in groups.items() if members} | {ALL: names}
