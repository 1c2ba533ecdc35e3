"""One pool for all tests of the sandbox; they are skipped, with the reason, where programs cannot be isolated."""

from collections.abc import Callable, Iterator

import pytest

from harness.sandbox import Checks, IsolationMissing, Limits, Outcome, Pool

Run = Callable[..., Outcome]
QUICK = Limits(cpu_seconds=2, total_cpu_seconds=4, idle_seconds=2)


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    pool = Pool(2)
    try:
        _ = pool.slowness
    except IsolationMissing as missing:
        pytest.skip(str(missing))
    yield pool
    pool.close()


@pytest.fixture
def run(pool: Pool) -> Run:
    """Run a script, and give what came of it."""
    return lambda program, stdin="", limits=QUICK: pool.run(program, stdin, limits)


@pytest.fixture
def check(pool: Pool) -> Run:
    """Judge a program that should define `double(x)`."""

    def check(program: str, code: str = "assert double(4) == 8\nassert double(-1) == -2", **tests: object) -> Outcome:
        return pool.check(program, Checks(code, **tests), QUICK)  # type: ignore[arg-type]

    return check
