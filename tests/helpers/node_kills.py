"""Take nodes of a Ray cluster away in the middle of stages, and compare the artifacts with those of an undisturbed run.

    python tests/helpers/node_kills.py --kills 10 --seed 0
    python tests/helpers/node_kills.py --kills 2 --shards 2
    python tests/helpers/node_kills.py --kills 10 --bucket

The cluster has several nodes on this machine, and all stages run on nodes that are not the run's own. Whenever a stage that
keeps a draft has stored rows or a checkpoint and comes to a random share, its node is killed with all its processes, and another
takes its place. Ray computes the stage again, which must go on from all that it had stored: the table says from where it went
on, what of that it did again, and what was left to do. A stage is struck once a run; runs are begun until there were so many
kills, which are spread over the kinds. With shards, only these are struck, and the artifacts are those of a run without shards.

With a bucket, the store is on an S3-compatible server of this machine. Every node has a folder of its own, as another machine
has, so that only what was copied to the bucket by then outlives a node.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

from kills import BATCH, PIPELINE_ORDER, RECIPE, TRAINING_KINDS, stored_in
from object_server import BUCKET, object_server
from small_recipe import write_recipe
from stub_stages import Recorder

from harness.pipeline.descriptions import Artifact
from harness.pipeline.drafts import newest_copy, take_copy
from harness.pipeline.executors.base import Report
from harness.pipeline.executors.local import LocalExecutor
from harness.pipeline.executors.ray import RayExecutor
from harness.pipeline.graph import Node
from harness.pipeline.objects import Objects
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.remote import open_store
from harness.pipeline.scheduler import known_key, run
from harness.pipeline.store import PARTIAL, Store
from traceinv.cache import CACHE

NODES = 2
"""Nodes beside the run's own, with one core each."""
MIDDLE = 0.1, 0.8
"""Shares between which a stage is struck, once it has stored something."""


@dataclass(frozen=True)
class Strike:
    """A node that was taken away.

    Attributes:
        name: of the stage, for a person.
        stored: rows, or the step of the last checkpoint, that the stage had stored by then at least.
    """

    node_id: str
    kind: str
    name: str
    share: float
    stored: int

    def line(self, number: int, artifact: Artifact) -> str:
        """Write what was struck, and what the finished stage says of it."""
        resumed, again = int(artifact.log["resumed"]), int(artifact.log.get("repeated", 0))
        unit = "steps" if self.kind in TRAINING_KINDS else "rows"
        after = _whole(artifact) - resumed + again
        return (
            f"kill {number:>2}  {self.name:<52} at {self.share:4.0%}  stored {self.stored:>4} {unit:<5}  "
            f"resumed at {resumed:>4}  {again:>3} again  {after:>4} of {_whole(artifact):>4} computed after it"
        )

    def is_sound(self, artifact: Artifact) -> bool:
        """Say whether the stage went on from all that it had stored, and did at most the batch in flight again."""
        log = artifact.log
        return int(log["resumed"]) >= self.stored and int(log.get("repeated", 0)) <= BATCH.get(self.kind, 0)


def _whole(artifact: Artifact) -> int:
    """Return the rows or the steps of a finished stage."""
    if artifact.kind in TRAINING_KINDS:
        return int(artifact.log["steps"])
    return sum(path.read_bytes().count(b"\n") for path in artifact.path.rglob("*.jsonl"))


SHARDED: dict[str, Any] = {
    **RECIPE,
    "regimes": ["base", "answer_only", "self_verified"],
    "candidates": {"count": 4},
}
"""The recipe of kills of shards: so many candidates that a shard has several batches."""


@dataclass(frozen=True)
class Place:
    """Where the runs keep their artifacts: a folder, or an address of a bucket.

    Attributes:
        caches: the folder in which nodes have theirs, where the store is in a bucket.
    """

    address: Path | str
    caches: Path

    def stored(self, kind: str, key: str) -> int:
        """Return what an unfinished stage has stored where another node finds it."""
        if isinstance(self.address, Path):
            return stored_in(self.address / PARTIAL / kind / key)
        objects = Objects(self.address)
        newest = newest_copy(objects, f"{PARTIAL}/{kind}/{key}")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / kind / key
            copy.mkdir(parents=True)
            return stored_in(copy) if newest and take_copy(objects, *newest, copy) else 0

    def node(self, number: int) -> dict[str, Any]:
        """Return how a node is started: with one core, and a folder of its own for what it reads of a bucket."""
        own = {} if isinstance(self.address, Path) else {"env_vars": {CACHE: str(self.caches / f"node-{number}")}}
        return {"num_cpus": 1, **own}


class Killer(Recorder):
    """A watcher that takes nodes away.

    Attributes:
        missed: how many nodes were taken away when their stage had just ended.
    """

    def __init__(self, planned: Plan, cluster: Any, place: Place, kills: int, rng: Random) -> None:
        super().__init__()
        self._graph = planned.graph
        self._nodes = {node.id: node for node in planned.graph}
        self._cluster, self._place, self._wanted, self._rng = cluster, place, kills, rng
        self._of_a_kind = ceil(kills / len(PIPELINE_ORDER))
        self._begun = 0
        self._others = [self._add_node() for _ in range(NODES)]
        self._done: dict[str, Artifact] = {}
        self._aims: dict[str, float] = {}
        self.strikes: list[Strike] = []
        self.missed = 0

    def cached(self, node: Node, artifact: Artifact) -> None:
        self._done[node.id] = artifact

    def finished(self, node: Node, artifact: Artifact) -> None:
        self._done[node.id] = artifact

    def advanced(self, report: Report) -> None:
        node = self._nodes[report.node_id]
        aim = self._aims.setdefault(node.id, self._rng.uniform(*MIDDLE))
        if not self._may_strike(node) or not aim <= report.share < 1:
            return
        key = str(known_key(node, self._done))
        stored = self._place.stored(node.kind.name, key)
        lost = next((other for other in self._others if _is_on(other, report.where)), None)
        if not stored or lost is None:
            return
        self._cluster.remove_node(lost, allow_graceful=False)
        self._others[self._others.index(lost)] = self._add_node()
        if open_store(self._place.address).find(node.kind.name, key):
            self.missed += 1
        else:
            self.strikes.append(Strike(node.id, node.kind.name, self._graph.name(node), report.share, stored))

    def _add_node(self) -> Any:
        self._begun += 1
        return self._cluster.add_node(**self._place.node(self._begun))

    def _may_strike(self, node: Node) -> bool:
        """Say whether a stage keeps a draft, was not struck yet, and neither were as many of its kind as wanted."""
        if any(other.is_shard for other in self._nodes.values()) and not node.is_shard:
            return False
        of_its_kind = sum(strike.kind == node.kind.name for strike in self.strikes)
        struck = any(strike.node_id == node.id for strike in self.strikes)
        wanted = len(self.strikes) < self._wanted and of_its_kind < self._of_a_kind
        return node.kind.resumable and wanted and not struck


def _is_on(node: Any, where: str) -> bool:
    """Say whether a process is a worker of a node: the child of its raylet."""
    process = int(where.rpartition(" ")[2])
    raylets = {info.process.pid for info in node.all_processes.get("raylet", [])}
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1]) in raylets
    except (OSError, IndexError):
        return False


@contextmanager
def places(folder: Path, bucket: bool) -> Iterator[Callable[[int], Place]]:
    """Yield what gives each run a store of its own, in a folder or in a bucket of a server that ends with the block."""
    with ExitStack() as opened:
        if bucket:
            os.environ.update(opened.enter_context(object_server()))
            os.environ[CACHE] = str(folder / "head")
        yield lambda run: Place(
            f"s3://{BUCKET}/{run}" if bucket else folder / f"struck-{run}", folder / f"caches-{run}"
        )


def strike_and_compare(folder: Path, kills: int, seed: int, shards: int = 1, bucket: bool = False) -> bool:
    """Take nodes away until there were so many kills; print a line for each, and return whether all went well."""
    recipe = RECIPE if shards == 1 else SHARDED
    undisturbed = plan(load_recipe(str(write_recipe(folder / "undisturbed.yaml", recipe))))
    planned = plan(load_recipe(str(write_recipe(folder / "small.yaml", recipe | {"shards": shards}))))
    with LocalExecutor(NODES) as executor:
        calm = _digests(undisturbed, run(undisturbed.graph, Store(folder / "undisturbed"), executor, Recorder()))
    rng, sound, number = Random(seed), True, 0
    with places(folder, bucket) as place_of:
        while number < kills:
            killer, artifacts = _one_run(planned, place_of(number), kills - number, rng)
            if not killer.strikes:
                raise RuntimeError("no stage ran on another node for long enough to be struck")
            for strike in killer.strikes:
                number += 1
                artifact = artifacts[strike.node_id]
                sound &= strike.is_sound(artifact)
                print(strike.line(number, artifact))
            equal = _digests(planned, artifacts) == calm
            sound &= equal
            print(f"{killer.missed} more between stages, artifacts equal: {equal}", flush=True)
    return sound


def _one_run(planned: Plan, place: Place, kills: int, rng: Random) -> tuple[Killer, Mapping[str, Artifact]]:
    from importlib import import_module

    cluster = import_module("ray.cluster_utils").Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        killer = Killer(planned, cluster, place, kills, rng)
        cluster.wait_for_nodes()
        with RayExecutor(cluster.address) as executor:
            return killer, run(planned.graph, open_store(place.address), executor, killer)
    finally:
        cluster.shutdown()


def _digests(planned: Plan, artifacts: Mapping[str, Artifact]) -> set[tuple[str, str, str]]:
    """Return kind, key and contents of the artifacts of a plan, shards left out."""
    whole = [artifacts[node.id] for node in planned.graph if not node.is_shard]
    return {(artifact.kind, artifact.key, artifact.digest) for artifact in whole}


def main() -> int:
    """Print a line for each kill; return 1 where artifacts differ or a stage did not resume."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the shares at which nodes are lost")
    parser.add_argument("--shards", type=int, default=1, metavar="N", help="strike the shards of stages that have N")
    parser.add_argument("--bucket", action="store_true", help="keep the artifacts on an S3-compatible server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="node-kills-") as folder:
        chosen = options.kills, options.seed, options.shards, options.bucket
        return 0 if strike_and_compare(Path(folder), *chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
