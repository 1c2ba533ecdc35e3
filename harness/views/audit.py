"""What a person sees of an audit: the threat model, and the policies ranked by what they leak."""

from collections.abc import Sequence
from statistics import median

from harness.results.cells import differing_parts, parts_of, parts_text
from harness.results.schema import Cell, Interval, PolicyRow, ResultRecord, ThreatModel
from harness.results.text import interval, number, percent, percent_interval, points_interval, policy_words
from harness.results.verdict import group_name
from harness.views.tables import UNIT, Column, Table


def ranked(rows: Sequence[PolicyRow]) -> list[PolicyRow]:
    """Sort policies by what they leak, the least first; those without a leak by their gain, after the others."""

    def place(row: PolicyRow) -> tuple[bool, float]:
        figure = row.leak or row.gain
        return row.leak is None, figure.mean if figure else 0.0

    return sorted(rows, key=place)


def policy_names(rows: Sequence[PolicyRow]) -> dict[Cell, str]:
    """Name each row by its policy, and by the other parts in which the cells differ."""
    parts = [part for part in differing_parts(parts_of(row.cell) for row in rows) if part != "policy"]
    return {row.cell: ", ".join(filter(None, (row.cell.policy, parts_text(parts_of(row.cell), parts)))) for row in rows}


def disclosed(record: ResultRecord, cell: Cell) -> str:
    """Say what a cell's policy discloses; in records that do not say, by the recipe's values."""
    for row in record.policies:
        if row.cell == cell:
            return row.shown
    policies = record.recipe.get("policies")
    policy = policies.get(cell.policy) if isinstance(policies, dict) else record.recipe.get("policy")
    if not isinstance(policy, dict):
        return cell.policy
    return policy_words(policy)


def threat_lines(threats: Sequence[ThreatModel]) -> list[str]:
    """State the threat model: what all cells share in one line, and what each policy's interface shows."""
    shared = dict.fromkeys(
        f"Threat model: {threat.queries:,} questions asked of the target, {threat.data:,} examples for each student, "
        f"{threat.surrogate_data:,} questions answered by the surrogate for the inverters; permission: {threat.permission}."
        for threat in threats
    )
    shown = dict.fromkeys(f"{threat.cell.policy}: {threat.interface}" for threat in threats)
    return [*shared, *([f"The interface shows: {'; '.join(shown)}."] if shown else [])]


def policy_leak_table(rows: Sequence[PolicyRow]) -> Table:
    """Build the table of leaks, a line a policy, the least leak first."""
    ordered, names = ranked(rows), policy_names(rows)
    planted = any(row.planted for row in rows)
    return Table(
        title=f"Leak by policy{_where(rows)}",
        columns=(
            *(Column("rank"), Column("policy", "words"), Column("leak in %"), Column("gain in points")),
            *([Column("planted in %")] if planted else []),
            Column("best attack", "words"),
        ),
        rows=tuple(
            (
                str(number),
                names[row.cell],
                percent_interval(row.leak, UNIT) if row.leak else "not reported",
                points_interval(row.gain) if row.gain else "",
                *([percent_interval(row.planted, UNIT) if row.planted else ""] if planted else []),
                row.attack or "none",
            )
            for number, row in enumerate(ordered, 1)
        ),
        caption=_leak_caption(rows, planted),
    )


def policy_value_table(rows: Sequence[PolicyRow]) -> Table:
    """Build the table of what policies are worth to a reader, and of what they show, in the order of the leaks."""
    ordered, names = ranked(rows), policy_names(rows)
    return Table(
        title="What policies show, and what it is worth to a reader",
        columns=(
            Column("policy", "words"),
            *(
                Column(name)
                for name in ("AUC", "gain of AUC", "conveyed in %", "length in %", "bits", "exact", "step F1")
            ),
        ),
        rows=tuple(
            (
                names[row.cell],
                _interval(row.utility.auc, 2),
                _interval(row.utility.gain, 2),
                _percent(row.utility.conveyed),
                _percent(row.utility.length),
                "" if row.bits is None else number(row.bits, 1),
                "" if row.exact_bits is None else number(row.exact_bits, 1),
                "" if row.faithfulness is None else number(row.faithfulness.mean, 2),
            )
            for row in ordered
        ),
        caption="AUC: how well a cross-validated classifier tells the target's right answers from its wrong ones, given "
        "question, answer and summary (0.5: not at all); gain of AUC: over the answer alone. conveyed: share of the trace's true "
        "steps in the summary, where an exact reader knows. length: words of the summary over words of the trace. bits: by how "
        "many the disclosure lowers the likelihood of a trace; exact: for a perfect reader. step F1: normalised, of the closest "
        "inverter." + _utility_withheld(rows),
    )


def audit_lines(record: ResultRecord) -> list[str]:
    """State in a sentence each which policies leak most and least, and which do not leak significantly."""
    rows = ranked(record.policies)
    names = policy_names(record.policies)
    known = [row for row in rows if row.leak]
    if not known:
        return [
            "No policy's leak is reported: the oracle's gain over the best regime without disclosures is not significant."
        ]
    nothing = [names[row.cell] for row in known if row.leak and row.leak.low <= 0]
    least, most = known[0], known[-1]
    lines = []
    if most.leak and least.leak and most.leak.low > 0 and len(known) > 1:
        lines.append(
            f"{names[most.cell]} leaks most, {percent(most.leak.mean)} of the oracle's gain beyond the surrogate, by "
            f"{most.attack}; {names[least.cell]} least, {percent(least.leak.mean)}."
        )
    if nothing:
        lines.append(f"No significant leak: {', '.join(nothing)}.")
    return lines


def _where(rows: Sequence[PolicyRow]) -> str:
    return f" on {group_name(rows[0].group)}" if rows else ""


def _leak_caption(rows: Sequence[PolicyRow], planted: bool) -> str:
    halves = [(row.leak.high - row.leak.low) / 2 for row in rows if row.leak]
    half = f" Median half width of the leaks' intervals: {number(100 * median(halves), 1)} points." if halves else ""
    most = (
        " planted: the leak of a perfect inverter, which is what a policy gives at most (95% CI of its own)."
        if planted
        else ""
    )
    reasons = dict.fromkeys(row.withheld for row in rows if row.withheld)
    withheld = f" Not reported: {'; '.join(map(str, reasons))}." if reasons else ""
    return (
        "leak: (best attack - best regime without disclosures) / (oracle - best without), a maximum over attacks; gain: the "
        f"numerator. The intervals hold for all {len(rows)} policies at once with 95% confidence (Bonferroni)."
        + most
        + half
        + withheld
    )


def _utility_withheld(rows: Sequence[PolicyRow]) -> str:
    reasons = dict.fromkeys(row.utility.withheld for row in rows if row.utility.withheld)
    return f" No AUC: {'; '.join(map(str, reasons))}." if reasons else ""


def _interval(figure: Interval | None, digits: int) -> str:
    return interval(figure, digits) if figure else ""


def _percent(figure: Interval | None) -> str:
    return number(100 * figure.mean, 0) if figure else ""
