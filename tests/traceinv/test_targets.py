"""Asking a target or surrogate: complete and incomplete transcripts, order, and resuming."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from traceinv.engines import Completion, Sampling
from traceinv.engines.mock import MockEngine, MockFailure
from traceinv.records import Question, Transcript
from traceinv.rows import RowFile, read_rows
from traceinv.targets import answer_questions

SAMPLING = Sampling(max_new_tokens=20)
QUESTIONS = [Question(id=f"q{n}", kind="k", text=f"What is {n}?") for n in range(7)]
REPLIES = {
    "q0": Completion("<think>\na\n</think>\n\n0", "stop", 9),
    "q1": Completion("<think>\na", "length", 20),
    "q2": Completion("<think>\na\n</think>\n\n", "stop", 5),
    "q3": Completion("<think>\n\n</think>\n\n3", "stop", 5),
    "q4": Completion("4", "stop", 2),
    "q5": Completion("<think>\na\n</think>\n\n5 and", "length", 20),
    "q6": Completion("<think>\na\n</think>\n\n6", "other", None),
}


def rows(folder: Path) -> RowFile[Transcript, str]:
    return RowFile(folder / "transcripts.jsonl", Transcript, lambda row: row.id)


def engine(fail_after: int | None = None) -> MockEngine:
    return MockEngine(lambda request: REPLIES[request.id], batch_size=3, fail_after=fail_after)


def test_a_transcript_is_complete_only_with_trace_answer_and_a_proper_end(tmp_path: Path) -> None:
    transcripts = answer_questions(engine(), QUESTIONS, SAMPLING, rows(tmp_path))
    parts = {t.id: (t.trace, t.answer, t.finish_reason, t.tokens, t.complete) for t in transcripts}
    assert parts == {
        "q0": ("a", "0", "stop", 9, True),
        "q1": (None, None, "length", 20, False),
        "q2": ("a", None, "stop", 5, False),
        "q3": (None, "3", "stop", 5, False),
        "q4": (None, None, "stop", 2, False),
        "q5": ("a", "5 and", "length", 20, False),
        "q6": ("a", "6", "other", None, False),
    }


def test_the_question_is_the_users_message(tmp_path: Path) -> None:
    asked = engine()
    answer_questions(asked, QUESTIONS, SAMPLING, rows(tmp_path))
    assert [(r.id, r.prompt, r.sampling) for r in asked.asked][:2] == [
        ("q0", "<|user|>What is 0?<|assistant|>", SAMPLING),
        ("q1", "<|user|>What is 1?<|assistant|>", SAMPLING),
    ]


@pytest.mark.parametrize("killed_after", range(8))
def test_a_killed_run_asks_only_what_is_missing(killed_after: int, tmp_path: Path) -> None:
    whole = answer_questions(engine(), QUESTIONS, SAMPLING, rows(tmp_path / "whole"))
    killed, resumed = engine(killed_after), engine()
    with suppress(MockFailure):
        answer_questions(killed, QUESTIONS, SAMPLING, rows(tmp_path))
    assert answer_questions(resumed, QUESTIONS, SAMPLING, rows(tmp_path)) == whole
    assert len(killed.asked) + len(resumed.asked) == len(QUESTIONS)
    assert read_rows(tmp_path / "transcripts.jsonl", Transcript) == whole


KILLED = """
import os, signal, sys
from pathlib import Path
from traceinv.engines import Sampling
from traceinv.engines.mock import MockEngine
from traceinv.records import Question, Transcript
from traceinv.rows import RowFile
from traceinv.targets import answer_questions

def reply(request):
    if request.id == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    return "<think>\\na\\n</think>\\n\\n" + request.id

questions = [Question(id=f"q{n}", kind="k", text="?") for n in range(7)]
rows = RowFile(Path(sys.argv[1]), Transcript, lambda row: row.id)
print(rows.resumed)
answer_questions(MockEngine(reply, batch_size=3), questions, Sampling(max_new_tokens=9), rows)
"""


def test_a_process_killed_within_a_batch_loses_that_batch_alone(tmp_path: Path) -> None:
    def run(name: str, killed_at: str) -> tuple[int, str]:
        arguments = [sys.executable, "-c", KILLED, str(tmp_path / name), killed_at]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert run("calm", "none") == (0, "0\n")
    assert run("killed", "q4")[0] == -signal.SIGKILL
    assert run("killed", "none") == (0, "3\n")
    assert (tmp_path / "killed").read_bytes() == (tmp_path / "calm").read_bytes()
