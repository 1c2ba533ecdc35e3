"""Compare a whole run with the computing of its stages, and time a run that has nothing to compute and a dry run.

    python perf/run.py [--rounds 3]

A small recipe of the lab is run whole with as many workers as cores, each time into an empty store. Its wall time is compared
with the sum of the seconds that its artifacts say they took. The same command is then run again, when it finds all in the store.
Wall times mean little where other processes use the machine, so CPU seconds of the commands are printed too.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from process import TRACEINV, Measured, measure
from table import Row, keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from small_recipe import SMALL_RECIPE, run_command, write_recipe

WHOLE, AGAIN, DRY = 1.05, 3.0, 5.0
"""The goals: wall seconds of a run for each second of its stages; seconds of a run without work; seconds of a dry run."""


def main() -> int:
    """Print the table; return 1 where a goal is missed."""
    options = _options()
    whole, again, dry, computing = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="run-") as temporary:
        recipe = write_recipe(Path(temporary) / "small.yaml", SMALL_RECIPE)
        for number in range(options.rounds):
            folder = Path(temporary) / str(number)
            command = [*run_command(recipe, folder), "--workers", str(os.cpu_count())]
            whole.append(measure(command))
            computing.append(_computing(folder / "store"))
            again.append(measure(command))
            dry.append(measure([*TRACEINV, "run", "lab", "--dry-run", "--store", str(folder / "empty")]))
    stages = statistics.median(computing)
    print(f"{os.cpu_count()} cores, {options.rounds} rounds, load {os.getloadavg()[0]:.1f}; medians")
    print(f"{'':<28}{'wall s':>8}{'CPU s':>8}\n{'computing of the stages':<28}{stages:>8.1f}")
    seconds = [_show(name, of) for name, of in (("whole run", whole), ("run again", again), ("dry run of lab", dry))]
    print(f"whole run against its stages' computing: {seconds[0] / stages:.3f} (goal {WHOLE})")
    goals = [("a run again, nothing to compute, s", AGAIN), ("dry run of the lab, s", DRY)]
    rows = [Row("whole run, wall s, of its stages' sum", *_both(seconds[0], stages), WHOLE, True)]
    rows += [
        Row(name, f"{took:.1f}", "", took, goal, True) for (name, goal), took in zip(goals, seconds[1:], strict=True)
    ]
    met = [keep(row) for row in rows]
    return 0 if all(met) else 1


def _both(ours: float, theirs: float) -> tuple[str, str, float]:
    return f"{ours:.1f}", f"{theirs:.1f}", ours / theirs


def _computing(store: Path) -> float:
    """Return the sum of the seconds that the stages of a store took."""
    texts = (path.read_text(encoding="utf-8") for path in store.glob("*/*/artifact.json"))
    return float(sum(json.loads(text)["seconds"] or 0.0 for text in texts))


def _show(name: str, measured: list[Measured]) -> float:
    """Print the medians of a way's rounds; return that of the wall seconds."""
    wall = statistics.median(one.wall for one in measured)
    print(f"{name:<28}{wall:>8.1f}{statistics.median(one.cpu for one in measured):>8.1f}")
    return wall


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
