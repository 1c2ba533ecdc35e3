"""Long lists and tuples are sent in parts, so that neither side holds a second copy of the whole value as text.

Rows that repeat a few short values, such as the combinations of five words, are sent as a table of the values and one byte for
each place; the receiver then shares the values as the sender does.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from harness.sandbox.inside.wire import BadMessage, decode, encode

ITEMS_A_PART = 50_000
_ROWS_WORTH_A_TABLE = 1_000
_TAGS: dict[type, str] = {list: "list", tuple: "tuple"}
_KINDS: dict[str, type] = {tag: kind for kind, tag in _TAGS.items()}


def is_long(value: Any) -> bool:
    """Return whether a value is sent in parts."""
    return type(value) in _TAGS and len(value) > ITEMS_A_PART


def parts_of(value: Any, keep: Callable[[Any], str]) -> tuple[str, int, Iterator[Any]]:
    """Return a long value's tag, the number of its parts, and the parts, encoded one after another.

    Raises:
        BadMessage: while the parts are read; see `encode`.
    """
    starts = range(0, len(value), ITEMS_A_PART)
    slices = (list(value[start : start + ITEMS_A_PART]) for start in starts)
    return _TAGS[type(value)], len(starts), (_table(items) or encode(items, keep) for items in slices)


def kind_of(tag: Any) -> type:
    """Return the type that a tag stands for.

    Raises:
        BadMessage: it stands for none.
    """
    if not isinstance(tag, str) or tag not in _KINDS:
        raise BadMessage("a value in parts is neither a list nor a tuple")
    return _KINDS[tag]


def items_of(part: Any, resolve: Callable[[str], Any]) -> list[Any]:
    """Decode a part.

    Raises:
        BadMessage: it does not have the agreed form.
    """
    if isinstance(part, list) and part[:1] == ["rows"]:
        try:
            return list(_rows(*part[1:]))
        except (TypeError, ValueError, IndexError, binascii.Error) as error:
            raise BadMessage(f"a table of rows cannot be read: {error}") from None
    items = decode(part, resolve)
    if not isinstance(items, list):
        raise BadMessage("a part is not a list")
    return items


def _table(items: list[Any]) -> list[Any] | None:
    """Encode rows of at most 256 different values as a table; return None where the items are no such rows."""
    kinds = set(map(type, items))
    if len(items) < _ROWS_WORTH_A_TABLE or len(kinds) != 1 or not kinds <= _TAGS.keys():
        return None
    flat = list(chain.from_iterable(items))
    # values of one type only, because 1 and True are one key; long integers need their own encoding
    if set(map(type, flat)) not in ({str}, {bool}):
        return None
    values = list(dict.fromkeys(flat))
    if len(values) > 256:
        return None
    number = {value: place for place, value in enumerate(values)}
    places = base64.b64encode(bytes(map(number.__getitem__, flat))).decode()
    return ["rows", _TAGS[kinds.pop()], values, list(map(len, items)), places]


def _rows(tag: str, values: list[Any], lengths: list[int], places: str) -> Iterator[Any]:
    kind = kind_of(tag)
    if not all(type(value) in (str, bool) for value in values) or not all(type(n) is int and n >= 0 for n in lengths):
        raise ValueError("values or lengths of another type")
    every = base64.b64decode(places, validate=True)
    if sum(lengths) != len(every):
        raise ValueError("lengths that do not add up")
    start = 0
    for length in lengths:
        yield kind(map(values.__getitem__, every[start : start + length]))
        start += length
