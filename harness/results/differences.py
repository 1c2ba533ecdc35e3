"""The values in which two nested JSON values differ."""

from collections.abc import Iterator, Mapping
from typing import Any

from traceinv.schema import Closed


class Difference(Closed):
    """A value that differs, by its dotted key; None where a side has no such key."""

    key: str
    first: Any
    second: Any


def differences(first: Any, second: Any) -> list[Difference]:
    """List the values in which two JSON values differ, by dotted key, in the order of the keys.

    Lists of the same length are compared entry by entry (`seeds[0]`), other lists as a whole.
    """
    return list(_differences(first, second, ""))


def _differences(first: Any, second: Any, key: str) -> Iterator[Difference]:
    if isinstance(first, Mapping) or isinstance(second, Mapping):
        ours, theirs = ({} if value is None else value for value in (first, second))
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            for name in sorted(ours.keys() | theirs.keys()):
                yield from _differences(ours.get(name), theirs.get(name), f"{key}.{name}" if key else str(name))
            return
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (ours, theirs) in enumerate(zip(first, second, strict=True)):
            yield from _differences(ours, theirs, f"{key}[{index}]")
        return
    if first != second:
        yield Difference(key=key, first=first, second=second)
