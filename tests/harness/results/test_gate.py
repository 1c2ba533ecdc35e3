"""The gate between two policies: decisions by margins, and records that cannot be compared."""

from pathlib import Path
from random import Random

import pytest
from sample_records import CELL, COMPARABILITY, policy_row, record, row, utility, write

from harness.results.gate import GateResult, Margins, judge
from harness.results.items import ItemFile, RunStates
from harness.results.schema import PolicyRow
from traceinv.errors import InputError

MARGINS = Margins(leak=0.02, utility=0.1)
ATTACKS = ("answer_only", "inverted")


def _letters(accuracy: float, seed: int, count: int) -> str:
    """Return letters of which about `accuracy` are right, on mostly the same questions for every seed and accuracy."""
    ease, noise = Random(0), Random(f"{accuracy}/{seed}")
    return "".join("c" if ease.random() + noise.gauss(0, 0.05) < accuracy else "w" for _ in range(count))


def _record(
    folder: Path, name: str, reached_by: dict[str, float], count: int = 600, seeds: int = 3, **changes: object
) -> Path:
    """Write a record in which the best attack on each policy has the accuracy given."""
    cells = {policy: CELL.model_copy(update={"policy": policy}) for policy in reached_by}
    rows, runs = [], []
    for policy, accuracy in reached_by.items():
        for regime, reached in zip(ATTACKS, (0.1, accuracy), strict=True):
            rows.append(row(regime, reached, cell=cells[policy], seeds=range(seeds)))
            states = [{"lab_chain": _letters(reached, seed, count)} for seed in range(seeds)]
            runs += [RunStates(row=regime, cell=cells[policy], seed=n, states=s) for n, s in enumerate(states)]
    lines: list[PolicyRow] = [policy_row(policy, utility=utility(0.2)) for policy in reached_by]
    content = {"rows": rows, "policies": lines, "seeds": [*range(seeds)], "contrasts": [], "recovery": [], "leak": []}
    items = ItemFile(ids={"lab_chain": [f"{number:04}" for number in range(count)]}, runs=runs)
    return write(folder, record(name, **(content | changes)), items)


def _gate(folder: Path, old: float, new: float, **changes: int) -> GateResult:
    paths = [_record(folder, name, {name: accuracy}, **changes) for name, accuracy in (("old", old), ("new", new))]
    return judge(*paths, MARGINS)


def test_less_leak_at_equal_utility_is_a_go_and_more_is_a_no_go(tmp_path: Path) -> None:
    less, more = _gate(tmp_path / "a", 0.7, 0.4), _gate(tmp_path / "b", 0.4, 0.7)
    assert (less.decision, more.decision) == ("GO", "NO-GO")
    assert less.policies[0].leak.mean == pytest.approx(-0.3, abs=0.03)
    assert less.why.startswith("GO: from old to new the best attack changes by -")
    assert "(at most +2.0 allowed), on 600 questions and 3 seeds, and utility changes by 0.0 points" in less.why
    assert (more.policies[0].old_attack, more.policies[0].new_attack) == ("inverted", "inverted")


def test_an_interval_around_the_margin_is_inconclusive(tmp_path: Path) -> None:
    assert _gate(tmp_path, 0.5, 0.52, count=60).decision == "INCONCLUSIVE"


def test_one_seed_is_inconclusive_whatever_the_difference(tmp_path: Path) -> None:
    result = _gate(tmp_path, 0.1, 0.9, count=40, seeds=1)
    assert result.decision == "INCONCLUSIVE"
    assert result.why.endswith("; one seed cannot tell a policy from the luck of a training run.")


def test_lost_utility_is_a_no_go_and_unknown_utility_is_said(tmp_path: Path) -> None:
    old = _record(tmp_path, "old", {"old": 0.7})
    poor = _record(tmp_path, "poor", {"poor": 0.4}, policies=[policy_row("poor", utility=utility(-0.1))])
    unknown = _record(tmp_path, "unknown", {"unknown": 0.4}, policies=[policy_row("unknown", utility=utility(None))])
    assert judge(old, poor, MARGINS).decision == "NO-GO"
    result = judge(old, unknown, MARGINS)
    assert (result.decision, result.policies[0].utility) == ("GO", None)
    assert "utility is not known for both" in result.why


def test_policies_of_audits_are_matched_by_name_and_the_worst_decides(tmp_path: Path) -> None:
    old = _record(tmp_path, "old", {"half": 0.6, "third": 0.5})
    new = _record(tmp_path, "new", {"half": 0.3, "third": 0.8})
    result = judge(old, new, MARGINS)
    assert [(gate.old, gate.decision) for gate in result.policies] == [("half", "GO"), ("third", "NO-GO")]
    assert (result.decision, result.why) == ("NO-GO", result.policies[1].why)
    one = judge(old, old, MARGINS, "half", "third")
    assert [(gate.old, gate.new) for gate in one.policies] == [("half", "third")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": "target"}, "cannot be compared: they differ in target"),
        ({"rows": "attacks"}, "cannot be compared: their attacks differ (old.json alone has inverted)"),
        ({"rows": "none"}, "policy new has no attack: no student learns from its disclosures"),
    ],
)
def test_records_that_cannot_be_compared_are_refused(changes: dict[str, str], message: str, tmp_path: Path) -> None:
    cell = CELL.model_copy(update={"policy": "new"})
    other = COMPARABILITY.model_copy(update={"target": "another"})
    rows = {
        "target": [row(name, cell=cell, seeds=range(3), comparability=other) for name in ATTACKS],
        "attacks": [row("answer_only", cell=cell, seeds=range(3))],
        "none": [row("base", cell=cell), row("surrogate_trace", cell=cell, seeds=range(3))],
    }[changes["rows"]]
    old, new = _record(tmp_path, "old", {"old": 0.5}), _record(tmp_path, "new", {"new": 0.5}, rows=rows)
    with pytest.raises(InputError) as error:
        judge(old, new, MARGINS)
    assert message in str(error.value)


def test_unmatched_and_unknown_policies_are_named(tmp_path: Path) -> None:
    old, new = _record(tmp_path, "old", {"a": 0.5, "b": 0.5}), _record(tmp_path, "new", {"c": 0.5, "d": 0.5})
    with pytest.raises(
        InputError, match=r"\(a, b\) has its counterpart in .*\(c, d\); name one of each with --old-policy"
    ):
        judge(old, new, MARGINS)
    with pytest.raises(InputError, match=r"no policy 'aa' \(it has a, b\)"):
        judge(old, new, MARGINS, "aa")
