"""Kill runs inside their stages, resume them, and compare the record with the one of an undisturbed run.

    python tests/helpers/kills.py --kills 10 --seed 0

A run is killed with all its processes once a stage has stored rows or a checkpoint, after a random further delay. The same
command resumes it. What a stage took up stands in its log, and so does what it computed again although it was stored.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from random import Random
from typing import Any

from processes import POLL_SECONDS, kill_tree, run_to_end
from small_recipe import SMALL_RECIPE, SMALL_TRAINING, run_command, run_items, run_record, write_recipe

from harness.pipeline.store import LOGS
from traceinv.checkpoints import MARKER
from traceinv.engines.transformers import BATCH_SIZE

SAVE_EVERY = 2
RESPONSE_BATCH = 4
PER_FAMILY = 40
TRAINING = {**SMALL_TRAINING, "save_every": SAVE_EVERY}
RECIPE: dict[str, Any] = {
    **SMALL_RECIPE,
    "questions": {"kind": "lab", "per_family": PER_FAMILY, "steps": [2, 4]},
    "targets": {"lab": {**SMALL_RECIPE["targets"]["lab"], "examples_per_family": 24, "training": TRAINING}},
    "surrogates": {"small": {**SMALL_RECIPE["surrogates"]["small"], "training": TRAINING}},
    "inverter": {"training": {**TRAINING, "epochs": 1}},
    "students": {"lab": {"training": {**TRAINING, "epochs": 1}}},
    "regimes": ["base", "answer_only", "inverted"],
    "benchmark": {"tasks": ["lab_chain", "lab_compose"], "limit": 12, "batch_size": RESPONSE_BATCH},
}
"""The small recipe with so many questions that each stage has several batches, and with checkpoints."""

TRAINING_KINDS = ("reasoning_model", "inverter", "student")
WRITING_KINDS = ("transcripts", "inversions", "responses")
PIPELINE_ORDER = ("reasoning_model", "transcripts", "inverter", "inversions", "student", "responses")
BATCH = {"transcripts": BATCH_SIZE, "inversions": BATCH_SIZE, "candidates": BATCH_SIZE, "responses": RESPONSE_BATCH}
"""Rows a batch, by the kind of stage."""
LONGEST_DELAY = 0.6
"""Seconds between the sight of the first rows and the kill, at most."""
Name = tuple[str, str]
"""Kind and key of an artifact."""


@dataclass
class Hit:
    """A stage that was killed with something stored.

    Attributes:
        stored: rows, or the step of the last checkpoint.
        resumed: what the log of the finished stage says it went on from; None where it was killed again before it finished.
        repeated: rows that were computed again although they were stored.
    """

    kind: str
    key: str
    stored: int
    resumed: int | None = None
    repeated: int = 0

    @property
    def name(self) -> Name:
        return self.kind, self.key

    @property
    def is_sound(self) -> bool:
        """Whether the stage went on from all that was stored, and did at most one batch again."""
        if self.resumed is None:
            return True
        return self.resumed == self.stored and self.repeated <= BATCH.get(self.kind, 0)

    def __str__(self) -> str:
        unit = "step" if self.kind in TRAINING_KINDS else "row"
        resumed = "killed again later" if self.resumed is None else f"resumed at {unit} {self.resumed}"
        twice = f"{self.repeated} stored rows again"
        if self.kind in TRAINING_KINDS:
            twice = f"at most {SAVE_EVERY} steps again"
        return f"{self.kind:<16}{self.key[:8]}  stored {unit}s: {self.stored:>4}   {resumed:<22} {twice}"


@dataclass
class Kill:
    """One kill: the stage that was waited for, and the others that were running.

    Attributes:
        delay: seconds between the sight of what the stage had stored and the kill.
    """

    delay: float
    hit: Hit
    others: list[Hit]

    @property
    def hits(self) -> list[Hit]:
        return [self.hit, *self.others]


@dataclass
class Report:
    """What happened to the killed runs.

    Attributes:
        kills: those that hit a stage inside.
        missed: how many came when the stage had just ended.
        equal: whether record and items of each killed run are those of the undisturbed run.
    """

    kills: list[Kill] = field(default_factory=list)
    missed: int = 0
    equal: bool = True

    @property
    def is_sound(self) -> bool:
        return self.equal and all(hit.is_sound for kill in self.kills for hit in kill.hits)

    def lines(self) -> Iterator[str]:
        """Write a line for each kill, and the result."""
        for number, kill in enumerate(self.kills, 1):
            yield f"kill {number:>2} after {kill.delay:.2f} s  {kill.hit}"
            for other in kill.others:
                yield f"        beside it    {other}"
        yield f"(a batch in flight is lost: at most {BATCH_SIZE} transcripts or inversions, {RESPONSE_BATCH} responses)"
        yield f"{len(self.kills)} kills, {self.missed} more between stages, record equal: {self.equal}"


def kill_and_resume(folder: Path, kills: int, seed: int) -> Report:
    """Run the recipe undisturbed, then kill and resume runs of it until there were so many kills.

    A run in which no stage is left to kill is finished and compared, and another one is begun.
    """
    recipe = write_recipe(folder / "small.yaml", RECIPE)
    calm = folder / "undisturbed"
    run_to_end(run_command(recipe, calm), calm / "store" / LOGS)
    report, rng = Report(), Random(seed)
    wanted = places(kills)
    while wanted:
        killed = folder / f"killed-{len(report.kills)}"
        wanted = _kill_one_run(run_command(recipe, killed), killed / "store", wanted, rng, report)
        report.equal &= run_record(killed).comparable() == run_record(calm).comparable()
        report.equal &= run_items(killed) == run_items(calm)
    return report


def places(kills: int) -> list[str]:
    """Spread kills evenly over transcripts, inversions, responses and training, in the order of the pipeline."""
    training = 0
    chosen = []
    for number in range(kills):
        place = ("training", *WRITING_KINDS)[number % 4]
        if place == "training":
            place = TRAINING_KINDS[training % len(TRAINING_KINDS)]
            training += 1
        chosen.append(place)
    return sorted(chosen, key=PIPELINE_ORDER.index)


def _kill_one_run(command: Sequence[str], store: Path, wanted: list[str], rng: Random, report: Report) -> list[str]:
    """Kill a run in the wanted kinds of stages and resume it to its end; return the kinds that were not reached."""
    kills: list[Kill] = []
    left = list(wanted)
    while left:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        name = _wait_inside(process, store, left[0], {hit.name for kill in kills for hit in kill.hits})
        if name is None:
            break
        delay = rng.uniform(0, LONGEST_DELAY)
        time.sleep(delay)
        kill_tree(process)
        hits = {hit.name: hit for hit in _hits(store)}
        if name in hits:
            kills.append(Kill(delay, hits.pop(name), list(hits.values())))
            left.pop(0)
        else:
            report.missed += 1
    run_to_end(command, store / LOGS)
    _read_logs(store, kills)
    report.kills += kills
    return left


def _wait_inside(process: "subprocess.Popen[bytes]", store: Path, kind: str, known: set[Name]) -> Name | None:
    """Wait until a stage of this kind that was not killed yet has stored something; None where the run ends before.

    Raises:
        CalledProcessError: the run failed.
    """
    while process.poll() is None:
        for hit in _hits(store):
            if hit.kind == kind and hit.name not in known:
                return hit.name
        time.sleep(POLL_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return None


def _hits(store: Path) -> list[Hit]:
    """List the unfinished stages that have stored something."""
    drafts = [path for kind in PIPELINE_ORDER for path in _find(store / "partial" / kind, "*") if path.is_dir()]
    hits = [Hit(draft.parent.name, draft.name, stored_in(draft)) for draft in drafts]
    return [hit for hit in hits if hit.stored]


def _find(folder: Path, pattern: str) -> list[Path]:
    """List what matches a pattern; unlike `Path.glob` it bears folders that go away meanwhile."""
    return [folder / name for name in sorted(glob(pattern, root_dir=folder, recursive=True))]


def stored_in(draft: Path) -> int:
    """Count the whole rows in an unfinished stage's folder, or return the step of its last whole checkpoint."""
    if draft.parent.name in TRAINING_KINDS:
        markers = _find(draft, f"checkpoints/checkpoint-*/{MARKER}")
        return max((int(marker.parent.name.rpartition("-")[2]) for marker in markers), default=0)
    return sum(_rows(path) for path in _find(draft, "**/*.jsonl"))


def _rows(path: Path) -> int:
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:  # the stage has just ended
        return 0
    return len({(row["id"], row.get("sample")) for row in map(json.loads, lines)})


def _read_logs(store: Path, kills: Sequence[Kill]) -> None:
    """Complete the last hit of each stage with what its log says."""
    last = {hit.name: hit for kill in kills for hit in kill.hits}
    for (kind, key), hit in last.items():
        log = json.loads((store / kind / key / "artifact.json").read_text())["log"]
        hit.resumed, hit.repeated = log["resumed"], log.get("repeated", 0)


def main() -> int:
    """Print a line for each kill; return 1 where a record differs or a stage did not resume."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the delays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        report = kill_and_resume(Path(folder), options.kills, options.seed)
    print("\n".join(report.lines()))
    return 0 if report.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
