"""Long lists and tuples arrive in parts, unchanged, or not at all."""

from itertools import combinations_with_replacement
from typing import Any

import pytest

from harness.sandbox import Limits, Pool
from harness.sandbox.inside.parts import ITEMS_A_PART, items_of, kind_of, parts_of
from harness.sandbox.inside.wire import BadMessage, Remote
from harness.sandbox.records import Checks

from .conftest import Run

WORDS = ["red", "green", "", "blue"]


def _cross(value: Any) -> Any:
    tag, count, parts = parts_of(value, lambda kept: f"kept {type(kept).__name__}")
    sent = list(parts)
    assert len(sent) == count
    return kind_of(tag)(item for part in sent for item in items_of(part, lambda name: Remote(name, print)))


@pytest.mark.parametrize(
    "value",
    [
        list(range(ITEMS_A_PART * 2 + 1)),
        tuple(float(n) for n in range(ITEMS_A_PART + 1)),
        list(combinations_with_replacement(WORDS, 70)),
        [[True, False]] * (ITEMS_A_PART + 1),
        [(n % 3, True) for n in range(ITEMS_A_PART + 1)],
        [("a",), ()] * ITEMS_A_PART,
        [("a", n) for n in range(ITEMS_A_PART + 1)],
        [["a"], ("a",)] * ITEMS_A_PART,
        [{1}, "x", None, 2**300] * ITEMS_A_PART,
        [[str(n)] for n in range(ITEMS_A_PART + 1)],
    ],
    ids=lambda value: str(value[:2])[:40],
)
def test_a_long_value_arrives_as_it_was(value: Any) -> None:
    arrived = _cross(value)
    assert arrived == value
    assert type(arrived) is type(value)
    assert [type(item) for item in arrived[:9]] == [type(item) for item in value[:9]]
    assert [type(x) for item in arrived[:9] if isinstance(item, list | tuple) for x in item] == [
        type(x) for item in value[:9] if isinstance(item, list | tuple) for x in item
    ]


@pytest.mark.parametrize(
    "part",
    [["rows"], ["rows", "set", ["a"], [1], "AA=="], ["rows", "list", ["a"], [2], "AA=="], ["rows", "list", ["a"], [1], "AQ=="],
     ["rows", "list", [["list"]], [1], "AA=="], ["rows", "list", ["a"], [-1, 2], "AA=="], ["rows", "list", ["a"], [1], "?"],
     ["rows", "list", "a", "1", 7], ["tuple", 1], 7, None, {"a": 1}],
)  # fmt: skip
def test_a_part_of_no_agreed_form_is_refused(part: object) -> None:
    with pytest.raises(BadMessage):
        items_of(part, lambda name: name)


FORGER = """
import gc, json, socket, struct
def send(message):
    payload = json.dumps(message).encode()
    channel.sendall(struct.pack("!I", len(payload)) + payload)
def double(x):
    global channel
    channel = next(o for o in gc.get_objects() if isinstance(o, socket.socket))
    calls = next(o for o in gc.get_objects() if type(o).__name__ == "_Calls")
    import sys
    frame = sys._getframe()
    while "token" not in frame.f_locals: frame = frame.f_back
    token = frame.f_locals["token"]
    for message in MESSAGES: send([token, *message])
    return 8
"""


@pytest.mark.parametrize(
    "messages",
    [
        [["parts", "set", 1], ["part", ["list", 8]]],
        [["parts", "list", "x"]],
        [["parts", ["list"], 1]],
        [["parts", "list", 1], ["value", 8]],
        [["parts", "list", 1], ["loaded"]],
        [["loaded"]],
        [["part", ["list", 8]]],
        [["parts", "list", 10**9], ["part", ["list", 8]]],
    ],
)
def test_a_program_that_writes_parts_itself_gains_nothing(check: Run, messages: list[list[Any]]) -> None:
    assert check(FORGER.replace("MESSAGES", repr(messages))).verdict in ("failed", "error", "blocked")


@pytest.mark.slow
def test_a_value_without_end_is_stopped(pool: Pool) -> None:
    messages = [["parts", "list", 10**9], ["part", ["list", *[["list"]] * 10_000]]]
    endless = "i = 0\n    while True:\n        send([token, *MESSAGES[min(i, 1)]])\n        i += 1"
    program = FORGER.replace("for message in MESSAGES: send([token, *message])", endless)
    limits = Limits(cpu_seconds=3, total_cpu_seconds=3, idle_seconds=2)
    outcome = pool.check(f"MESSAGES = {messages!r}\n{program}", Checks("assert double(4) == 8"), limits)
    assert outcome.verdict in ("blocked", "error", "timeout"), outcome
    assert pool.check("def double(x): return 8", Checks("assert double(4) == 8"), limits).verdict == "passed"
