"""From the artifacts of a finished run to its result record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

from harness import stats
from harness.assembly.audit import policy_rows, threat_models
from harness.assembly.comparability import comparability
from harness.assembly.comparisons import (
    REFERENCES,
    CellRuns,
    contrast_rows,
    leak_rows,
    recovery_rows,
    seed_variances,
)
from harness.assembly.faithfulness import faithfulness_rows, likelihood_rows, reading_rows, style_row
from harness.assembly.gates import gates, ledger
from harness.assembly.identity import assembly_fingerprint, record_id
from harness.assembly.responses import (
    ModelRun,
    check_same_questions,
    item_ids,
    read_run,
    repeats,
    scores,
    state_letters,
    strata,
    task_names,
    ungradable_items,
)
from harness.assembly.targets import target_facts
from harness.benchmarks.groups import task_groups
from harness.evaluation.record import figures
from harness.pipeline.graph import Node
from harness.pipeline.keys import PYTHON
from harness.pipeline.plan import CellPlan, Plan
from harness.pipeline.scheduler import Artifacts
from harness.results.intervals import to_interval
from harness.results.items import ItemFile, RunStates
from harness.results.provenance import provenance
from harness.results.schema import (
    Cell,
    Ledger,
    ResultRecord,
    Row,
    Score,
    StageEntry,
)
from harness.results.verdict import headline_group, verdict
from harness.stages.base import ENGINE
from traceinv.errors import GateError

DIGITS = 6
FIGURE_LIBRARIES = ("numpy", "scipy", "statsmodels")
T = TypeVar("T")


def assemble(plan: Plan, artifacts: Artifacts, command: str) -> tuple[ResultRecord, ItemFile]:
    """Make the record of a finished run, and the state of every item.

    Raises:
        GateError: the models were not asked the same, or a task could not be graded.
    """
    recipe = plan.recipe
    ledgers = [ledger(planned, artifacts, seed) for planned in plan.cells for seed in recipe.seeds]
    plan = replace(plan, cells=[_with_rows(planned, ledgers) for planned in plan.cells])
    read = cache(lambda node: read_run(artifacts[node.id].path))  # cells share runs
    cells = {planned.cell: _cell_runs(planned, read) for planned in plan.cells}
    every = [run for rows in cells.values() for runs in rows.values() for run in runs]
    questions, dropped = check_same_questions(every), ungradable_items(every)
    gradable = {
        cell: {row: [run.without(dropped) for run in runs] for row, runs in rows.items()}
        for cell, rows in cells.items()
    }
    seeds = seed_variances(gradable)
    contrasts = contrast_rows(gradable, recipe.contrasts, seeds)
    recovery = [row for cell, runs in gradable.items() for row in recovery_rows(cell, runs)]
    leak = [
        row
        for cell, runs in gradable.items()
        for row in leak_rows(cell, runs, seeds, recipe.policies[cell.policy].discloses_summary)
    ]
    rows = [row for planned in plan.cells for row in _rows(plan, planned, artifacts, gradable[planned.cell])]
    reading = _once(row for planned in plan.cells for row in reading_rows(planned, artifacts))
    styles = [style_row(planned, artifacts) for planned in plan.cells]
    faithfulness = _once(row for planned in plan.cells for row in faithfulness_rows(planned, artifacts))
    likelihood = _once(row for planned in plan.cells for row in likelihood_rows(planned, artifacts))
    group = headline_group(row for row in rows if row.kind == "regime")
    record = ResultRecord(
        id=record_id(plan),
        recipe=recipe.model_dump(mode="json"),
        seeds=recipe.seeds,
        rows=rows,
        contrasts=contrasts,
        recovery=recovery,
        leak=leak,
        faithfulness=faithfulness,
        likelihood=likelihood,
        reading=reading,
        policies=policy_rows(plan, artifacts, gradable, seeds, leak, likelihood, faithfulness, group),
        threats=threat_models(plan, ledgers, artifacts),
        targets=target_facts(recipe),
        style=_once(row for row in styles if row is not None),
        ledger=ledgers,
        gates=gates(plan, artifacts, questions, dropped),
        verdict=verdict(rows, contrasts, recovery, leak, reading, ledgers),
        provenance=provenance(command, _packages(plan), _stages(plan, artifacts), assembly_fingerprint()),
    )
    return record, _items(plan, cells)


def _with_rows(planned: CellPlan, ledgers: Sequence[Ledger]) -> CellPlan:
    """Return a cell's plan without the students of regimes that could teach no question under one of its seeds."""
    left_out = {regime for row in ledgers if row.cell == planned.cell for regime in row.left_out}
    return replace(planned, grades={row: runs for row, runs in planned.grades.items() if row not in left_out})


def _cell_runs(planned: CellPlan, read: Callable[[Node], ModelRun]) -> CellRuns:
    return {row: [read(node) for node in seeds.values()] for row, seeds in planned.grades.items()}


def _rows(plan: Plan, planned: CellPlan, artifacts: Artifacts, runs: CellRuns) -> list[Row]:
    key = comparability(plan, planned, artifacts, next(iter(runs.values()))[0])
    return [
        Row(
            name=row,
            kind="reference" if row in REFERENCES else "regime",
            cell=planned.cell,
            seeds=[seed for seed in seeds if seed is not None],
            scores={group: _score(runs[row], tasks) for group, tasks in task_groups(task_names(runs[row][0])).items()},
            comparability=key,
            runs=[artifacts[node.id].key for node in seeds.values()],
        )
        for row, seeds in planned.grades.items()
    ]


def _score(runs: Sequence[ModelRun], tasks: Sequence[str]) -> Score:
    by_item = scores(runs, tasks)
    samples = [s for run in runs for (task, _), group in run.samples.items() if task in tasks for s in group]
    ends = figures(samples)
    return Score(
        accuracy=to_interval(stats.estimate(by_item, strata(runs[0], tasks))),
        by_seed=[round(float(mean), DIGITS) for mean in by_item.mean(axis=1)],
        finished=_known(ends.finished),
        no_answer=_known(ends.no_answer),
        unfinished=_known(ends.unfinished),
        bad_format=_known(ends.bad_format),
        if_unfinished_right=_known(ends.if_unfinished_right),
        if_unfinished_wrong=_known(ends.if_unfinished_wrong),
        mean_tokens=round(_known(ends.mean_tokens), 2),
        items=by_item.shape[1],
    )


def _known(figure: float | None) -> float:
    """Round a figure that every engine of a run reports.

    Raises:
        GateError: it is missing.
    """
    if figure is None:
        raise GateError("a response does not say how it ended or how many tokens it has")
    return round(figure, DIGITS)


def _packages(plan: Plan) -> list[str]:
    """List the packages that artifacts and figures depend on."""
    named = {library for node in plan.graph for library in node.kind.libraries}
    return sorted((named | set(FIGURE_LIBRARIES)) - {PYTHON})


def _stages(plan: Plan, artifacts: Artifacts) -> list[StageEntry]:
    return [_stage(node, artifacts) for node in plan.graph]


def _stage(node: Node, artifacts: Artifacts) -> StageEntry:
    description = artifacts[node.id].description
    adopted = description.adopted
    return StageEntry(
        kind=node.kind.name,
        labels=node.labels,
        key=description.key,
        version=description.version,
        fingerprint=description.fingerprint,
        seconds=description.seconds,
        adopted=adopted.because if adopted else None,
        engine=description.log.get(ENGINE),
    )


def _items(plan: Plan, cells: Mapping[Cell, CellRuns]) -> ItemFile:
    states = [
        RunStates(row=row, cell=planned.cell, seed=seed, states=state_letters(run))
        for planned in plan.cells
        for row, seeds in planned.grades.items()
        for seed, run in zip(seeds, cells[planned.cell][row], strict=True)
    ]
    any_run = next(iter(next(iter(cells.values())).values()))[0]
    return ItemFile(ids=item_ids(any_run), repeats=repeats(any_run), runs=states)


def _once(rows: Iterable[T]) -> list[T]:
    """Drop rows that several cells share."""
    kept: list[T] = []
    for row in rows:
        if row not in kept:
            kept.append(row)
    return kept
