"""Values arrive unchanged, or not at all."""

import math
from collections import Counter, OrderedDict, deque
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from harness.sandbox.inside.wire import BadMessage, Remote, decode, encode


class Colour(IntEnum):
    RED = 3


class Point(NamedTuple):
    x: int
    y: int


def _keep(value: object) -> str:
    return f"kept {type(value).__name__}"


def _cross(value: object) -> Any:
    return decode(encode(value, _keep), lambda name: Remote(name, print))


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 2**300, -(2**5000), 0.1, -0.0, math.inf, "", "é\ud800", b"\x00\xff", 1 + 2j, [], (), {}, set(),
     [1, (2, {3})], {"a": [1], (1, 2): {3: 4}}, frozenset({1}), deque([1, 2]), range(1, 9, 2), Decimal("1.10"),
     Fraction(1, 3), bytearray(b"a"), int, ValueError],
)  # fmt: skip
def test_a_plain_value_arrives_as_it_was(value: object) -> None:
    arrived = _cross(value)
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [(Counter("aab"), {"a": 2, "b": 1}), (OrderedDict(a=1), {"a": 1}), (Point(1, 2), (1, 2)), (Colour.RED, 3),
     (np.float64(0.5), 0.5), (np.int64(3), 3), (np.bool_(True), True)],
)  # fmt: skip
def test_a_subclass_arrives_as_its_builtin(value: object, plain: object) -> None:
    assert _cross(value) == plain
    assert type(_cross(value)) is type(plain)


def test_nan_and_arrays_and_iterators_arrive() -> None:
    assert math.isnan(_cross(math.nan))
    assert np.array_equal(_cross(np.array([[1, 2], [3, 4]])), [[1, 2], [3, 4]])
    assert list(_cross(x * x for x in range(3))) == [0, 1, 4]


def test_other_objects_stay_where_they_are_and_equal_nothing() -> None:
    class Liar:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            return True

    arrived = _cross(Liar())
    assert isinstance(arrived, Remote)
    assert arrived != object()
    assert _cross([Liar()]) != [1]


@pytest.mark.parametrize(
    "message",
    [["no such"], [], ["int", "x"], ["int"], ["dict", [1]], ["dict", [["list"], 1]], ["set", ["list"]], {"a": 1},
     ["decimal", "x"], ["fraction", "0x1", "0x0"], ["builtin", "exec"], ["builtin", "__import__"], ["bytes", "zz"],
     ["range", 1, 2, 0], [["list"]], ["name"]],
)  # fmt: skip
def test_a_message_of_no_agreed_form_is_refused(message: object) -> None:
    with pytest.raises(BadMessage):
        decode(message, lambda name: name)


def test_a_value_without_end_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(BadMessage, match="deep"):
        encode(loop, _keep)


@pytest.mark.parametrize(
    "values",
    [{12, 13, 14, 15, 16}, set(range(12, 17)), {10, 15, 20}, {40, 8, 16, 0}, set(), {1, "a", 2.5}, set(range(100))],
)  # fmt: skip
def test_a_set_is_iterated_as_it_was(values: set[object]) -> None:
    assert list(_cross(values)) == list(values)


@pytest.mark.parametrize("values", [[2**254, -(2**254), 2**255, 1], [1, True, None, "a", 0.5], [1, (2,)], [[1], 2]])
def test_a_long_list_is_sent_as_its_items_are(values: list[object]) -> None:
    arrived = _cross(values)
    assert arrived == values
    assert [type(item) for item in arrived] == [type(item) for item in values]
