"""Records for tests of single stages, and the folders that earlier stages would have written them to."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from harness.stages import stage_kinds
from harness.stages.base import Log
from traceinv.policies import disclose
from traceinv.policies.every_kth_step import EveryKthStep
from traceinv.progress import silent
from traceinv.records import Disclosure, Example, Question, Transcript
from traceinv.rows import write_rows


def question(number: int) -> Question:
    return Question(id=f"q{number}", kind="sums", text=f"What is {number}+1?")


def transcript(number: int, trace: str | None = "a=1\nb=2", finish_reason: str = "stop") -> Transcript:
    """Make a transcript; it is complete unless it has no trace or was cut off."""
    return Transcript.model_validate(
        {
            "id": f"q{number}",
            "question": question(number),
            "trace": trace,
            "answer": "2",
            "finish_reason": finish_reason,
            "tokens": 5,
        }
    )


def disclosures(transcripts: Iterable[Transcript]) -> list[Disclosure]:
    return disclose(list(transcripts), EveryKthStep(k=2))


def example(number: int) -> Example:
    return Example(id=f"q{number}", prompt="What is 1+1?", completion="<think>\na=1\n</think>\n\n2")


def folder_of(folder: Path, rows: Iterable[BaseModel]) -> Path:
    """Write records to a folder as a stage does, and return the folder."""
    folder.mkdir(parents=True)
    write_rows(folder / "rows.jsonl", rows)
    return folder


def run_stage(kind: str, params: Mapping[str, Any], inputs: Mapping[str, Path], out: Path) -> Log:
    """Run one stage in this process and return its log."""
    stage = stage_kinds()[kind]
    out.mkdir(parents=True, exist_ok=True)
    return stage.run(stage.params.model_validate(dict(params)), inputs, out, silent)
