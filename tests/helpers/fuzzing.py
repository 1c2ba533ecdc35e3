"""Hostile values for tests, and how long a reader or grader may take over one.

    python tests/helpers/fuzzing.py --minutes 10

Every test of tests/fuzz/ is a property of arbitrary input. The suite tries a few inputs, the same ones each time. This script
tries others for as long as it is told, counts them, and prints the smallest input that breaks a property.
"""

import argparse
import copy
import importlib
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from traceinv.errors import MAX_MESSAGE, InputError

FUZZ = Path(__file__).parents[1] / "fuzz"
SECONDS = 20
"""Of computing, for one input; none needs a hundredth of it."""
ROUND = 20
"""Inputs for a property before the next one has its turn."""
tried: Counter[str] = Counter()
"""How many inputs each property has been tried with."""
Json = Any
Place = tuple[str | int, ...]
Edit = tuple[str, Place, Any]
"""What is done, where, and with which value or place."""
Test = TypeVar("Test", bound=Callable[..., Any])

settings.register_profile(
    "suite", max_examples=10, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
)
settings.register_profile(
    "fuzz", max_examples=ROUND, database=None, deadline=None, print_blob=False, suppress_health_check=list(HealthCheck)
)

CHARACTERS = st.characters() | st.sampled_from(
    "\x00\x1b\x7f\u2028\u202e\ud800\ufeff\uffff\U0001f600<>|`*_#[]{}()!&\\\"'\n\t:,-$%~@/=+.09eE"
)
TEXTS = st.text(CHARACTERS, max_size=60) | st.sampled_from(
    ["", " ", "\n", "../..", "/dev/zero", "nan", "null", "~", "x" * 5000]
)
NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, -1, 2**31, 2**63, 10**400, 1e308, -0.0, float("nan"), float("inf"), 10**4000])
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def fuzz(**strategies: st.SearchStrategy[Any]) -> Callable[[Test], Test]:
    """Make a test a property of arbitrary input: each input is counted, and has `SECONDS`."""

    def decorate(test: Test) -> Test:
        @wraps(test)
        def counted(**arguments: Any) -> None:
            tried[test.__name__] += 1
            with within(SECONDS):
                test(**arguments)

        return given(**strategies)(counted)  # type: ignore[return-value]  # the same test, without its arguments

    return decorate


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise where a block computes for longer than it may, however busy the machine is.

    Raises:
        TimeoutError: it does.
    """

    def stop(number: int, frame: Any) -> None:
        raise TimeoutError(f"more than {seconds} s of computing")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def refused(read: Callable[[], Any], kinds: tuple[type[Exception], ...] = (InputError,)) -> bool:
    """Call a reader; say whether it refused its input in a message of bounded length. Any other error is the test's.

    A line break that it quotes is written as an escape where messages are printed.
    """
    try:
        read()
    except kinds as error:
        text = str(error)
        assert text.strip()
        assert len(text) <= MAX_MESSAGE, text[:200]
        return True
    return False


def places(value: Json, path: Place = ()) -> Iterator[Place]:
    """Yield the path of every value inside a JSON value, and its own."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


@st.composite
def edits(draw: st.DrawFn, original: Json, most: int = 3) -> list[Edit]:
    """Draw changes of a JSON value: parts to be replaced, removed, doubled, or put elsewhere."""
    inside = [place for place in places(original) if place]
    wanted = st.tuples(st.sampled_from(["replace", "remove", "double", "copy"]), st.sampled_from(inside))
    drawn = draw(st.lists(wanted, min_size=1, max_size=most))
    return [
        (what, place, draw(VALUES) if what == "replace" else draw(st.sampled_from(inside))) for what, place in drawn
    ]


def edited(original: Json, changes: Sequence[Edit]) -> Json:
    """Return a copy of a JSON value with changes; one whose place is gone is passed over."""
    content = copy.deepcopy(original)
    for what, (*parents, last), value in changes:
        try:
            holder = _at(content, parents)
            if what == "remove":
                del holder[last]
            elif what == "double":
                holder[last] = [holder[last]] * 2
            else:
                holder[last] = copy.deepcopy(_at(original, value) if what == "copy" else value)
        except (KeyError, IndexError, TypeError):
            continue
    return content


def changed(original: Json, most: int = 3) -> st.SearchStrategy[Json]:
    """Draw a JSON value that is another one after a few changes."""
    return edits(original, most).map(lambda changes: edited(original, changes))


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """Draw bytes like others, with a few of them replaced, removed, doubled or added."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 20)))
        piece = draw(
            st.binary(max_size=20) | st.sampled_from([b"", b"\0", b"\xff", b"[" * 5000, b"9" * 5000, b'"', b"\n", b"}"])
        )
        content[start:end] = bytes(content[start:end]) * 2 if draw(st.booleans()) else piece
    return bytes(content)


def _at(value: Json, place: Sequence[str | int]) -> Json:
    for step in place:
        value = value[step]
    return value


def properties() -> dict[str, Callable[[], None]]:
    """Return the tests of tests/fuzz/ by name."""
    found: dict[str, Callable[[], None]] = {}
    for path in sorted(FUZZ.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        found |= {name: test for name, test in vars(module).items() if name.startswith("test_")}
    return found


def search(minutes: float) -> dict[str, str]:
    """Try all properties in turn with inputs of their own; return what broke, as text, by the property's name."""
    end, broken = time.monotonic() + 60 * minutes, dict[str, str]()
    tests = properties()
    while time.monotonic() < end and len(broken) < len(tests):
        for name, test in tests.items():
            if name in broken or time.monotonic() >= end:
                continue
            try:
                test()
            except Exception as error:  # noqa: BLE001  # that is what is looked for
                broken[name] = "".join(traceback.format_exception(error, chain=False))
                print(f"{name}: broken\n{broken[name]}", flush=True)
    return broken


def main() -> int:
    """Print how many inputs each property was tried with; return 1 where one was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, metavar="M")
    options = parser.parse_args()
    sys.path[:0] = [str(FUZZ)]
    settings.load_profile("fuzz")
    warnings.simplefilter("ignore")  # such as of a library that parses the input; the suite makes errors of them
    broken = search(options.minutes)
    for name, count in sorted(tried.items()):
        print(f"{count:>8} inputs  {name}{': broken' if name in broken else ''}")
    print(f"{tried.total()} inputs in {options.minutes:g} minutes; broken properties: {len(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.modules["fuzzing"] = sys.modules["__main__"]  # the tests count in this very module
    sys.exit(main())
