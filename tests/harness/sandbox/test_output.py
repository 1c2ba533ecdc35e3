"""A program's output is kept up to a limit, and never decides the verdict."""

import pytest

from harness.sandbox import Limits

from .conftest import Run


def test_a_flood_is_stopped(run: Run) -> None:
    outcome = run("while True: print('a' * 10**6)")
    assert outcome.verdict == "blocked"
    assert len(outcome.output) <= Limits().output_bytes


def test_the_limit_can_be_set(run: Run) -> None:
    program = "print('a' * 2000)"
    assert run(program).verdict == "passed"
    assert run(program, limits=Limits(output_bytes=1000)).verdict == "blocked"


def test_what_a_judged_function_prints_goes_nowhere(check: Run) -> None:
    assert check("def double(x):\n    print('a' * 10**7)\n    return 2 * x").verdict == "passed"


@pytest.mark.parametrize(
    "program",
    [
        "print('x', end='')",
        "import sys\nsys.stdout.write('x')",
        "import os\nos.write(1, b'x')\nos._exit(0)",
        "print('x', end='', flush=True)\nexit()",
    ],
)
def test_all_that_was_printed_arrives(run: Run, program: str) -> None:
    outcome = run(program)
    assert (outcome.verdict, outcome.output) == ("passed", b"x")


def test_input_is_given_however_it_is_read(run: Run) -> None:
    for reading in (
        "input() + '\\n' + input() + '\\n'",
        "sys.stdin.read()",
        "open(0).read()",
        "open('/dev/stdin').read()",
        "''.join(sys.stdin)",
        "''.join(__import__('fileinput').input())",
    ):
        assert run(f"import sys\nprint({reading}, end='')", "a b\nc\n").output == b"a b\nc\n", reading


def test_a_program_has_no_arguments(run: Run, check: Run) -> None:
    assert run("import sys\nprint(len(sys.argv), end='')").output == b"1"
    assert check("import sys\ndef double(x): return x * 2 ** len(sys.argv)").verdict == "passed"


def test_large_input_and_output_pass_through(run: Run) -> None:
    text = "0123456789\n" * 500_000
    assert run("import sys\nsys.stdout.write(sys.stdin.read())", text).output.decode() == text


def test_an_exception_is_told_with_its_message(run: Run) -> None:
    outcome = run("1 / 0")
    assert (outcome.verdict, outcome.explanation) == ("error", "ZeroDivisionError: division by zero")


def test_an_exception_whose_message_raises_is_an_error_too(run: Run) -> None:
    assert run("class E(Exception):\n    def __str__(self): raise E\nraise E").verdict == "error"
