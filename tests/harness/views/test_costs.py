"""How the costs of a run are shown."""

from pathlib import Path

from small_recipe import SMALL_RECIPE

from harness.pipeline.costing.costs import cost_run
from harness.pipeline.plan import plan
from harness.pipeline.recipe import Recipe
from harness.pipeline.store import Store
from harness.views.costs import cost_lines, kind_table, stage_table


def test_every_missing_stage_has_a_row_and_every_kind_a_total(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(SMALL_RECIPE | {"costing": {"device": "rtx4090"}})
    planned = plan(recipe)
    cost = cost_run(planned, Store(tmp_path), {})
    stages, kinds = stage_table(cost), kind_table(cost)
    assert [row[0] for row in stages.rows] == [planned.graph.name(node) for node in planned.graph]
    totals = {row[0]: row for row in kinds.rows}
    assert set(totals) == {node.kind.name.replace("_", " ") for node in planned.graph} | {"all"}
    names = [column.name for column in kinds.columns]
    target = dict(zip(names, totals["reasoning model"], strict=True))
    assert (target["missing"], target["rows"], target["steps"]) == ("2 of 2", "360", "46")
    assert dict(zip(names, totals["all"], strict=True))["rows"] == "", "rows of different kinds do not add up"


def test_equal_faults_are_said_once(tmp_path: Path) -> None:
    heavy = SMALL_RECIPE["students"]["lab"] | {"model": "Qwen/Qwen2.5-7B-Instruct"}
    recipe = Recipe.model_validate(SMALL_RECIPE | {"students": {"lab": heavy}, "costing": {"device": "rtx4090"}})
    cost = cost_run(plan(recipe, absent_ok=True), Store(tmp_path), {})
    faults = [line for line in cost_lines(cost) if line.startswith("would not fit: student")]
    assert faults
    assert all("rtx4090 has 23.5 GiB" in line for line in faults)
    assert len(faults) < sum(stage.fault is not None for stage in cost.stages)
