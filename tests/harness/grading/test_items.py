"""An item that shows nothing about a program is ungradable, for every response to it, and is examined once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.grading import GradingFailed, grade_humaneval, grade_livecodebench, grade_mbpp
from harness.grading.base import Grade
from harness.grading.items import fault_of, idle_functions

RIGHT = Grade("correct", None, "all tests pass")
WRONG = Grade("wrong", None, "failed: it fails")


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize("response", ["```python\ndef add(a, b):\n    return a + b\n```", "prose", "", "<think>"])
def test_an_item_whose_own_solution_fails_is_ungradable_for_every_response(response: str) -> None:
    grade = grade_mbpp(response, tests=["assert add(1, 2) == 4"], reference="def add(a, b):\n    return a + b\n")
    assert grade.state == "ungradable"
    assert grade.explanation.startswith("the item's own solution fails: failed: assert add(1, 2) == 4 fails")


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("candidate(1)", "a program that does nothing passes the item's tests"),
        ("assert candidate(1) in (None, 2)", "a program that does nothing passes the item's tests"),
        (
            "try:\n        assert candidate(1) == 2\n    except Exception:\n        pass",
            "a program that does nothing passes",
        ),
        ("assert candidate(1) == 3", "the item's own solution fails"),
        ("assert candidate(1) == no_such_name", "the item's own solution fails"),
        ("import no_such_module", "no_such_module"),
    ],
)
def test_what_shows_nothing_is_ungradable_with_its_reason(test: str, reason: str) -> None:
    grade = grade_humaneval(
        "```python\ndef f(x): return x + 1\n```",
        prompt="def f(x):\n",
        canonical_solution="    return x + 1\n",
        test=f"def check(candidate):\n    {test}\n",
        entry_point="f",
    )
    assert grade.state == "ungradable"
    assert reason in grade.explanation


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("tests", "function", "state"),
    [
        ([{"input": "1\n", "output": "\n"}], None, "ungradable"),
        ([{"input": "1\n", "output": "\n"}, {"input": "2\n", "output": "2\n"}], None, "wrong"),
        ([{"input": "1", "output": "null"}], "f", "ungradable"),
        ([{"input": "1", "output": "null"}, {"input": "2", "output": "2"}], "f", "wrong"),
        ([], None, "ungradable"),
    ],
)
def test_problems_without_a_solution_are_tried_with_a_program_that_does_nothing(
    tests: list[dict[str, str]], function: str | None, state: str
) -> None:
    program = "print(input())" if function is None else "def f(x): return x"
    assert grade_livecodebench(f"```python\n{program}\n```", tests=tests, function=function).state == state


@pytest.mark.parametrize(
    ("idle", "own", "fault"),
    [(WRONG, RIGHT, None), (RIGHT, RIGHT, "a program that does nothing passes the item's tests"),
     (WRONG, WRONG, "the item's own solution fails: failed: it fails"),
     (Grade("ungradable", None, "no tests"), RIGHT, "no tests"), (WRONG, Grade("ungradable", None, "no tests"), "no tests"),
     (WRONG, None, None)],
)  # fmt: skip
def test_an_item_is_at_fault_for_one_reason(idle: Grade, own: Grade | None, fault: str | None) -> None:
    grades = {"idle": idle, "own": own}

    def trial(program: str) -> Grade:
        grade = grades[program]
        assert grade is not None
        return grade

    assert fault_of(f"{idle} {own}", trial, "own" if own else None, "idle") == fault


def test_an_item_is_examined_once_even_by_many_threads() -> None:
    runs: list[str] = []

    def trial(program: str) -> Grade:
        runs.append(program)
        return WRONG

    with ThreadPoolExecutor(8) as threads:
        faults = set(threads.map(lambda _: fault_of("once", trial, "own", "idle"), range(50)))
    assert faults == {"the item's own solution fails: failed: it fails"}
    assert runs == ["idle", "own"]


def test_a_failure_to_run_is_no_fault_of_the_item_and_is_not_remembered() -> None:
    def broken(program: str) -> Grade:
        raise GradingFailed("no worker")

    with pytest.raises(GradingFailed):
        fault_of("again", broken, None, "idle")
    assert fault_of("again", lambda program: WRONG, None, "idle") is None


def test_an_idle_program_defines_what_is_asked_for_and_returns_nothing() -> None:
    scope: dict[str, object] = {}
    exec(idle_functions(("f", "g")), scope)  # noqa: S102
    assert callable(scope["f"])
    assert scope["f"](1, a=2) is None
    assert idle_functions(()) == "pass\n"
