"""Take nodes of a Ray cluster away in the middle of stages, and compare the artifacts with those of an undisturbed run.

    python tests/helpers/node_kills.py --kills 10 --seed 0

The cluster has several nodes on this machine. Whenever a stage on a node that is not the run's own comes to a random share, the
node is killed with all its processes, and another takes its place. Ray computes the stage again, which must go on from all that
it had stored. A stage is struck once a run; runs are begun until there were so many kills.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from kills import RECIPE, TRAINING_KINDS, stored_in
from small_recipe import write_recipe
from stub_stages import Recorder

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import InlineExecutor, Report
from harness.pipeline.executors.ray import RayExecutor
from harness.pipeline.graph import Node
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import known_key, run
from harness.pipeline.store import PARTIAL, Store

NODES = 2
"""Nodes beside the run's own, with one core each."""
MIDDLE = 0.2, 0.8
"""Shares between which a stage is struck."""


@dataclass(frozen=True)
class Strike:
    """A node that was taken away.

    Attributes:
        stored: rows, or the step of the last checkpoint, that the stage had stored by then at least.
    """

    node_id: str
    kind: str
    share: float
    stored: int


class Killer(Recorder):
    """A watcher that takes nodes away."""

    def __init__(self, planned: Plan, cluster: Any, store: Path, kills: int, rng: Random) -> None:
        super().__init__()
        self._nodes = {node.id: node for node in planned.graph}
        self._cluster, self._store, self._wanted, self._rng = cluster, store, kills, rng
        self._others = [cluster.add_node(num_cpus=1) for _ in range(NODES)]
        self._done: dict[str, Artifact] = {}
        self._aims: dict[str, float] = {}
        self.strikes: list[Strike] = []

    def cached(self, node: Node, artifact: Artifact) -> None:
        self._done[node.id] = artifact

    def finished(self, node: Node, artifact: Artifact) -> None:
        self._done[node.id] = artifact

    def advanced(self, report: Report) -> None:
        aim = self._aims.setdefault(report.node_id, self._rng.uniform(*MIDDLE))
        struck = any(strike.node_id == report.node_id for strike in self.strikes)
        if struck or len(self.strikes) >= self._wanted or not aim <= report.share < 1:
            return
        lost = next((node for node in self._others if _is_on(node, report.where)), None)
        if lost is None:
            return
        node = self._nodes[report.node_id]
        draft = self._store / PARTIAL / node.kind.name / str(known_key(node, self._done))
        self.strikes.append(Strike(node.id, node.kind.name, report.share, stored_in(draft)))
        self._cluster.remove_node(lost, allow_graceful=False)
        self._others[self._others.index(lost)] = self._cluster.add_node(num_cpus=1)


def _is_on(node: Any, where: str) -> bool:
    """Say whether a process is a worker of a node: the child of its raylet."""
    process = int(where.rpartition(" ")[2])
    raylets = {info.process.pid for info in node.all_processes.get("raylet", [])}
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1]) in raylets
    except (OSError, IndexError):
        return False


def strike_and_compare(folder: Path, kills: int, seed: int) -> bool:
    """Take nodes away until there were so many kills; print a line for each, and return whether all went well."""
    planned = plan(load_recipe(str(write_recipe(folder / "small.yaml", RECIPE))))
    calm = _digests(run(planned.graph, Store(folder / "undisturbed"), InlineExecutor(), Recorder()))
    rng, sound, number = Random(seed), True, 0
    while number < kills:
        strikes, artifacts = _one_run(planned, folder / f"struck-{number}", kills - number, rng)
        if not strikes:
            raise RuntimeError("no stage ran on another node for long enough to be struck")
        for strike in strikes:
            number += 1
            sound &= _is_sound(strike, artifacts[strike.node_id])
            resumed = artifacts[strike.node_id].log.get("resumed")
            unit = "step" if strike.kind in TRAINING_KINDS else "rows"
            print(
                f"kill {number:>2}  {strike.kind:<16} at {strike.share:4.0%}, stored {unit} {strike.stored}, resumed at {resumed}"
            )
        equal = _digests(artifacts) == calm
        sound &= equal
        print(f"artifacts equal: {equal}", flush=True)
    return sound


def _one_run(planned: Plan, store: Path, kills: int, rng: Random) -> tuple[list[Strike], Mapping[str, Artifact]]:
    from importlib import import_module

    cluster = import_module("ray.cluster_utils").Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        killer = Killer(planned, cluster, store, kills, rng)
        cluster.wait_for_nodes()
        with RayExecutor(cluster.address) as executor:
            return killer.strikes, run(planned.graph, Store(store), executor, killer)
    finally:
        cluster.shutdown()


def _is_sound(strike: Strike, artifact: Artifact) -> bool:
    """Say whether a stage that keeps a draft went on from all that it had stored."""
    return int(artifact.log.get("resumed", strike.stored)) >= strike.stored


def _digests(artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    return {node: artifact.digest for node, artifact in artifacts.items()}


def main() -> int:
    """Print a line for each kill; return 1 where artifacts differ or a stage did not resume."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the shares at which nodes are lost")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="node-kills-") as folder:
        return 0 if strike_and_compare(Path(folder), options.kills, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
