"""Kill runs of a recipe at random moments, resume them, and compare the records with that of an undisturbed run.

    python tests/helpers/random_kills.py --kills 100 --seed 0
    python tests/helpers/random_kills.py --kills 3 --longest 600 --recipe gsm8k-recorded --set data_dir=DIR --folder runs/kills

Without `--recipe` it is that of the small lab.

`kills.py` waits until a stage has stored something; here a kill comes after a random time of the run's own computing, whatever it
does then. Runs are forked from one process that has loaded the libraries, so a kill costs only what it destroys.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from kills import RECIPE
from processes import POLL_SECONDS
from small_recipe import run_items, run_record, write_recipe
from stub_stages import Recorder

from harness.assembly.record import assemble
from harness.pipeline.executors.base import InlineExecutor
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import find_artifacts, run
from harness.pipeline.store import PARTIAL, Store
from harness.results.files import write_record

LONGEST_SECONDS = 20.0
"""Seconds of computing between the start of a run of the small lab and its kill, at most."""
BETWEEN = "between stages"


@dataclass
class Outcome:
    """What became of the killed runs.

    Attributes:
        kills: by the kind of stage that was at work.
        compared: how many killed runs came to their end and were compared.
        different: the folders of those whose record or items are not those of the undisturbed run.
    """

    kills: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    different: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return self.compared > 0 and not self.different

    def lines(self) -> Iterator[str]:
        """Write a line for each kind of stage, and the result."""
        for kind, count in self.kills.most_common():
            yield f"{count:>4} kills  {kind}"
        yield f"{self.kills.total()} kills in {self.compared} runs; records that differ: {self.different or 'none'}"


def kill_at_random(
    folder: Path, kills: int, seed: int, recipe: str, overrides: Sequence[str] = (), longest: float = LONGEST_SECONDS
) -> Outcome:
    """Run the recipe undisturbed, then kill and resume runs of it until there were so many kills.

    Args:
        recipe: a built-in one, or a file.
        longest: seconds of computing before a kill, at most.

    Raises:
        RuntimeError: a run failed by itself.
    """
    _load_libraries()
    planned = plan(load_recipe(recipe, overrides))
    find_artifacts(planned.graph, Store(folder / "nowhere"))  # what keys are made of is found once, before the forks
    calm, outcome, rng = folder / "undisturbed", Outcome(), Random(seed)
    if not (calm / "out").is_dir():
        _wait(_fork(planned, calm), None)
    while outcome.kills.total() < kills:
        killed = folder / f"killed-{outcome.compared}"
        while outcome.kills.total() < kills:
            if _wait(_fork(planned, killed), rng.uniform(0, longest)):
                break
            kind = _at_work(killed / "store")
            outcome.kills[kind] += 1
            print(f"kill {outcome.kills.total()} in {killed.name}: {kind}", file=sys.stderr, flush=True)
        else:
            _wait(_fork(planned, killed), None)
        same = run_record(killed).comparable() == run_record(calm).comparable() and run_items(killed) == run_items(calm)
        outcome.different += [] if same else [killed.name]
        outcome.compared += 1
        print(f"{killed.name} ended: record {'equal' if same else 'different'}", file=sys.stderr, flush=True)
    return outcome


def _load_libraries() -> None:
    """Import what the stages need, and use none of it: a library that has worked may not survive a fork."""
    import datasets  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401
    import trl  # noqa: F401


def _fork(planned: Plan, folder: Path) -> int:
    """Begin or resume a run in a process of its own; return its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.environ["OMP_NUM_THREADS"] = "1"
        log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        artifacts = run(planned.graph, Store(folder / "store"), InlineExecutor(), Recorder())
        write_record(*assemble(planned, artifacts, "traceinv run small"), folder / "out")
        code = 0
    except BaseException:  # noqa: BLE001  # the parent says that it failed
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int, seconds: float | None) -> bool:
    """Wait for the end of a process, or kill it once it has computed for so long; say whether it came to its end."""
    while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if seconds is not None and _computed(child) >= seconds:
            os.kill(child, signal.SIGKILL)
            break
        time.sleep(POLL_SECONDS)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status:
        raise RuntimeError(f"a run failed by itself (status {status}); its log is beside its folder")
    return True


def _computed(process: int) -> float:
    """Return the seconds of computing of a process, its own and the system's."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _at_work(store: Path) -> str:
    """Name the kind of stage whose lock a killed process left behind."""
    locks = sorted((store / PARTIAL).glob("*/*.lock"), key=lambda path: path.stat().st_mtime)
    return locks[-1].parent.name if locks else BETWEEN


def main() -> int:
    """Print where the kills came; return 1 where a record differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the moments")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep the runs here; an undisturbed one is used again"
    )
    parser.add_argument("--recipe", metavar="RECIPE", help="a built-in recipe, or a YAML file")
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c", help="override a value of the recipe")
    parser.add_argument("--longest", type=float, default=LONGEST_SECONDS, metavar="S", help="before a kill, at most")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        recipe = options.recipe or str(write_recipe(folder / "small.yaml", RECIPE))
        outcome = kill_at_random(folder, options.kills, options.seed, recipe, options.set, options.longest)
    print("\n".join(outcome.lines()))
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
