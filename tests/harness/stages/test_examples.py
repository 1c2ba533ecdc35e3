"""The training examples of a regime: what cannot be taught is left out, what is too long is counted."""

from pathlib import Path

import pytest
from pydantic import BaseModel
from stage_inputs import disclosures, folder_of, run_stage, transcript

from harness.stages.base import Log
from traceinv.errors import InputError
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.records import Example
from traceinv.rows import read_folder

LONG = "\n".join(["a=1"] * 40)


def _teach(folder: Path, regime: str, rows: list[BaseModel]) -> tuple[Log, list[str]]:
    inputs = {"base": locate(SHIPPED_MODEL), "source": folder_of(folder / "source", rows)}
    log = run_stage("examples", {"regime": regime, "max_tokens": 64, "seed": 0}, inputs, folder / "out")
    return log, [example.id for example in read_folder(folder / "out", Example)]


def test_examples_over_the_limit_are_left_out_and_counted_and_incomplete_ones_are_no_examples(tmp_path: Path) -> None:
    rows: list[BaseModel] = [transcript(0), transcript(1, trace=LONG), transcript(2, trace=None), transcript(3)]
    assert _teach(tmp_path, "oracle", rows) == ({"rows": 2, "too_long": 1}, ["q0", "q3"])


def test_a_regime_reads_no_other_records_than_its_own(tmp_path: Path) -> None:
    rows: list[BaseModel] = [*disclosures([transcript(0)])]
    with pytest.raises(InputError, match=r"rows\.jsonl:1: "):
        _teach(tmp_path, "oracle", rows)
