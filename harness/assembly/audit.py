"""The policies of a record side by side: what each leaks, what it is worth to its reader, and under which threat model."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness import stats
from harness.assembly.comparisons import CellRuns, Roles, SeedVariances, Sides
from harness.assembly.faithfulness import without_student
from harness.pipeline.artifacts import TRANSCRIPTS
from harness.pipeline.nodes import SURROGATE
from harness.pipeline.plan import CellPlan, Plan
from harness.pipeline.scheduler import Artifacts
from harness.results.intervals import DIGITS, to_interval
from harness.results.schema import (
    Cell,
    FaithfulnessRow,
    Interval,
    LeakRow,
    Ledger,
    LikelihoodRow,
    PolicyRow,
    ThreatModel,
    UtilityFigures,
)
from harness.results.text import policy_words
from harness.results.verdict import FAITHFULNESS
from harness.stages.utility import UTILITY
from traceinv.inversion import SHOWN
from traceinv.policies import Policy

ALPHA = 1 - stats.CONFIDENCE


def policy_rows(
    plan: Plan,
    artifacts: Artifacts,
    cells: Mapping[Cell, CellRuns],
    seeds: SeedVariances,
    leak: Sequence[LeakRow],
    likelihood: Sequence[LikelihoodRow],
    faithfulness: Sequence[FaithfulnessRow],
    group: str,
) -> list[PolicyRow]:
    """Return the line of each cell, in the order of the recipe.

    The leaks' intervals hold for all cells at once: each has its share of the error (Bonferroni).

    Args:
        cells: the gradable runs of each cell.
        leak: the record's rows, for the planted leak.
        group: the group of tasks that the leak is read on.
    """
    confidence = 1 - ALPHA / len(plan.cells)
    rows = []
    for planned in plan.cells:
        cell, policy = planned.cell, plan.recipe.policies[planned.cell.policy]
        row = next((row for row in leak if (row.cell, row.group) == (cell, group)), None)
        bits = next((row for row in likelihood if row.cell == without_student(cell)), None)
        gain, share = None, None
        if row:
            roles = Roles.of(cells[cell], policy.discloses_summary)
            sides = Sides.of(cell, group, cells[cell], roles, seeds)
            gain, share = sides.gain(roles.attacks, confidence), sides.leak(roles.attacks, confidence)
        utility = (artifacts[planned.utility.id].path / UTILITY).read_text(encoding="utf-8")
        rows.append(
            PolicyRow(
                cell=cell,
                shown=shown_words(policy),
                group=group,
                attack=gain.best_disclosed if gain else None,
                gain=to_interval(gain.gain) if gain else None,
                leak=to_interval(share.leak) if share and share.leak else None,
                withheld=_withheld(row, share),
                planted=row.planted if row else None,
                bits=_saved({part: bits.bits[part].mean for part in bits.bits}) if bits else None,
                exact_bits=_saved(bits.exact) if bits else None,
                faithfulness=_closest(cell, faithfulness),
                utility=UtilityFigures.model_validate_json(utility),
            )
        )
    return rows


def threat_models(plan: Plan, ledgers: Sequence[Ledger], artifacts: Artifacts) -> list[ThreatModel]:
    """Return the threat model of each cell."""
    return [_threat(plan, planned, ledgers, artifacts) for planned in plan.cells]


def shown_words(policy: Policy) -> str:
    """Say what a policy discloses: `answer and summary (every_kth_step, k 2)`."""
    values = policy.model_dump(mode="json")
    plain = {key: value for key, value in values.items() if not isinstance(value, dict | list) and key != "prompt"}
    parts = {"summary": policy.discloses_summary, "number of tokens": policy.discloses_tokens}
    shown = " and ".join(["answer", *(part for part, disclosed in parts.items() if disclosed)])
    return f"{shown} ({policy_words(plain)})"


def _withheld(row: LeakRow | None, share: stats.Leak | None) -> str | None:
    if row is None:
        return "the run has no attack, or nothing to compare it with"
    return share.withheld if share else row.withheld


def _saved(bits: Mapping[Any, float]) -> float | None:
    """Return by how much all that is disclosed lowers the bits given the question."""
    parts = [part for part in SHOWN if part in bits]
    return round(bits[parts[0]] - bits[parts[-1]], DIGITS) if len(parts) > 1 and parts[0] == "question" else None


def _closest(cell: Cell, rows: Sequence[FaithfulnessRow]) -> Interval | None:
    """Return the highest normalised headline figure of a cell's inverted traces."""
    found = [
        row.normalised[FAITHFULNESS]
        for row in rows
        if row.cell == without_student(cell) and FAITHFULNESS in row.normalised
    ]
    return max(found, key=lambda interval: interval.mean, default=None)


def _threat(plan: Plan, planned: CellPlan, ledgers: Sequence[Ledger], artifacts: Artifacts) -> ThreatModel:
    cell, recipe = planned.cell, plan.recipe
    policy = recipe.policies[cell.policy]
    own = [row for row in ledgers if row.cell == cell]
    return ThreatModel(
        cell=cell,
        queries=max(row.asked for row in own),
        data=min(row.shared for row in own),
        surrogate_data=max(
            (
                artifacts[node.id].log["questions"]
                for node in plan.graph
                if node.kind.name in TRANSCRIPTS
                and node.labels.get("asked") == SURROGATE
                and node.labels.get("surrogate", cell.surrogate) == cell.surrogate
            ),
            default=0,
        ),
        interface=shown_words(policy),
        permission=recipe.targets[cell.target].permission_words(),
    )
