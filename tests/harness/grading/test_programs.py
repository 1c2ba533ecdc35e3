"""Scripts are found where they stand, and a huge or broken response takes no long time."""

import pytest

from harness.grading.base import Grade
from harness.grading.programs import find_program
from traceinv.reasoning import THINK

SCRIPT = "n = int(input())\nprint(n + 1)\n"
OTHER = "print(input())\n"


@pytest.mark.parametrize(
    "response",
    [
        SCRIPT,
        f"Here it is:\n\n{SCRIPT}\nIt's short (and simple.",
        f"{SCRIPT}```\nThat's all.",
        f"```python\n{SCRIPT}```</s>",
        f"```python\n{SCRIPT}<|im_end|>",
        f"[PYTHON]\n{SCRIPT}[/PYTHON]",
        f"<answer>\n{SCRIPT}</answer>",
        f"<answer>```python\n{SCRIPT}```</answer>",
        f"```python\n{SCRIPT}```\nOutput:\n```\n6\n```",
        f"```python\n{OTHER}```\nBetter:\n```\n{SCRIPT}```",
        f"```python\n{SCRIPT}```\n### Question\nNow\n```python\n{OTHER}```",
        f"```python\n{SCRIPT}```<|eot_id|><|start_header_id|>user<|end_header_id|>\n```python\n{OTHER}```",
    ],
)
def test_a_script_is_found(response: str) -> None:
    program = find_program(response, (), "", THINK)
    assert isinstance(program, str)
    assert program.strip() == SCRIPT.strip()


@pytest.mark.parametrize(
    "response",
    [
        "Just print the number.",
        "n is the input",
        "```python\nn = int(input())",
        "```java\nprint(1)\n```",
        "x = 1",
        "<answer>5</answer>",
    ],
)
def test_prose_is_no_script(response: str) -> None:
    program = find_program(response, (), "", THINK)
    assert isinstance(program, Grade)
    assert program.state == "bad_format"


HUGE = [
    "<|a|>" * 100_000,
    "<answer>" * 100_000,
    "<answer>\n```python\n" * 30_000,
    "```python\nprint(1)\n```\n" * 20_000,
    "<code>x</code>" * 50_000,
    "print(it's\n" * 50_000,
    "def f(x): it's\n" * 30_000,
    "'" * 200_000,
    '"""\n' * 50_001,
    "a = b = (" * 30_000,
    "    return x\nprose\n" * 30_000,
    "x" * 500_000,
    "return " * 100_000,
    "Question:\n" * 50_000,
    ("def f(x):\n    return 1\n\nprose it is\n\n") * 5_000,
]


@pytest.mark.parametrize("names", [(), ("f",)])
@pytest.mark.parametrize("response", HUGE, ids=lambda response: repr(response[:12]))
@pytest.mark.timeout(120)  # it takes seconds; a search without bounds would take hours
def test_a_huge_response_is_searched_within_bounds(response: str, names: tuple[str, ...]) -> None:
    find_program(response, names, "def f(x):\n" if names else "", THINK)
