"""Disclosures: of complete transcripts alone, within the budget, without a trace."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from stage_inputs import folder_of, run_stage, transcript

from traceinv.records import Disclosure, Transcript
from traceinv.rows import read_folder

HALF = {"kind": "every_kth_step", "k": 2}
TRANSCRIPTS = [transcript(number, finish_reason="length" if number % 10 == 0 else "stop") for number in range(200)]


def _disclose(folder: Path, transcripts: list[Transcript], budget: float, policy: Any = HALF) -> list[Disclosure]:
    inputs = {"transcripts": folder_of(folder / "transcripts", transcripts)}
    log = run_stage("disclosures", {"policy": policy, "budget": budget}, inputs, folder / "out")
    rows = read_folder(folder / "out", Disclosure)
    assert log == {"disclosures": len(rows)}
    return rows


def test_every_complete_transcript_is_disclosed_and_no_other(tmp_path: Path) -> None:
    rows = _disclose(tmp_path, TRANSCRIPTS, budget=1.0)
    assert [row.id for row in rows] == [row.id for row in TRANSCRIPTS if row.complete]
    assert {row.summary for row in rows} == {"b=2"}


def test_a_budget_takes_about_its_share_and_a_larger_one_takes_these_and_more(tmp_path: Path) -> None:
    by_budget = {
        budget: {row.id for row in _disclose(tmp_path / str(budget), TRANSCRIPTS, budget)}
        for budget in (0.25, 0.5, 1.0)
    }
    assert by_budget[0.25] < by_budget[0.5] < by_budget[1.0]
    for budget, ids in by_budget.items():
        assert len(ids) / 180 == pytest.approx(budget, abs=0.1)


def test_a_policy_that_discloses_no_summary_writes_none(tmp_path: Path) -> None:
    rows = _disclose(tmp_path, TRANSCRIPTS, budget=1.0, policy={"kind": "answer_only"})
    assert {row.summary for row in rows} == {None}


@pytest.mark.parametrize("budget", [0.0, 1.5])
def test_a_budget_that_is_no_share_is_refused(budget: float, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="budget"):
        _disclose(tmp_path, [], budget)
