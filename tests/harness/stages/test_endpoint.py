"""The stage that asks a server: its budget, how it goes on, what it keeps, and that no key is in it."""

from pathlib import Path
from typing import Any

import pytest
from faulty_server import reply, serving, status
from stage_inputs import folder_of, run_stage

from traceinv.engines import asking
from traceinv.errors import GateError, InputError
from traceinv.records import Question, Transcript
from traceinv.rows import read_folder, read_rows

KEY = "sk-stage-0123456789"


def params(url: str, **settings: Any) -> dict[str, Any]:
    model = {"kind": "endpoint", "base_url": url, "model": "m", "concurrency": 2, "key_variable": "MY_KEY"} | settings
    return {"model": model, "sampling": {"max_new_tokens": 10}}


@pytest.fixture
def questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setattr(asking, "FIRST_WAIT", 0.0)
    rows = [Question(id=f"q{n}", kind="k", text=f"What is {n}?") for n in range(9)]
    return {"questions": folder_of(tmp_path / "questions", rows)}


def everything(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_a_spent_budget_stops_the_stage_and_a_larger_one_goes_on(questions: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving() as server:
        server.reply = lambda body: reply(
            f"{KEY} {body['messages'][0]['content']}", reasoning_details=[{"summary": KEY}]
        )
        with pytest.raises(GateError, match="the budget is spent: 4 queries") as raised:
            run_stage("endpoint", params(server.url, budget={"queries": 4}), questions, out)
        assert len(server.seen) == len(read_rows(out / "transcripts.jsonl", Transcript)) == 4
        assert KEY not in str(raised.value) + everything(out)
        log = run_stage("endpoint", params(server.url, budget={"queries": 9}), questions, out)
        assert len(server.seen) == 9
    rows = read_folder(out, Transcript)
    assert [row.id for row in rows] == [f"q{n}" for n in range(9)]
    assert [path.name for path in out.iterdir()] == ["transcripts.jsonl"], "the ledger is no part of the artifact"
    assert (log["modes"], log["models"], log["spent"]["queries"], log["resumed"]) == (["summary"], ["m-1"], 9, 4)
    assert KEY not in everything(out) + repr(log)


def test_what_failed_is_listed_and_the_next_run_asks_it_alone(questions: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving() as server:
        server.behaviours = [status(500, f"bad {KEY}")]
        with pytest.raises(GateError, match=r"1 of 9 requests have no answer: q\d: HTTP 500: bad \[key\]"):
            run_stage("endpoint", params(server.url, retries=0), questions, out)
        assert len(read_rows(out / "transcripts.jsonl", Transcript)) == 8
        run_stage("endpoint", params(server.url), questions, out)
        assert len(server.seen) == 10


def test_a_key_that_is_not_set_is_an_input_error(
    questions: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(InputError, match="MY_KEY is not set"):
        run_stage("endpoint", params("http://localhost:1/v1"), questions, tmp_path / "out")
