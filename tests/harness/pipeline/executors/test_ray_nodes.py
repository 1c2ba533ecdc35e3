"""Nodes of a Ray cluster that are lost; no other cluster may be open in this process."""

import gc
from pathlib import Path
from typing import Any

import pytest
from small_recipe import SMALL_RECIPE, write_recipe
from stub_stages import Recorder

from harness.assembly.record import assemble
from harness.pipeline.executors.base import InlineExecutor, Report
from harness.pipeline.executors.ray import RayExecutor
from harness.pipeline.plan import plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import run
from harness.pipeline.store import Store

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Ray leaves the handles of its processes to the garbage collector."""


@pytest.mark.slow
def test_a_node_that_is_lost_in_the_middle_changes_no_record(tmp_path: Path) -> None:
    cluster_utils: Any = pytest.importorskip("ray.cluster_utils")
    planned = plan(load_recipe(str(write_recipe(tmp_path / "small.yaml", SMALL_RECIPE))))
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    lost = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()

    class Killer(Recorder):
        """Takes the second node away when the first model is half trained."""

        def advanced(self, report: Report) -> None:
            nonlocal lost
            if lost is not None and report.share > 0.3:
                cluster.remove_node(lost, allow_graceful=False)
                lost = None

    try:
        with RayExecutor(cluster.address) as executor:
            on_ray = run(planned.graph, Store(tmp_path / "ray"), executor, Killer())
    finally:
        cluster.shutdown()
        gc.collect()
    assert lost is None, "the node was taken away while stages ran"
    here = run(planned.graph, Store(tmp_path / "here"), InlineExecutor(), Recorder())
    records = [assemble(planned, artifacts, "test")[0].comparable() for artifacts in (on_ray, here)]
    assert records[0] == records[1]
