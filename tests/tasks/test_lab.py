"""The lab's graders: the state of each response, hostile programs included."""

import pytest

from harness.benchmarks.scorer import metrics
from tasks.lab.utils import chain, chain_private, dials_private, grade_function, grade_value, prints_private

TESTS = [(x, (2 * x + 5) % 7) for x in range(-3, 15)]


@pytest.mark.parametrize(
    ("response", "state"),
    [
        ("<think>\na=1\n</think>\n\n4", "correct"),
        ("<think>\n</think>\n4", "correct"),
        ("a=1\n</think>\n\n4", "correct"),  # the chat template opened the reasoning
        ("<think>\na=4\n</think>\n\n3", "wrong"),
        ("<think>\nso it is 4", "unfinished"),
        ("4", "unfinished"),
        ("<think>\n4\n</think>\n\n", "no_answer"),
        ("<think>\n</think>\n\nfour", "bad_format"),
        ("<think>\n</think>\n\n44", "bad_format"),
        ("<think>\n</think>\n\n٤", "bad_format"),  # a digit, but not an ASCII one
        ("", "unfinished"),
        ("<think>4</think>3</think>4", "correct"),
    ],
)
def test_a_value(response: str, state: str) -> None:
    grade = grade_value(response, "4")
    assert grade.state == state
    assert grade.value == float(state == "correct")
    assert sum(metrics([grade]).values()) == (0 if state == "wrong" else 1)


@pytest.mark.parametrize(
    ("program", "state"),
    [
        ("def f(x):\n    return (2*x+5)%7", "correct"),
        ("def f(x):\n    y = x*2\n    for _ in range(5): y += 1\n    return y % 7", "correct"),
        ("def f(x):\n    return (2*x+4)%7", "wrong"),
        ("def f(x):\n    return 2*x+5", "wrong"),
        ("def f(x):\n    return str((2*x+5)%7)", "wrong"),
        ("def f(x):\n    return True", "wrong"),
        ("def g(x):\n    return 1", "bad_format"),
        ("def f(x) return", "bad_format"),
        ("f = 3", "wrong"),
        ("while True: pass", "wrong"),
        ("def f(x):\n    return 'a' * 10**10", "wrong"),
        ("import sys; sys.exit(0)", "bad_format"),
        ("import os; os._exit(0)", "wrong"),
        ("print('{\"outputs\": [4]}')", "bad_format"),
        ("class E:\n    def __eq__(self, o): return True\ndef f(x): return E()", "wrong"),
        ("class I(int):\n    def __eq__(self, o): return True\ndef f(x): return I(0)", "wrong"),
        ("import atexit\natexit.register(print, '{\"outputs\": []}')\ndef f(x): return 0", "wrong"),
        ("import os\nprint('[' * 60000, flush=True)\nos._exit(0)", "wrong"),
        ("while True: print('a' * 10**6)", "wrong"),
        ("import os, time\nif os.fork() == 0: time.sleep(60)\ndef f(x): return 0", "wrong"),
        ("import os\ndef f(x): os.kill(os.getppid(), 0) or os.abort()", "wrong"),
    ],
)
def test_a_function(program: str, state: str) -> None:
    assert grade_function(f"<think>\n</think>\n\n{program}", TESTS).state == state


def test_a_program_sees_neither_the_environment_nor_the_expected_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "42")
    program = "import os, sys\ndef f(x):\n    return len([k for k in os.environ if k == 'SECRET']) + 7 * ('[[' in sys.argv[-1])"
    assert "f(-3) is 0" in grade_function(f"</think>{program}", [(-3, 6)]).explanation


def test_public_items_have_no_private_step_and_private_ones_have_at_least_one() -> None:
    assert set(chain()["test"]["private"]) == {0}
    for load in (chain_private, dials_private, prints_private):
        items = load()["test"]
        assert set(items["private"]) == {1, 2}
        assert all("folds" in text or "#" in text or "mix(" in text for text in items["question"])
