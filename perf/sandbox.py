"""Compare the speed of isolated programs with that of plain subprocesses, in one run and on the same programs.

    python perf/sandbox.py [--data-dir DIR] [--workers 2] [--rounds 3]

The programs are HumanEval's reference solutions. Both ways run the same checks; the plain way starts an interpreter for each
program and trusts its exit status. Rounds of the two ways take turns, so that a change of the machine's load affects both. The
best and the median round of each are compared.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from table import Row, keep

from harness.sandbox import Checks, Limits, Pool
from harness.sandbox.launch import interpreter

Way = Callable[[dict[str, Any]], bool]


def main() -> int:
    """Print the table; return 1 where a reference solution does not pass."""
    options = _options()
    rows = [
        json.loads(line) for line in (options.data_dir / "humaneval.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    started = time.monotonic()
    pool = Pool(options.workers)
    slowness = pool.slowness
    print(
        f"calibration: {slowness:.2f} times the CPU seconds of the reference machine ({time.monotonic() - started:.1f} s)"
    )
    ways: dict[str, Way] = {"isolated": lambda row: _isolated(pool, row), "plain subprocess": _plain}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    failures = 0
    for _ in range(options.rounds):
        for name, way in ways.items():
            taken, passed = _round(way, rows, options.workers)
            seconds[name].append(taken)
            failures += len(rows) - passed
    pool.close()
    print(f"{len(rows)} programs, {options.workers} at a time, {options.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<18}{'programs/s, best':>18}{'median':>10}{'s per round':>12}")
    for name, times in seconds.items():
        best, middle = min(times), statistics.median(times)
        print(f"{name:<18}{len(rows) / best:>18.0f}{len(rows) / middle:>10.0f}{middle:>12.1f}")
    ratio = statistics.median(seconds["isolated"]) / statistics.median(seconds["plain subprocess"])
    print(f"isolated against plain, ratio of the medians: {ratio:.2f}")
    print(f"not passed: {failures}")
    ours, plain = (len(rows) / statistics.median(seconds[name]) for name in ("isolated", "plain subprocess"))
    keep(Row("isolated programs a s", f"{ours:.0f}", f"{plain:.0f}", ours / plain, 1.0, at_most=False))
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("TRACEINV_DATA", str(Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("--data-dir", type=Path, default=Path(default), help="folder with humaneval.jsonl")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="programs at a time")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not (options.data_dir / "humaneval.jsonl").is_file():
        parser.error(f"no humaneval.jsonl in {options.data_dir}; expected its folder as --data-dir")
    return options


def _round(way: Way, rows: list[dict[str, Any]], workers: int) -> tuple[float, int]:
    started = time.monotonic()
    with ThreadPoolExecutor(workers) as threads:
        passed = sum(threads.map(way, rows))
    return time.monotonic() - started, passed


def _isolated(pool: Pool, row: dict[str, Any]) -> bool:
    program = row["prompt"] + row["canonical_solution"]
    tests = Checks(f"{row['test']}\ncheck({row['entry_point']})", setup=program, remote=(row["entry_point"],))
    return pool.check(program, tests, Limits()).verdict == "passed"


def _plain(row: dict[str, Any]) -> bool:
    source = f"{row['prompt']}{row['canonical_solution']}\n{row['test']}\ncheck({row['entry_point']})"
    command = [str(interpreter()), "-I", "-S", "-"]
    return subprocess.run(command, input=source.encode(), capture_output=True, timeout=60).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
