"""The values in which two nested values differ."""

from typing import Any

import pytest

from harness.results.differences import differences


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"a": {"b": 1}, "c": 2}, {"a": {"b": 1}, "c": 2}, []),
        ({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "c": 2}, [("a.b", 1, 3)]),
        ({"a": {"b": 1}}, {}, [("a.b", 1, None)]),
        ({"a": {"b": 1}}, {"a": 4}, [("a", {"b": 1}, 4)]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("a[1]", 2, 3)]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [("a[0].b", 1, 2)]),
        ({"a": [1, 2]}, {"a": [1]}, [("a", [1, 2], [1])]),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, [("a", 1, 2), ("b", 1, 2)]),
    ],
)
def test_differences_are_named_by_their_dotted_keys(
    first: Any, second: Any, expected: list[tuple[str, Any, Any]]
) -> None:
    assert [(d.key, d.first, d.second) for d in differences(first, second)] == expected
