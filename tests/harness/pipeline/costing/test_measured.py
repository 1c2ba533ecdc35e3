"""How long stages took before tells how long others will take."""

from pathlib import Path
from typing import Any

import pytest

from harness.pipeline.costing.counts import Count
from harness.pipeline.costing.measured import Measured, duration
from harness.pipeline.costing.work import Work
from harness.pipeline.descriptions import Artifact, sealed


def artifact(kind: str, seconds: float, log: dict[str, Any], params: dict[str, Any] | None = None) -> Artifact:
    described = {
        "kind": kind,
        "key": "0" * 24,
        "digest": "",
        "files": {},
        "version": 1,
        "fingerprint": "",
        "params": params or {},
        "inputs": {},
        "seconds": seconds,
        "log": log,
    }
    return Artifact(Path(), sealed(described))


def test_training_takes_its_time_by_the_token_and_the_epoch() -> None:
    log, params = {"loss_tokens": 1000, "steps": 9}, {"training": {"epochs": 2}}
    measured = Measured([artifact("student", 10.0, log, params), artifact("student", 20.0, log, params)])
    assert measured.seconds("student", Work(learned=Count(4000), passes=1.0)) == pytest.approx(30.0)


def test_writing_takes_its_time_by_the_reply_and_other_stages_by_the_stage() -> None:
    measured = Measured([artifact("inversions", 10.0, {"inversions": 50}), artifact("style", 3.0, {})])
    assert measured.seconds("inversions", Work(rows=Count(100))) == pytest.approx(20.0)
    assert measured.seconds("style", Work()) == 3.0


def test_what_was_never_computed_and_what_was_interrupted_tells_nothing() -> None:
    resumed = artifact("inversions", 1.0, {"inversions": 50, "resumed": 48})
    assert Measured([resumed]).seconds("inversions", Work(rows=Count(100))) is None


def test_times_are_written_for_a_person() -> None:
    assert [duration(seconds) for seconds in (40, 720, 11_100)] == ["40 s", "12 min", "3 h 05 min"]
