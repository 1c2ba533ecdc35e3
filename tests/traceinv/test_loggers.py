"""Loggers: off by default, chosen by name, and told of figures alone."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sample_records import record

from harness.export.loggers import figures_of, report_record
from traceinv import loggers
from traceinv.errors import InputError
from traceinv.lab.models import BASE, true_examples
from traceinv.loggers import FOLDER_VARIABLE, LOSSES_ALONE, TENSORBOARD_FOLDER, VARIABLE, choose, chosen, reporting
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let a test set the variables of loggers, and undo it."""
    for name in (VARIABLE, TENSORBOARD_FOLDER, "WANDB_PROJECT", *LOSSES_ALONE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "events"))


def test_nothing_is_reported_unless_it_is_asked_for() -> None:
    assert chosen() == []
    assert reporting("student/k") == {"report_to": "none"}
    choose([])
    assert reporting("student/k") == {"report_to": "none"}


@pytest.mark.parametrize(
    ("name", "installed", "message"),
    [
        ("tensorbord", True, "--report-to: unknown logger 'tensorbord' (did you mean 'tensorboard'?)"),
        ("mlflow", True, "--report-to: unknown logger 'mlflow' (known: tensorboard, trackio, wandb)"),
        ("trackio", False, "--report-to trackio: not installed; run: pip install trackio"),
    ],
)
def test_a_logger_that_cannot_be_used_is_refused(
    name: str, installed: bool, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = SimpleNamespace() if installed else None
    monkeypatch.setattr(loggers.importlib.util, "find_spec", lambda _: found)
    with pytest.raises(InputError) as refused:
        choose([name])
    assert str(refused.value) == message
    assert chosen() == []


def test_weights_and_biases_gets_no_weights_no_text_and_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loggers.importlib.util, "find_spec", lambda _: SimpleNamespace())
    monkeypatch.setenv("WANDB_LOG_MODEL", "checkpoint")
    choose(["wandb"])
    arguments = reporting("student/k")
    assert (arguments["report_to"], arguments["run_name"]) == (["wandb"], "student/k")
    assert {name: loggers.os.environ[name] for name in LOSSES_ALONE} == LOSSES_ALONE


def test_a_record_is_sent_as_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    wandb = SimpleNamespace(
        init=lambda **settings: sent.append(settings), log=sent.append, finish=lambda: sent.append("finished")
    )
    monkeypatch.setitem(sys.modules, "wandb", wandb)  # type: ignore[arg-type]
    monkeypatch.setenv(VARIABLE, "wandb")
    report_record(record())
    assert sent == [{"project": "traceinv", "name": "lab-1"}, figures_of(record()), "finished"]
    figures = figures_of(record())
    assert figures["recap/accuracy/math/inverted"] == pytest.approx(0.65)
    assert figures["recap/leak/math"] == 0.5
    assert all(isinstance(value, float) for value in figures.values())


@pytest.mark.slow
def test_a_training_writes_its_losses_for_tensorboard_and_none_of_its_text(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    examples = true_examples("target_train", 4, (2, 3), 0)
    config = TrainingConfig(epochs=1, learning_rate=1e-3, batch_size=4, max_tokens=512)
    quiet = fine_tune(BASE, examples, config, 0, tmp_path / "student" / "quiet")
    assert not (tmp_path / "events").exists()
    choose(["tensorboard"])
    told = fine_tune(BASE, examples, config, 0, tmp_path / "student" / "told")
    report_record(record())
    assert {**told, "first_row": ""} == {**quiet, "first_row": ""}
    events = EventAccumulator(str(tmp_path / "events" / "student" / "told")).Reload()
    assert len(events.Scalars("train/loss")) == told["steps"]
    figures = EventAccumulator(str(tmp_path / "events" / "record" / "lab-1")).Reload()
    assert len(figures.Tags()["scalars"]) == len(figures_of(record()))
    written = b"".join(path.read_bytes() for path in (tmp_path / "events").rglob("*") if path.is_file())
    assert not any(example.prompt.encode() in written or example.completion.encode() in written for example in examples)
