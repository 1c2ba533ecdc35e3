"""What a person sees of a dry run: what each stage takes, the totals by kind, what would not fit, and what was assumed."""

from collections.abc import Iterable, Sequence

from harness.pipeline.costing.costs import RunCost, StageCost
from harness.pipeline.costing.counts import Count, Surety, total
from harness.pipeline.costing.devices import HERE
from harness.views.tables import Column, Table
from traceinv.memory import GIB

FIGURES = ("rows", "read", "written", "trained", "steps")
HOUR = 3600
GIGABYTE = 1e9


def stage_table(cost: RunCost) -> Table:
    """Build the table of the missing stages, in the order of the plan."""
    money = any(stage.work.money for stage in cost.missing)
    rows = [
        (
            stage.name,
            *_figures([stage]),
            "" if stage.work.memory is None else f"{stage.work.memory / GIB:.1f}{'!' if stage.fault else ''}",
            _hours([stage]),
            _gigabytes(stage.work.disk),
            *([_money([stage])] if money else []),
        )
        for stage in cost.missing
    ]
    return Table(
        title="Stages that would be computed",
        columns=(
            Column("stage", "words"),
            *(Column(name) for name in (*FIGURES, "GiB", _hours_head(cost), "GB on disk")),
            *([Column("money")] if money else []),
        ),
        rows=tuple(rows),
        caption="rows: questions, replies or training examples; read: tokens of prompts; written: tokens that are generated; "
        "trained: tokens of examples in one pass; steps: of the optimizer; GiB: memory of a device at the least, with ! where "
        "something does not fit. <= at most, ~ about; a number without a sign is counted.",
    )


def kind_table(cost: RunCost) -> Table:
    """Build the table of totals, a line for each kind of stage."""
    every: dict[str, list[StageCost]] = {}
    for stage in cost.stages:
        every.setdefault(stage.node.kind.name.replace("_", " "), []).append(stage)
    money = any(stage.work.money for stage in cost.missing)
    groups = [*every.items(), ("all", list(cost.stages))]
    return Table(
        title="Totals by kind of stage",
        columns=(
            Column("kind", "name"),
            *(Column(name) for name in ("missing", *FIGURES, _hours_head(cost), "GB on disk")),
            *([Column("money")] if money else []),
        ),
        rows=tuple(_total(name, stages, money) for name, stages in groups),
        caption="missing: stages that would be computed, of all; the others are in the store.",
    )


def _total(name: str, stages: Sequence[StageCost], money: bool) -> tuple[str, ...]:
    """Return a row of totals; rows of different kinds do not add up."""
    missing = [stage for stage in stages if not stage.cached]
    rows, *tokens = _figures(missing)
    return (
        name,
        f"{len(missing)} of {len(stages)}",
        "" if name == "all" else rows,
        *tokens,
        _hours(missing),
        _gigabytes(total(stage.work.disk for stage in missing)),
        *([_money(missing)] if money else []),
    )


def cost_lines(cost: RunCost) -> list[str]:
    """Say what would not fit and why, what is not on this machine, and what was assumed."""
    faults: dict[str, list[str]] = {}
    for stage in cost.missing:
        if stage.fault:
            faults.setdefault(stage.fault, []).append(stage.name)
    return [
        *(f"would not fit: {names[0]}{_others(names)}: {fault}" for fault, names in faults.items()),
        *(f"assumed: {sentence}" for sentence in cost.assumptions),
    ]


def _hours_head(cost: RunCost) -> str:
    return "hours here" if cost.device.name == HERE else f"hours on {cost.device.name}"


def _others(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _figures(stages: Sequence[StageCost]) -> tuple[str, ...]:
    works = [stage.work for stage in stages]
    columns: tuple[Iterable[Count], ...] = (
        (work.rows for work in works),
        (work.read for work in works),
        (work.written for work in works),
        (work.tokens for work in works),
        (work.steps for work in works),
    )
    return tuple(total(column).words() for column in columns)


def _hours(stages: Sequence[StageCost]) -> str:
    """Write device-hours; a question mark where a stage runs a model at a speed that is not known."""
    running = [stage for stage in stages if stage.work.job]
    known = [stage.device_seconds for stage in running if stage.device_seconds is not None]
    if not running:
        return ""
    hours = sum(known) / HOUR
    unknown = "?" if len(known) < len(running) else ""
    shown = "<0.01" if 0 < hours < 0.01 else f"{hours:.2f}"
    return f"{shown if known else ''}{' + ' if known and unknown else ''}{unknown}"


def _gigabytes(disk: Count) -> str:
    """Write a size; it is never counted to the byte."""
    size = disk.value / GIGABYTE
    return (
        "" if not disk.value else "<0.01" if size < 0.01 else f"{'~' if disk.surety != Surety.EXACT else ''}{size:,.2f}"
    )


def _money(stages: Sequence[StageCost]) -> str:
    money = sum(stage.work.money or 0 for stage in stages)
    return f"<={money:,.2f}" if money else ""
