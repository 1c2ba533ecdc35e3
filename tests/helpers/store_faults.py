"""Damage a finished store, one fault at a time, run again, and compare the record with that of the undamaged store.

    python tests/helpers/store_faults.py --faults 200 --seed 0

The recipe, its graph, the store, the scheduler and the record are those of a real run; what the stages would have computed comes
from `fake_run`. Each fault must be named or its artifact computed again, and none may change the record.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from fake_run import LOGS, planned, write_contents
from stub_stages import Recorder

from harness.assembly.record import assemble
from harness.pipeline.descriptions import META, Artifact
from harness.pipeline.executors.base import Job, Report
from harness.pipeline.plan import Plan
from harness.pipeline.scheduler import run
from harness.pipeline.store import LOGS as LOG_FOLDER
from harness.pipeline.store import PARTIAL, Store
from harness.results.files import read_items, read_record, write_record
from traceinv.digests import digest_text

BYTES = 4096
"""Bytes that each artifact has besides what a record reads of it, in the place of weights."""


class FakeExecutor:
    """Publishes for each job what `fake_run` makes of its node."""

    def __init__(self, plan: Plan) -> None:
        self.nodes = {node.id: node for node in plan.graph}

    def submit(self, job: Job) -> "Future[Artifact]":
        """Publish the artifact of a job at once."""
        store, node = Store(job.store.root), self.nodes[job.node_id]
        with store.lock(job.kind, job.key):
            draft = store.open_draft(job.kind, job.key, resumable=False)
            write_contents(node, draft)
            (draft / "weights.bin").write_bytes(Random(digest_text(job.key)).randbytes(BYTES))
            description = {
                "kind": job.kind,
                "key": job.key,
                "version": node.kind.version,
                "fingerprint": "fingerprint",
                "params": dict(job.params),
                "inputs": {name: source.ref for name, source in job.inputs.items()},
                "seconds": 1.0,
                "log": LOGS.get(job.kind, {}),
            }
            artifact = store.publish(draft, description)
        future: Future[Artifact] = Future()
        future.set_result(artifact)
        return future

    def reports(self) -> list[Report]:
        return []

    def messages(self) -> list[str]:
        return []


def flip(rng: Random, folders: Sequence[Path]) -> Path:
    """Flip one bit of a file."""
    file = _file(rng, folders)
    content = bytearray(file.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)
    return file


def truncate(rng: Random, folders: Sequence[Path]) -> Path:
    """Cut the end off a file."""
    file = _file(rng, folders)
    file.write_bytes(file.read_bytes()[: rng.randrange(file.stat().st_size)])
    return file


def delete(rng: Random, folders: Sequence[Path]) -> Path:
    """Delete a file, or a whole artifact."""
    place = rng.choice([_file(rng, folders), rng.choice(folders)])
    _remove(place)
    return place


def replace(rng: Random, folders: Sequence[Path]) -> Path:
    """Replace a file by bytes of the same length, or an artifact by a file."""
    place = rng.choice([_file(rng, folders), _file(rng, folders), rng.choice(folders)])
    content = rng.randbytes(place.stat().st_size)
    _remove(place)
    place.write_bytes(content)
    return place


def swap(rng: Random, folders: Sequence[Path]) -> Path:
    """Exchange two artifacts, or two files of the same name of two artifacts."""
    first, second = rng.sample(folders, 2)
    name = rng.choice([".", META, "weights.bin"])
    one, two, aside = first / name, second / name, first.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)
    return one


FAULTS: dict[str, Callable[[Random, Sequence[Path]], Path]] = {
    function.__name__: function for function in (flip, truncate, delete, replace, swap)
}


@dataclass
class Outcome:
    """What became of the faults.

    Attributes:
        named: faults of each kind that the store named.
        recomputed: faults of each kind after which something was computed again.
        missed: those that were neither named nor led to a computation.
        changed: those that changed the record or its items.
    """

    named: Counter[str] = field(default_factory=Counter)
    recomputed: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.missed and not self.changed

    def lines(self) -> Iterator[str]:
        """Write a line for each kind of fault, and the result."""
        for name in FAULTS:
            yield f"{name:<10}{self.made[name]:>4} made {self.named[name]:>4} named {self.recomputed[name]:>4} computed again"
        yield from (f"missed: {line}" for line in self.missed)
        yield from (f"changed the record: {line}" for line in self.changed)
        total = sum(self.made.values())
        yield f"{total} faults: {len(self.missed)} missed, {len(self.changed)} changed a record"


def damage_and_run(folder: Path, faults: int, seed: int) -> Outcome:
    """Make a finished store, then damage it and run again, so many times; what a run mends stays mended."""
    plan, rng, report = planned(), Random(seed), Outcome()
    calm = _run(plan, folder / "store", folder / "calm")[0]
    for number in range(faults):
        name = list(FAULTS)[number % len(FAULTS)]
        place = FAULTS[name](rng, _folders(folder / "store"))
        found, named, computed = _run(plan, folder / "store", folder / f"after-{number}")
        line = f"{name} {place.relative_to(folder)}"
        report.made[name] += 1
        report.named[name] += named > 0
        report.recomputed[name] += computed > 0
        report.missed += [] if named or computed else [line]
        report.changed += [] if found == calm else [line]
    return report


def _run(plan: Plan, store: Path, out: Path) -> tuple[Any, int, int]:
    """Run the plan; return record and items, how many artifacts were named, and how many were computed."""
    opened, watcher = Store(store), Recorder()
    artifacts = run(plan.graph, opened, FakeExecutor(plan), watcher)
    named = len(opened.damaged)  # another store published what was computed, as a worker does
    path = write_record(*assemble(plan, artifacts, "traceinv run small"), out)
    return (read_record(path).comparable(), read_items(path)), named, len(watcher.computed)


def _folders(store: Path) -> list[Path]:
    """List the folders of a store's artifacts."""
    return sorted(path for path in store.glob("*/*") if path.is_dir() and path.parent.name not in (PARTIAL, LOG_FOLDER))


def _file(rng: Random, folders: Sequence[Path]) -> Path:
    return rng.choice(sorted(path for path in rng.choice(folders).rglob("*") if path.is_file()))


def _remove(place: Path) -> None:
    if place.is_dir():
        for path in sorted(place.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        place.rmdir()
    else:
        place.unlink()


def main() -> int:
    """Print what became of the faults; return 1 where one was missed or changed a record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        report = damage_and_run(Path(folder), options.faults, options.seed)
    print("\n".join(report.lines()))
    return 0 if report.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
