"""Compare the speed of our math grader with Math-Verify's, in one run and on the same answers.

    python perf/grading.py [--data-dir DIR] [--rounds 3]

For each problem of MATH-500, both graders get a right answer (the reference) and a wrong one (the next problem's reference), as
`\\boxed{...}`. Math-Verify runs in this process. Our grader decides plain answers in this process and sends the others to a
second one. Time is the CPU time of both processes, so that a busy machine does not decide the ratio. Rounds of the two take
turns, and the median round of each is compared.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from harness.grading import algebra, equality, grade_math

GradeOne = Callable[[str, str], bool]


def main() -> int:
    """Print the table; return 1 where our grader accepts fewer answers than there are references."""
    options = _options()
    rows = [json.loads(line) for line in (options.data_dir / "math500.jsonl").read_text(encoding="utf-8").splitlines()]
    references = [str(row["answer"]) for row in rows]
    pairs = [*zip(references, references, strict=True), *zip(references[1:] + references[:1], references, strict=True)]
    graders: dict[str, GradeOne] = {"Math-Verify": _math_verify, "here": _ours}
    seconds: dict[str, list[float]] = {name: [] for name in graders}
    accepted = dict.fromkeys(graders, 0)
    _ours("x + 1", "1 + x"), _math_verify("x + 1", "1 + x")
    for _ in range(options.rounds):
        for name, grade in graders.items():
            equality.compare.cache_clear()
            before = _cpu_seconds()
            accepted[name] = sum(grade(f"\\boxed{{{answer}}}", reference) for answer, reference in pairs)
            seconds[name].append(_cpu_seconds() - before)
    print(f"{len(pairs)} answers to MATH-500, {options.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<14}{'answers a CPU second':>22}{'accepted':>10}")
    for name, times in seconds.items():
        print(f"{name:<14}{len(pairs) / statistics.median(times):>22.0f}{accepted[name]:>10}")
    ratio = statistics.median(seconds["Math-Verify"]) / statistics.median(seconds["here"])
    print(f"ratio of the medians: {ratio:.1f}")
    return 0 if accepted["here"] >= len(references) else 1


def _ours(response: str, reference: str) -> bool:
    return grade_math(response, reference).state == "correct"


def _math_verify(response: str, reference: str) -> bool:
    from math_verify import parse, verify

    return bool(verify(parse(f"${reference}$"), parse(response)))


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of the process that compares expressions."""
    worker = algebra._WORKER._process
    if worker is None:
        return time.process_time()
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("TRACEINV_DATA", str(Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("--data-dir", type=Path, default=Path(default), help="folder with math500.jsonl")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not (options.data_dir / "math500.jsonl").is_file():
        parser.error(f"no math500.jsonl in {options.data_dir}; expected its folder as --data-dir")
    return options


if __name__ == "__main__":
    sys.exit(main())
