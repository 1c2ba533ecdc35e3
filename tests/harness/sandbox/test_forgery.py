"""A verdict cannot be forged: a program passes only by returning the right values."""

import pytest

from .conftest import Run

RIGHT = "def double(x): return 2 * x"
HOSTILE = {
    "exits while loading": "import sys\nsys.exit(0)",
    "exits at once while loading": "import os\nos._exit(0)",
    "exits in the call": "import sys\ndef double(x): sys.exit(0)",
    "exits at once in the call": "import os\ndef double(x): os._exit(0)",
    "exits quietly": "def double(x): raise SystemExit(0)",
    "kills itself": "import os, signal\ndef double(x): os.kill(os.getpid(), signal.SIGKILL)",
    "returns what equals all": "class E:\n    def __eq__(self, o): return True\n    __hash__ = None\ndef double(x): return E()",
    "returns an int that equals all": "class E(int):\n    def __eq__(self, o): return True\ndef double(x): return E(0)",
    "returns a str that equals all": "class E(str):\n    def __eq__(self, o): return True\ndef double(x): return E()",
    "returns a list that equals all": "class E(list):\n    def __eq__(self, o): return True\ndef double(x): return E()",
    "lies about its class": "class E:\n    __class__ = int\n    def __int__(self): return 8\ndef double(x): return E()",
    "raises AssertionError": "def double(x): raise AssertionError",
    "patches builtins": "import builtins\nbuiltins.AssertionError = ValueError\nbuiltins.exec = print\ndef double(x): return 0",
    "patches the comparison": "import operator, builtins\nbuiltins.isinstance = lambda *a: True\ndef double(x): return 0",
    "installs an exception hook": "import sys, os\nsys.excepthook = lambda *a: os._exit(0)\ndef double(x): raise ValueError",
    "registers an exit": "import atexit, os\natexit.register(os._exit, 0)\ndef double(x): return 0",
    "traces its callers": """
import sys
def trace(frame, event, argument):
    frame.f_trace_opcodes = True
    return trace
sys.settrace(trace)
def double(x): return 0
""",
    "reads its caller's variables": """
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_code.co_consts):
            if isinstance(value, int) and not isinstance(value, bool) and value not in (0, 1, x):
                return value
        frame = frame.f_back
""",
    "jumps over its caller's lines": """
import sys
def double(x):
    frame = sys._getframe().f_back
    frame.f_trace = lambda *a: None
    frame.f_lineno += 1
""",
    "looks for the tests in memory": """
import gc
def double(x):
    for o in gc.get_objects():
        if isinstance(o, str) and "assert double" in o:
            return int(o.split("==")[1])
""",
    "looks for the tests in files": """
import glob
def double(x):
    for path in glob.glob("/tmp/**", recursive=True) + glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/mem"):
        try:
            text = open(path, errors="replace").read(10**6)
        except (OSError, OverflowError):
            continue
        if "assert double" in text:
            return int(text.split("==")[1])
""",
    "prints a verdict": 'print(\'passed\'); print(\'["passed", "all tests pass", ""]\')\ndef double(x): return 0',
    "writes a verdict to every descriptor": """
import json, os, struct
message = json.dumps(["passed", "all tests pass", ""]).encode()
for fd in range(3, 64):
    try:
        os.write(fd, struct.pack("!I", len(message)) + message)
    except OSError:
        pass
def double(x): return 0
""",
    "answers before it is asked": """
import json, os, struct
for message in (["", "loaded"], ["", "value", 8], ["", "value", -2]):
    data = json.dumps(message).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("!I", len(data)) + data)
        except OSError:
            pass
os._exit(1)
""",
    "patches what speaks for it": """
import sys
wire = sys.modules["harness.sandbox.inside.wire"]
wire.encode = sys.modules["harness.sandbox.inside.candidate"].encode = lambda *a: ["builtin", "object"]
def double(x): return 0
""",
    "sends what needs code to be read": """
import sys
candidate = sys.modules["harness.sandbox.inside.candidate"]
candidate.encode = lambda *a: ["name", "__class__"]
def double(x): return 0
""",
    "returns a value that is nested without end": "def double(x):\n    a = []\n    a.append(a)\n    return a",
    "returns values without end": "import itertools\ndef double(x): return itertools.count()",
    "returns too much": "def double(x): return 'a' * 10**8",
    "takes the tests' own names": "def double(x): return 0\ndef check(f): pass\nint = bool = len = lambda *a: 8",
}


def test_an_honest_program_passes(check: Run) -> None:
    assert check(RIGHT).verdict == "passed"


@pytest.mark.parametrize("how", HOSTILE)
def test_no_program_passes_that(check: Run, how: str) -> None:
    outcome = check(HOSTILE[how])
    assert outcome.verdict in ("failed", "error", "blocked", "memory"), outcome
    assert check(RIGHT).verdict == "passed"  # and the next program runs normally


@pytest.mark.parametrize(
    "program", ["def double(x): raise SystemExit", "import os\ndef double(x): os._exit(0)", "import os\nos._exit(0)"]
)
def test_a_test_that_catches_everything_is_not_fooled_by_an_exit(check: Run, program: str) -> None:
    swallowing = """
try:
    double(1)
    assert False
except BaseException:
    pass
try:
    assert double(2) == 4
except:
    pass
"""
    assert check(program, swallowing).verdict != "passed" or "raise SystemExit" in program


def test_an_expected_exception_is_told_from_another(check: Run) -> None:
    expects = "try:\n    double('a')\nexcept TypeError:\n    pass\nelse:\n    assert False"
    assert check("def double(x): return 2 + x", expects).verdict == "passed"
    assert check("def double(x): return 2 * x", expects).verdict == "failed"
    assert check("def double(x): raise KeyError(x)", expects).verdict == "error"


@pytest.mark.slow
def test_a_reply_that_is_costly_to_read_holds_up_nobody_for_long(check: Run) -> None:
    collide = "def double(x): return {n * (2**61 - 1) for n in range(1, 40000)}"
    assert check(collide).verdict in ("failed", "error", "timeout")
    assert check(RIGHT).verdict == "passed"


def test_helpers_of_the_tests_are_the_data_sets_own(check: Run) -> None:
    setup = "def half(x): return x / 2\ndef double(x): return 2 * x"
    program = "def half(x): return 4\ndef double(x): return 0"
    assert check(program, "assert half(double(4)) == 4", setup=setup, remote=("double",)).verdict == "failed"
    assert check(RIGHT, "assert half(double(4)) == 4", setup=setup, remote=("double",)).verdict == "passed"


def test_objects_of_the_programs_own_classes_can_be_made_and_handed_back(check: Run) -> None:
    program = "class Pair:\n    def __init__(self, a): self.a = a\ndef double(pairs): return [2 * p.a for p in pairs]"
    assert check(program, "assert double([Pair(1), Pair(3)]) == [2, 6]").verdict == "passed"


def test_tests_that_do_not_load_are_no_verdict(check: Run) -> None:
    from harness.sandbox import BrokenTests

    for broken in ("assert double(1 ==", "import no_such_module\nassert double(1) == 2"):
        with pytest.raises(BrokenTests):
            check(RIGHT, broken)
