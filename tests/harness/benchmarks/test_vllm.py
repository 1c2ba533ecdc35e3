"""What `bench --engine vllm` asks of vLLM and says of its failures, over a stand-in: vLLM itself is no dependency."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from harness.benchmarks.models import VLLM
from harness.cli import main
from traceinv.lab.models import BASE


class StandIn:
    """Keeps what it is made with; fails where it is told to."""

    given: ClassVar[dict[str, Any]] = {}
    failure: ClassVar[Exception | None] = None
    max_length = 100
    tokenizer = type("Tokenizer", (), {"chat_template": "x"})

    def __init__(self, **arguments: Any) -> None:
        type(self).given = arguments
        if self.failure:
            raise self.failure


@pytest.fixture(autouse=True)
def vllm(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    module = ModuleType("harness.benchmarks.backends_vllm")
    module.__dict__["NotedVLLM"] = StandIn
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return StandIn


def checkpoint(folder: Path, **changes: Any) -> str:
    config = json.loads((BASE / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_a_float32_checkpoint_is_run_in_float32_as_transformers_runs_it(vllm: type[StandIn], tmp_path: Path) -> None:
    VLLM(checkpoint(tmp_path), {}, 8, 0)
    assert vllm.given["dtype"] == "float32"


def test_another_type_is_left_to_vllm_which_knows_what_the_device_can(vllm: type[StandIn], tmp_path: Path) -> None:
    VLLM(checkpoint(tmp_path, dtype="bfloat16"), {}, 8, 0)
    assert vllm.given.get("dtype", "auto") == "auto"


def test_the_type_that_was_asked_for_goes_first(vllm: type[StandIn], tmp_path: Path) -> None:
    VLLM(checkpoint(tmp_path), {"dtype": "auto"}, 8, 0)
    assert vllm.given["dtype"] == "auto"


def test_an_engine_that_does_not_start_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, vllm: type[StandIn], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vllm, "failure", RuntimeError("Engine core initialization failed.\nSee above."))
    model = checkpoint(tmp_path)
    arguments = ["--model", model, "--engine", "vllm", "--tasks", "lab_chain", "--out", str(tmp_path / "o")]
    assert main(["bench", *arguments]) == 2
    assert (
        capsys.readouterr().err == f"traceinv: --model {model}: cannot be loaded: Engine core initialization failed.\n"
    )
