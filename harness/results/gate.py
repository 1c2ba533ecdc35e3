"""Whether a new disclosure policy may take the place of an old one: no more leak and no less utility, within margins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any, Literal

from harness import stats
from harness.benchmarks.groups import compared_groups
from harness.results.compare import comparability_differences
from harness.results.files import read_items, read_record
from harness.results.intervals import to_interval
from harness.results.items import ItemFile, align, scores_of
from harness.results.schema import Cell, Interval, PolicyRow, ResultRecord, Row
from harness.results.significance import points_of
from harness.results.text import number
from harness.results.verdict import headline_group
from traceinv.errors import InputError, nearest
from traceinv.regimes import is_attack
from traceinv.schema import Closed

Decision = Literal["GO", "NO-GO", "INCONCLUSIVE"]
WORST_FIRST: tuple[Decision, ...] = ("NO-GO", "INCONCLUSIVE", "GO")
State = Literal["within", "beyond", "unclear"]


@dataclass(frozen=True)
class Margins:
    """By how much the new policy may be worse: accuracy of the best attack, and AUC of the reader, both from 0 to 1."""

    leak: float
    utility: float


class PolicyGate(Closed):
    """The comparison of two policies, new - old.

    Attributes:
        leak: accuracy of the best attack on the new policy less that on the old one.
        utility: AUC of the reader of the new policy's disclosures less that of the old one's; None where not both are known.
        items, seeds: questions of the benchmark that the leak is read on, and the fewest seeds of an attack.
        why: one sentence.
    """

    old: str
    new: str
    decision: Decision
    leak: Interval
    utility: Interval | None
    old_attack: str
    new_attack: str
    items: int
    seeds: int
    why: str


class GateResult(Closed):
    """All comparisons, the decision on all of them together, and the sentence of the comparison that decides."""

    decision: Decision
    why: str
    policies: list[PolicyGate]


@dataclass(frozen=True)
class _Side:
    """One policy's cell of a record."""

    path: Path
    record: ResultRecord
    items: ItemFile
    cell: Cell

    @property
    def rows(self) -> list[Row]:
        return [row for row in self.record.rows if row.cell == self.cell and row.kind == "regime"]

    @property
    def attacks(self) -> list[Row]:
        return [row for row in self.rows if is_attack(row.name)]

    @property
    def policy(self) -> PolicyRow | None:
        return next((row for row in self.record.policies if row.cell == self.cell), None)


def judge(
    old: Path, new: Path, margins: Margins, old_policy: str | None = None, new_policy: str | None = None
) -> GateResult:
    """Compare the policies of two records, which may be one and the same.

    A non-inferiority test: GO where the intervals of leak and utility are within the margins, NO-GO where one of them is beyond
    its margin, else INCONCLUSIVE. With one seed it is always inconclusive. Several policies are matched by name, and their
    intervals hold at once (Bonferroni).

    Args:
        old_policy, new_policy: the names of the policies to compare; all that both records have where None.

    Raises:
        InputError: a record is missing or bad, or the two cannot be compared; the message says why.
    """
    pairs = _pairs(_sides(old, old_policy), _sides(new, new_policy))
    confidence = 1 - (1 - stats.CONFIDENCE) / len(pairs)
    judged = [_judge(*pair, margins, confidence) for pair in pairs]
    deciding = min(judged, key=lambda gate: WORST_FIRST.index(gate.decision))
    return GateResult(decision=deciding.decision, why=deciding.why, policies=judged)


def _sides(path: Path, policy: str | None) -> list[_Side]:
    record, items = read_record(path), read_items(path)
    cells = list(dict.fromkeys(row.cell for row in record.rows if row.kind == "regime"))
    if policy is not None:
        known = list(dict.fromkeys(cell.policy for cell in cells))
        cells = [cell for cell in cells if cell.policy == policy]
        if not cells:
            raise InputError(f"{path}: no policy {policy!r} (it has {', '.join(known)}){nearest(policy, known)}")
    return [_Side(path, record, items, cell) for cell in cells]


def _pairs(old: Sequence[_Side], new: Sequence[_Side]) -> list[tuple[_Side, _Side]]:
    if len(old) == 1 and len(new) == 1:
        return [(old[0], new[0])]
    by_cell = {side.cell: side for side in new}
    pairs = [(side, by_cell[side.cell]) for side in old if side.cell in by_cell]
    if not pairs:
        names = [", ".join(dict.fromkeys(side.cell.policy for side in sides)) for sides in (old, new)]
        raise InputError(
            f"no policy of {old[0].path} ({names[0]}) has its counterpart in {new[0].path} ({names[1]}); "
            "name one of each with --old-policy and --new-policy"
        )
    return pairs


def _judge(old: _Side, new: _Side, margins: Margins, confidence: float) -> PolicyGate:
    _check(old, new)
    group = headline_group(old.rows)
    first, second, strata = _scores(old, new, group)
    pooled = stats.pool_seeds((scores, strata) for side in (first, second) for scores in side.values())
    gain = stats.gain(second, first, strata, pooled, confidence)
    leak, utility = to_interval(gain.gain), _utility_difference(old.policy, new.policy)
    seeds = min(len(scores) for side in (first, second) for scores in side.values())
    leaks: State = _state(leak, margins.leak) if seeds > 1 else "unclear"
    worth: State | None = None if utility is None else _state(_negative(utility), margins.utility)
    states = {leaks, worth}
    decision: Decision = "NO-GO" if "beyond" in states else "INCONCLUSIVE" if "unclear" in states else "GO"
    return PolicyGate(
        old=old.cell.policy,
        new=new.cell.policy,
        decision=decision,
        leak=leak,
        utility=utility,
        old_attack=gain.best_undisclosed,
        new_attack=gain.best_disclosed,
        items=len(strata),
        seeds=seeds,
        why=_why(old, new, decision, leak, utility, margins, seeds, len(strata)),
    )


def _check(old: _Side, new: _Side) -> None:
    """Refuse records whose leaks cannot be compared.

    Raises:
        InputError: the message says what differs.
    """
    for side in (old, new):
        if not side.attacks:
            raise InputError(
                f"{side.path}: policy {side.cell.policy} has no attack: no student learns from its disclosures"
            )
    differing = comparability_differences(old.attacks[0].comparability, new.attacks[0].comparability)
    if differing:
        parts = ", ".join(dict.fromkeys(difference.key.partition(".")[0] for difference in differing))
        raise InputError(f"{old.path} and {new.path} cannot be compared: they differ in {parts}")
    before, after = _tried(old.record), _tried(new.record)
    alone = [f"{old.path.name} alone has {', '.join(sorted(before - after))}"] if before - after else []
    alone += [f"{new.path.name} alone has {', '.join(sorted(after - before))}"] if after - before else []
    if alone:
        raise InputError(f"{old.path} and {new.path} cannot be compared: their attacks differ ({'; '.join(alone)})")


def _tried(record: ResultRecord) -> set[str]:
    """Return the attacks of a record, on whatever policy: those that need a summary are not tried on one without."""
    return {row.name for row in record.rows if is_attack(row.name)}


def _scores(old: _Side, new: _Side, group: str) -> tuple[Mapping[str, Any], Mapping[str, Any], list[str]]:
    """Return the scores of each attack on either policy, on the questions that all of them answered, and their tasks."""
    tasks = compared_groups(old.attacks[0].comparability.tasks)[group]
    letters = [side.items.letters_by_item(row.name, side.cell, tasks) for side in (old, new) for row in side.attacks]
    aligned = align([scores_of(found) for found in letters])
    if aligned is None:
        raise InputError(f"{old.path} and {new.path} cannot be compared: their attacks answered no common question")
    scores, strata = aligned
    names = [[row.name for row in side.attacks] for side in (old, new)]
    first, second = scores[: len(names[0])], scores[len(names[0]) :]
    return dict(zip(names[0], first, strict=True)), dict(zip(names[1], second, strict=True)), strata


def _utility_difference(old: PolicyRow | None, new: PolicyRow | None) -> Interval | None:
    """Return the difference of two AUCs, new - old; the half widths are joined as if of independent questions (Zou 2008)."""
    before, after = (row.utility.auc if row else None for row in (old, new))
    if before is None or after is None:
        return None
    mean = after.mean - before.mean
    below = hypot(after.mean - after.low, before.high - before.mean)
    above = hypot(after.high - after.mean, before.mean - before.low)
    return Interval(mean=mean, low=mean - below, high=mean + above, spread=None)


def _negative(interval: Interval) -> Interval:
    return Interval(mean=-interval.mean, low=-interval.high, high=-interval.low, spread=None)


def _state(worse: Interval, margin: float) -> State:
    """Say whether something is worse by no more than a margin, given the interval of how much worse it is."""
    if worse.high <= margin:
        return "within"
    return "beyond" if worse.low > margin else "unclear"


def _why(
    old: _Side,
    new: _Side,
    decision: Decision,
    leak: Interval,
    utility: Interval | None,
    margins: Margins,
    seeds: int,
    items: int,
) -> str:
    worth = (
        "utility is not known for both"
        if utility is None
        else f"utility changes by {points_of(utility)} (at least {number(-100 * margins.utility, 1)} allowed)"
    )
    one = "; one seed cannot tell a policy from the luck of a training run" if seeds == 1 else ""
    return (
        f"{decision}: from {old.cell.policy} to {new.cell.policy} the best attack changes by {points_of(leak)} "
        f"(at most {number(100 * margins.leak, 1, signed=True)} allowed), on {items} questions and {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'}, and {worth}{one}."
    )
