"""What `bench --engine vllm` asks of vLLM and says of its failures, over a stand-in: vLLM itself is no dependency."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from harness.cli import main
from harness.evaluation.models import VLLM, Ask
from traceinv.errors import GateError
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
    module = ModuleType("harness.evaluation.lm_eval_vllm")
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


class Written:
    """lm-eval's VLLM as far as a reply needs it: keeps the requests, and answers or dies."""

    dies: ClassVar[Exception | None] = None

    def __init__(self, special: list[str]) -> None:
        self.notes: list[Any] = []
        self.tokenizer = type("Tokenizer", (), {"all_special_tokens": special})
        self.requests: list[Any] = []

    def tok_encode(self, text: str) -> list[int]:
        return [0] * len(text)

    def generate_until(self, requests: list[Any], disable_tqdm: bool) -> list[str]:
        if self.dies:
            raise self.dies
        self.requests = requests
        self.notes = [("stop", 1)] * len(requests)
        return ["x"] * len(requests)


class Dead(Exception):
    pass


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real NotedVLLM over a stand-in for vLLM and for lm-eval's model of it."""
    modules = {
        "lm_eval.models.vllm_causallms": {"VLLM": Written},
        "vllm": {},
        "vllm.v1": {},
        "vllm.v1.engine": {},
        "vllm.v1.engine.exceptions": {"EngineDeadError": Dead},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "harness.evaluation.lm_eval_vllm")
    from harness.evaluation.lm_eval_vllm import NotedVLLM

    return NotedVLLM


@pytest.mark.parametrize(("special", "left_out"), [(["<|end|>"], True), (["<|end|>", "</think>"], False)])
def test_special_tokens_are_left_out_as_transformers_does_unless_they_mark_the_reasoning(
    noted: Any, special: list[str], left_out: bool
) -> None:
    lm = noted(special=special)
    lm.reply([Ask("t", "t/0", 0, "p", {"temperature": 0.0})], 0)
    assert lm.requests[0].args[1]["skip_special_tokens"] is left_out


def test_an_engine_that_dies_is_named(monkeypatch: pytest.MonkeyPatch, noted: Any) -> None:
    monkeypatch.setattr(Written, "dies", Dead("see above"))
    with pytest.raises(GateError, match="vLLM's engine died: see above"):
        noted(special=[]).reply([Ask("t", "t/0", 0, "p", {})], 0)
