"""Compare the wall time of a run by Ray with that of the same run by this machine's own worker processes.

    python perf/executors.py [--rounds 3] [--policies 3]

A small recipe of the lab is run whole with either executor, as many stages at a time as the machine has cores. The time is that
of the command, from its start to its end, so that it includes starting Ray. Runs of the two take turns, the median of each is
compared, and the contents of all artifacts must be equal. The ratio means little where other processes use the machine.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from process import measure
from table import Row, keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from small_recipe import SMALL_RECIPE, run_command, write_recipe

GOAL = 1.10
WAYS = {"local": ["--workers", str(os.cpu_count())], "ray": ["--executor", "ray"]}
"""The options of either executor; Ray takes as many stages at a time as there are cores by itself."""


def main() -> int:
    """Print the table; return 1 where Ray takes longer than the goal, or artifacts differ."""
    options = _options()
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    made: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="executors-") as temporary:
        recipe = write_recipe(Path(temporary) / "small.yaml", _recipe(options.policies))
        for number in range(options.rounds):
            order = list(WAYS) if number % 2 == 0 else list(reversed(WAYS))
            for way in order:
                folder = Path(temporary) / f"{way}-{number}"
                seconds[way].append(measure([*run_command(recipe, folder), *WAYS[way]]).wall)
                made.append(_digests(folder / "store"))
                print(
                    f"round {number + 1} {way:<6}{seconds[way][-1]:>8.1f} s, load {os.getloadavg()[0]:.1f}", flush=True
                )
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    equal = all(digests == made[0] for digests in made)
    print(f"{len(made[0])} stages, {os.cpu_count()} cores, {options.rounds} rounds, artifacts equal: {equal}")
    print(", ".join(f"{way} {median:.1f} s" for way, median in medians.items()))
    ratio = medians["ray"] / medians["local"]
    print(f"ratio of the medians: {ratio:.3f} (goal {GOAL:.2f})")
    figures = (f"{medians['ray']:.0f} s", f"{medians['local']:.0f} s", ratio, GOAL)
    kept = keep(Row("a run by Ray, against this machine's own workers", *figures, at_most=True))
    return 0 if equal and kept else 1


def _recipe(policies: int) -> dict[str, Any]:
    """Return the small recipe with so many policies."""
    return SMALL_RECIPE | {
        "policies": {f"every-{k}": {"kind": "every_kth_step", "k": k} for k in range(2, 2 + policies)}
    }


def _digests(store: Path) -> dict[str, str]:
    """Return the digest of each artifact's contents by its kind and key."""
    described = [json.loads(path.read_text(encoding="utf-8")) for path in store.glob("*/*/artifact.json")]
    return {f"{artifact['kind']}/{artifact['key']}": artifact["digest"] for artifact in described}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--policies", type=int, default=3, metavar="N", help="each adds stages")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
