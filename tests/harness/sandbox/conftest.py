"""One pool for all tests of the sandbox. Where programs cannot be isolated, the tests are skipped with the reason."""

from collections.abc import Callable, Iterator

import pytest

from harness.sandbox import Checks, IsolationMissing, Limits, Outcome, Pool, pair

Run = Callable[..., Outcome]
QUICK = Limits(cpu_seconds=2, total_cpu_seconds=4, idle_seconds=2)


@pytest.fixture(scope="session", autouse=True)
def _look_often() -> Iterator[None]:
    """Look for idle programs ten times as often as in use, so that the tests wait less."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair, "LOOK_SECONDS", 0.1)
        yield


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
    """Run a script and return its outcome."""
    return lambda program, stdin="", limits=QUICK: pool.run(program, stdin, limits)


@pytest.fixture
def check(pool: Pool) -> Run:
    """Check a program that should define `double(x)`."""

    def check(program: str, code: str = "assert double(4) == 8\nassert double(-1) == -2", **tests: object) -> Outcome:
        return pool.check(program, Checks(code, **tests), QUICK)  # type: ignore[arg-type]

    return check
