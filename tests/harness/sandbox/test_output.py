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


@pytest.mark.parametrize(
    "program",
    [
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')\nprint('x', end='')",
        "import io, sys\nsys.stdout = io.StringIO()\nprint('y')\nsys.stdout = sys.__stdout__\nprint('x', end='')",
        "import io, os\nout = io.BytesIO()\nout.write(b'x')\nos.write(1, out.getvalue())",
        "out = open(1, 'w')\nprint('x', end='', file=out)",
        "out = open(1, 'wb')\nout.write(b'x')",
        "out = open('/dev/stdout', 'w')\nout.write('x')",
        "import sys\nsys.__stdout__.write('x')",
        "import sys\nsys.stdout.buffer.write(b'x')",
        "import sys\nsys.stdout.reconfigure(line_buffering=True)\nprint('x', end='')",
        "import os, sys\nsys.stdout = os.fdopen(1, 'w')\nprint('x', end='')",
        "import atexit\natexit.register(lambda: print('x', end=''))",
        """import sys
class Out:
    parts = []
    def write(self, text): self.parts.append(text)
    def flush(self): sys.__stdout__.write(''.join(self.parts)); self.parts.clear()
sys.stdout = Out()
print('x', end='')""",
    ],
)
def test_output_arrives_through_whatever_object_it_was_written(run: Run, program: str) -> None:
    outcome = run(program)
    assert (outcome.verdict, outcome.output) == ("passed", b"x"), outcome


def test_what_was_never_written_to_a_file_does_not_arrive(run: Run) -> None:
    program = "import sys\nclass Out:\n    def write(self, text): pass\n    def flush(self): pass\nsys.stdout = Out()\nprint('x')"
    assert run(program).output == b""
    assert run("import sys\nsys.stdout = None\nprint('x')").output == b""


def test_an_object_that_lies_about_its_class_does_not_disturb_the_end(run: Run) -> None:
    program = (
        "class Liar:\n    @property\n    def __class__(self): raise ValueError\nkept = [Liar()]\nprint('x', end='')"
    )
    assert run(program).output == b"x"


def test_input_is_given_however_it_is_read(run: Run) -> None:
    for reading in (
        "input() + '\\n' + input() + '\\n'",
        "sys.stdin.read()",
        "open(0).read()",
        "open('/dev/stdin').read()",
        "''.join(sys.stdin)",
        "''.join(__import__('fileinput').input())",
        "__import__('io').TextIOWrapper(sys.stdin.buffer, encoding='utf-8').read()",
        "sys.__stdin__.read()",
        "b''.join(sys.stdin.buffer.readlines()).decode()",
        "__import__('os').read(0, 10**6).decode()",
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
