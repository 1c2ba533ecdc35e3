"""Show how time and memory grow with ten times the pairs, responses and records.

    python perf/growth.py [--pairs 200] [--responses 2000] [--records 10] [--rounds 1]

`traceinv faithfulness` gets pairs of traces, `traceinv grade` responses to a task's questions, and `traceinv leaderboard`
records of which no two may share a table: some, and ten times as many. CPU seconds of the whole command count, so that a busy
machine does not decide the ratio; what the command takes to start is in both. Memory is the peak of its largest process.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from leaderboard import unlike
from process import TRACEINV, Measured, measure
from table import Row, keep

TIMES = 10
GOAL = 11.0
Made = Callable[[Path, int], Sequence[str]]
"""Write so many things in a folder, and return the arguments of the command that reads them."""


def main() -> int:
    """Print the table; return 1 where time grows faster than the goal."""
    options = _options()
    print(f"load {os.getloadavg()[0]:.1f}, {options.rounds} rounds, medians")
    print(f"{'':<12}{'count':>8}{'CPU s':>8}{'MB':>8}")
    contests: dict[str, tuple[Made, int]] = {
        "pairs": (_pairs, options.pairs),
        "responses": (_responses, options.responses),
        "records": (_records, options.records),
    }
    met = [_contest(name, made, count, options.rounds) for name, (made, count) in contests.items()]
    return 0 if all(met) else 1


def _contest(name: str, made: Made, count: int, rounds: int) -> bool:
    few, many = _measure(name, made, count, rounds), _measure(name, made, TIMES * count, rounds)
    growth = many.cpu / few.cpu
    print(f"{name}: {growth:.2f} times the time (goal {GOAL:g}), {many.memory / few.memory:.2f} times the memory")
    ours, theirs = (f"{one.cpu:.1f} s, {one.memory:.0f} MB" for one in (many, few))
    return keep(Row(f"{TIMES * count} {name}, CPU s, of those of {count}", ours, theirs, growth, GOAL, at_most=True))


def _measure(name: str, made: Made, count: int, rounds: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        command = [*TRACEINV, *made(Path(folder), count)]
        taken = [measure(command) for _ in range(rounds)]
    middle = Measured(*(statistics.median(getattr(one, of) for one in taken) for of in ("wall", "cpu", "memory")))
    print(f"{name:<12}{count:>8}{middle.cpu:>8.1f}{middle.memory:>8.0f}", flush=True)
    return middle


def _pairs(folder: Path, count: int) -> Sequence[str]:
    rng = Random(0)
    pairs = [{"truth": _trace(rng), "inverted": _trace(rng)} for _ in range(count)]
    return ["faithfulness", _write(folder / "pairs.jsonl", pairs), "--workers", "1"]


def _trace(rng: Random) -> str:
    """Write a trace of ten steps, each with an equation."""
    steps = ((rng.randrange(100), rng.randrange(100)) for _ in range(10))
    return "\n".join(f"Then we add {a} to {b}, so that {a} + {b} = {a + b}." for a, b in steps)


def _responses(folder: Path, count: int) -> Sequence[str]:
    """Write responses to the eight first questions of a task of the lab, all of which are samples."""
    responses = [
        {"id": f"lab_chain/{n % 8}", "response": f"<think>It is {n}.</think> The answer is {n}."} for n in range(count)
    ]
    return ["grade", "lab_chain", _write(folder / "responses.jsonl", responses)]


def _records(folder: Path, count: int) -> Sequence[str]:
    results = Path(__file__).parents[1] / "results"
    record = next(path for path in sorted(results.glob("*.json")) if not path.name.endswith(".items.json"))
    content = json.loads(record.read_text(encoding="utf-8"))
    for number in range(count):
        (folder / f"unlike-{number}.json").write_text(json.dumps(unlike(content, number)), encoding="utf-8")
    return ["leaderboard", "--results", str(folder), "--out", str(folder / "leaderboard.md")]


def _write(path: Path, rows: Sequence[dict[str, str]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200, metavar="N")
    parser.add_argument("--responses", type=int, default=2000, metavar="N")
    parser.add_argument("--records", type=int, default=10, metavar="N")
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
