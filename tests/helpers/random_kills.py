"""Kill runs of a recipe inside their stages, resume them, and compare the records with that of an undisturbed run.

    python tests/helpers/random_kills.py --kills 100 --seed 0
    python tests/helpers/random_kills.py --kills 3 --recipe gsm8k-recorded --set data_dir=DIR --folder runs/kills

Without `--recipe` it is that of the small lab.

First the kind of stage is drawn, each as often as any other, then a stage of this kind, then a moment of the computing that the
stage took in the undisturbed run. The stage's own process is ended by a timer of the kernel, so that a kill comes inside a stage
of milliseconds too and does not depend on how busy the machine is. `kills.py` kills whole trees of processes instead, once a
stage has stored something. Runs are forked from one process that has loaded the libraries, so a kill costs only what it destroys:
a run is killed inside as many of its stages as are wanted, and what it finished before is not computed again. The CPU minutes
that the kills will take are said once the undisturbed run is known, and those that they took at the end.
"""

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import kills
from small_recipe import run_items, run_record, write_recipe
from stub_stages import Recorder

from harness.assembly.record import assemble
from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import InlineExecutor, Job
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import find_artifacts, run
from harness.pipeline.store import Store
from harness.results.files import write_record

RECIPE: dict[str, Any] = {
    **kills.RECIPE,
    "benchmark": {"tasks": ["lab_chain"], "limit": 6, "batch_size": 2},
    "faithfulness": {"likelihood_traces": 4, "reading_questions": 4},
}
"""The recipe of `kills.py` with less to ask."""
KILLS_A_RUN = 50
LEAST_SECONDS = 1e-4
"""A timer of no seconds would never go off."""


@dataclass(frozen=True)
class Stage:
    """A stage of the undisturbed run, and the seconds of computing that it took."""

    kind: str
    key: str
    seconds: float


@dataclass(frozen=True)
class Aim:
    """A stage to be killed in, and the seconds of computing after which."""

    stage: Stage
    seconds: float


@dataclass
class Outcome:
    """What became of the killed runs.

    Attributes:
        inside: kills before the stage was published, by its kind.
        after: kills of a resumed stage that was done earlier than the drawn moment.
        compared: how many killed runs came to their end and were compared.
        different: the folders of those whose record or items are not those of the undisturbed run.
    """

    inside: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    different: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return self.inside.total() + self.after.total()

    @property
    def is_sound(self) -> bool:
        return self.compared > 0 and not self.different

    def lines(self) -> Iterator[str]:
        """Write a line for each kind of stage, and the result."""
        for kind in sorted({*self.inside, *self.after}):
            yield f"{kind:<20}{self.inside[kind]:>4} kills inside {self.after[kind]:>4} just after"
        yield f"{self.kills} kills in {self.compared} runs; records that differ: {self.different or 'none'}"


class AimedExecutor(InlineExecutor):
    """Runs each job at once in this process, notes what it took, and ends the process inside the stage that is aimed at."""

    def __init__(self, aim: Aim | None, times: Path) -> None:
        self.aim = aim
        self.times = times

    def submit(self, job: Job) -> "Future[Artifact]":
        """Compute the artifact of a job; do not return where it is the one that is aimed at."""
        aimed = self.aim is not None and (job.kind, job.key) == (self.aim.stage.kind, self.aim.stage.key)
        if self.aim and aimed:
            signal.setitimer(signal.ITIMER_PROF, max(self.aim.seconds, LEAST_SECONDS))
        begin = time.process_time()
        future = super().submit(job)
        if aimed:
            os.kill(os.getpid(), signal.SIGKILL)
        with self.times.open("a") as file:
            file.write(json.dumps({"kind": job.kind, "key": job.key, "seconds": time.process_time() - begin}) + "\n")
        return future


def kill_at_random(folder: Path, wanted: int, seed: int, recipe: str, overrides: Sequence[str] = ()) -> Outcome:
    """Run the recipe undisturbed, then kill and resume runs of it until there were so many kills.

    Args:
        recipe: a built-in one, or a file.

    Raises:
        RuntimeError: a run failed by itself, or did not come to the stage that it was to be killed in.
    """
    _load_libraries()
    planned = plan(load_recipe(recipe, overrides))
    find_artifacts(planned.graph, Store(folder / "nowhere"))  # what keys are made of is found once, before the forks
    calm, outcome = folder / "undisturbed", Outcome()
    if not (calm / "out").is_dir():
        _wait(_fork(planned, calm, None))
    stages = [Stage(**json.loads(line)) for line in calm.with_suffix(".times").read_text().splitlines()]
    killings = list(runs(stages, wanted, Random(seed)))
    minutes = expected_seconds(stages, killings) / 60
    print(f"{len(stages)} stages; about {minutes:.1f} CPU minutes for {wanted} kills", file=sys.stderr, flush=True)
    for aims in killings:
        killed = folder / f"killed-{outcome.compared}"
        for aim in aims:
            _kill(planned, killed, aim, outcome)
            print(
                f"kill {outcome.kills} in {killed.name}: {aim.stage.kind} at {aim.seconds:.3f} s",
                file=sys.stderr,
                flush=True,
            )
        _wait(_fork(planned, killed, None))
        same = run_record(killed).comparable() == run_record(calm).comparable() and run_items(killed) == run_items(calm)
        outcome.different += [] if same else [killed.name]
        outcome.compared += 1
        print(f"{killed.name} ended: record {'equal' if same else 'different'}", file=sys.stderr, flush=True)
    return outcome


def runs(stages: Sequence[Stage], left: int, rng: Random) -> Iterator[list[Aim]]:
    """Draw the kills of each run, in the order in which the run comes to them; no stage is killed twice in one run."""
    kinds = list(dict.fromkeys(stage.kind for stage in stages))
    while left > 0:
        drawn: set[Stage] = set()
        wanted = min(left, KILLS_A_RUN, len(stages))
        while len(drawn) < wanted:
            for kind in rng.sample(kinds, len(kinds)):
                others = [stage for stage in stages if stage.kind == kind and stage not in drawn]
                if others and len(drawn) < wanted:
                    drawn.add(rng.choice(others))
        yield [Aim(stage, rng.uniform(0, stage.seconds)) for stage in stages if stage in drawn]
        left -= wanted


def expected_seconds(stages: Sequence[Stage], killings: Sequence[Sequence[Aim]]) -> float:
    """Return the computing that killed runs take: each whole once, and what each kill destroys."""
    return sum(stage.seconds for stage in stages) * len(killings) + sum(
        aim.seconds for aims in killings for aim in aims
    )


def _load_libraries() -> None:
    """Import what the stages need, and use none of it: a library that has worked may not survive a fork."""
    import datasets  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401
    import trl  # noqa: F401


def _kill(planned: Plan, folder: Path, aim: Aim, outcome: Outcome) -> None:
    """Resume a run and have it killed; count where the kill came.

    Raises:
        RuntimeError: it was not killed.
    """
    if not _wait(_fork(planned, folder, aim)):
        raise RuntimeError(f"a run ended without coming to {aim.stage}")
    published = (folder / "store" / aim.stage.kind / aim.stage.key).exists()
    (outcome.after if published else outcome.inside)[aim.stage.kind] += 1


def _fork(planned: Plan, folder: Path, aim: Aim | None) -> int:
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
        executor = AimedExecutor(aim, folder.with_suffix(".times"))
        artifacts = run(planned.graph, Store(folder / "store"), executor, Recorder())
        write_record(*assemble(planned, artifacts, "traceinv run small"), folder / "out")
        code = 0
    except BaseException:  # noqa: BLE001  # the parent says that it failed
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int) -> bool:
    """Wait for the end of a process; say whether it was killed.

    Raises:
        RuntimeError: it failed by itself.
    """
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGPROF):
        return True
    if status:
        raise RuntimeError(f"a run failed by itself (status {status}); its log is beside its folder")
    return False


def main() -> int:
    """Print where the kills came; return 1 where a record differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the stages and moments")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep the runs here; an undisturbed one is used again"
    )
    parser.add_argument("--recipe", metavar="RECIPE", help="a built-in recipe, or a YAML file")
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c", help="override a value of the recipe")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        recipe = options.recipe or str(write_recipe(folder / "small.yaml", RECIPE))
        outcome = kill_at_random(folder, options.kills, options.seed, recipe, options.set)
    print("\n".join(outcome.lines()))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"{sum(one.ru_utime + one.ru_stime for one in used) / 60:.1f} CPU minutes")
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
