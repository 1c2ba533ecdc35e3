"""Records and the leaderboard made from them."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.leaderboard import render
from harness.results import (
    Conditions,
    Contrast,
    FaithfulnessRow,
    Interval,
    Ledger,
    Provenance,
    RecoveryRow,
    ResultRecord,
    Row,
    Score,
    read_record,
    read_records,
    write_record,
)
from harness.verdict import verdict
from traceinv.errors import InputError


def _interval(mean: float) -> Interval:
    return Interval(mean=mean, low=mean - 0.05, high=mean + 0.05, spread=0.02)


def _score(mean: float) -> Score:
    return Score(
        accuracy=_interval(mean),
        by_seed=[mean],
        finished=0.9,
        no_answer=0.0,
        unfinished=0.1,
        bad_format=0.0,
        if_unfinished_right=mean + 0.1,
        if_unfinished_wrong=mean,
        mean_tokens=50.0,
        items=200,
    )


def _contrast(second: str, low: float, high: float, p_holm: float = 0.001) -> Contrast:
    return Contrast(
        first="inverted",
        second=second,
        group="math",
        difference=Interval(mean=(low + high) / 2, low=low, high=high, spread=None),
        p_value=0.001,
        p_holm=p_holm,
        p_permutation=0.001,
        p_mcnemar=None,
        detectable=0.14,
        more_questions=900,
        more_seeds=6,
    )


RECOVERY = [RecoveryRow(regime="inverted", group="math", gap=_interval(0.4), recovered=_interval(0.5))]


CONTRASTS = [
    _contrast("answer_only", 0.1, 0.2),
    _contrast("summary", -0.2, -0.1),
    _contrast("surrogate_trace", -0.08, 0.1),
]
CONDITIONS = Conditions(
    target="t",
    student="s",
    data="d",
    tasks={"lab_chain": "1.0"},
    prompts="p",
    sampling={"lab_chain": {"temperature": 0}},
)


def _record(identifier: str = "lab-1") -> ResultRecord:
    rows = [
        Row(name=name, kind=kind, seeds=[0], scores={"math": _score(mean), "all": _score(mean)})
        for name, kind, mean in (
            ("target", "reference", 0.9),
            ("inverted", "regime", 0.4),
            ("answer_only", "regime", 0.2),
            ("summary", "regime", 0.55),
            ("surrogate_trace", "regime", 0.39),
        )
    ]
    figures = {name: _interval(0.5) for name in ("token_f1", "rougeL", "step_f1")}
    faithfulness = FaithfulnessRow(
        regime="inverted",
        asked=12,
        pairs=10,
        inverted=figures,
        floor=figures,
        ceiling=figures,
        normalised={"rougeL": _interval(0.25)},
        withheld={"step_f1": "floor and ceiling cannot be told apart: they differ by 0.010 [-0.010, 0.030]"},
    )
    return ResultRecord(
        id=identifier,
        recipe={"name": "lab"},
        seeds=[0],
        conditions=CONDITIONS,
        rows=rows,
        contrasts=CONTRASTS,
        recovery=RECOVERY,
        faithfulness=[faithfulness],
        likelihood=[],
        ledger=[Ledger(seed=0, asked=10, rows={"inverted": 9}, too_long={"inverted": 0}, shared=9)],
        gates=[],
        verdict=verdict(rows, CONTRASTS, RECOVERY),
        provenance=Provenance(
            command="traceinv run lab",
            created="2026-11-23T00:00:00+00:00",
            commit="abc",
            packages={},
            hardware={"cores": 2, "processor": "P"},
            stages=[],
        ),
    )


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_record(_record(), {"t": ["t/0"]}, {"base": {"t": "c"}}, tmp_path)
    assert read_record(path) == _record()
    assert json.loads((tmp_path / "lab-1.items.json").read_text())["states"] == {"base": {"t": "c"}}
    assert read_records(tmp_path) == [_record()]


def test_the_verdict_says_what_the_intervals_say_and_no_more() -> None:
    assert _record().verdict == (
        "On math, inverted (40.0%) beats answer_only (20.0%) by 15.0 points [10.0, 20.0], falls short of summary (55.0%) by "
        "15.0 points [10.0, 20.0], cannot be told apart at this size from surrogate_trace (39.0%; 1.0 points [-8.0, 10.0]; 14.0 "
        "points would have shown; about 900 more questions or 6 more seeds would show 1.0) and recovers 50% [45, 55] of the gain "
        "from base to oracle. There is one seed, so nothing is known of how others differ."
    )


def test_the_same_records_give_the_same_bytes_in_any_order() -> None:
    assert render([_record("a"), _record("b")]) == render([_record("a"), _record("b")])
    text = render([_record()])
    scores, normalised = "40.0 [35.0, 45.0] | 40.0 [35.0, 45.0]", "0.25 [0.20, 0.30] | withheld"
    rates = "2.0 | 90.0 | 0.0 | 10.0 | 0.0 | 40.0 to 50.0 | 50 | 1 | 200"
    assert f"| inverted | {scores} | {normalised} | {rates} |" in text
    assert (
        f"| answer_only | {scores.replace('40.0', '20.0').replace('35.0', '15.0').replace('45.0', '25.0')} |  |  |"
        in text
    )
    assert text.index("| inverted |") < text.index("*target (reference)*")


def test_check_says_whether_the_leaderboard_is_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_record(_record(), {}, {}, tmp_path / "results")
    places = ["--results", str(tmp_path / "results"), "--out", str(tmp_path / "leaderboard.md")]
    assert main(["leaderboard", *places, "--check"]) == 1
    assert "run `traceinv leaderboard`" in capsys.readouterr().err
    assert main(["leaderboard", *places]) == 0
    assert main(["leaderboard", *places, "--check"]) == 0
    (tmp_path / "leaderboard.md").write_text("edited by hand")
    assert main(["leaderboard", *places, "--check"]) == 1


def _without(content: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: json.dumps(c | {"schema_version": 99}), "schema_version is 99, expected 1"),
        (lambda c: json.dumps(_without(c, "schema_version")), "schema_version is None"),
        (lambda c: json.dumps(_without(c, "seeds")), "seeds: field required"),
        (lambda c: json.dumps(c)[:500], "not JSON"),
        (lambda c: json.dumps(c).replace('"mean": 0.4', '"mean": NaN'), "finite number"),
        (lambda c: "[1]", "valid dictionary"),
    ],
)
def test_a_bad_record_is_refused_by_name(spoil: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(spoil(_record().model_dump(mode="json")))
    with pytest.raises(InputError) as error:
        read_records(tmp_path)
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_two_records_with_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(_record().model_dump_json())
    with pytest.raises(InputError, match=r"b\.json: a second record with the id 'lab-1'"):
        read_records(tmp_path)
