"""The vllm engine: what it asks of vLLM and says of its failures, over a stand-in; vLLM itself is no dependency."""

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

from traceinv.engines import load_engine
from traceinv.engines.base import Completion, Request, Sampling, user_message
from traceinv.engines.vllm import VLLMEngine
from traceinv.errors import GateError, InputError
from traceinv.lab.models import BASE

GREEDY = Sampling(max_new_tokens=8)


class Dead(Exception):
    pass


class StandIn:
    """A `vllm.LLM` that keeps what it is given, and fails where it is told to."""

    given: ClassVar[dict[str, Any]] = {}
    refusal: ClassVar[Exception | None] = None
    death: ClassVar[Exception | None] = None
    batches: ClassVar[list[list[Any]]] = []

    def __init__(self, model: str, **arguments: Any) -> None:
        from transformers import AutoTokenizer

        type(self).given = arguments
        if self.refusal:
            raise self.refusal
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        config = SimpleNamespace(max_model_len=64, dtype="torch.float32", hf_config=SimpleNamespace(_commit_hash="abc"))
        self.llm_engine = SimpleNamespace(model_config=config)

    def get_tokenizer(self) -> Any:
        return self.tokenizer

    def generate(self, prompts: list[Any], parameters: list[Any], use_tqdm: bool) -> list[Any]:
        if self.death:
            raise self.death
        self.batches.append(list(zip(prompts, parameters, strict=True)))
        return [SimpleNamespace(outputs=[SimpleNamespace(text="x", finish_reason="abort", token_ids=[7, 3])])] * len(
            prompts
        )


@pytest.fixture(autouse=True)
def vllm(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    modules = {
        "vllm": {"LLM": StandIn, "SamplingParams": SimpleNamespace, "TokensPrompt": dict},
        "vllm.v1": {},
        "vllm.v1.engine": {},
        "vllm.v1.engine.exceptions": {"EngineDeadError": Dead},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(StandIn, "batches", [])
    return StandIn


def checkpoint(folder: Path, **changes: Any) -> str:
    shutil.copy(BASE / "model.safetensors", folder)
    config = json.loads((BASE / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def requests(engine: VLLMEngine, count: int, sampling: Sampling = GREEDY) -> list[Request]:
    return [Request(f"q{number}", engine.render(user_message(f"{number}?")), sampling) for number in range(count)]


def test_a_float32_checkpoint_is_run_in_float32_as_transformers_runs_it(vllm: type[StandIn], tmp_path: Path) -> None:
    load_engine("vllm", checkpoint(tmp_path))
    assert vllm.given["dtype"] == "float32"


def test_another_type_is_left_to_vllm_which_knows_what_the_device_can(vllm: type[StandIn], tmp_path: Path) -> None:
    load_engine("vllm", checkpoint(tmp_path, dtype="bfloat16"))
    assert vllm.given["dtype"] == "auto"


def test_the_arguments_that_were_asked_for_go_first(vllm: type[StandIn], tmp_path: Path) -> None:
    load_engine("vllm", checkpoint(tmp_path), arguments={"dtype": "auto", "max_model_len": 64})
    assert (vllm.given["dtype"], vllm.given["max_model_len"]) == ("auto", 64)


def test_a_model_may_be_split_over_several_devices_inside_one_process(vllm: type[StandIn], tmp_path: Path) -> None:
    load_engine("vllm", checkpoint(tmp_path), tensor_parallel=4)
    assert (vllm.given["tensor_parallel_size"], vllm.given["distributed_executor_backend"]) == (4, "mp")
    load_engine("vllm", checkpoint(tmp_path))
    assert not {"tensor_parallel_size", "distributed_executor_backend"} & vllm.given.keys()


def test_no_sampling_default_of_the_checkpoint_reaches_a_reply(vllm: type[StandIn], tmp_path: Path) -> None:
    engine = VLLMEngine.load(checkpoint(tmp_path))
    list(engine.generate(requests(engine, 1)))
    [[(_, parameters)]] = vllm.batches
    assert vllm.given["generation_config"] == "vllm"
    assert (parameters.top_k, parameters.repetition_penalty, parameters.top_p) == (0, 1.0, 1.0)


def test_each_request_has_its_own_seed_and_sampling(vllm: type[StandIn], tmp_path: Path) -> None:
    engine = VLLMEngine.load(checkpoint(tmp_path), batch_size=2)
    sampling = Sampling(temperature=0.6, top_p=0.9, max_new_tokens=5, stop=("\n",), seed=3)
    asked = requests(engine, 3, sampling)
    replies = [reply for batch in engine.generate(asked, lambda request: request.id == "q0") for reply in batch]
    [[(prompt, first), (_, second)]] = vllm.batches
    assert [request.id for request, _ in replies] == ["q1", "q2"]
    assert [first.seed, second.seed] == [asked[1].seed, asked[2].seed]
    assert (first.temperature, first.top_p, first.max_tokens, first.stop) == (0.6, 0.9, 5, ["\n"])
    assert engine.tokenizer.decode(prompt["prompt_token_ids"]) == asked[1].prompt
    assert replies[0][1] == Completion("x", "other", 2)


def test_the_stop_tokens_of_tokenizer_and_generation_config_end_a_reply(vllm: type[StandIn], tmp_path: Path) -> None:
    folder = checkpoint(tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 6]}))
    engine = VLLMEngine.load(folder)
    list(engine.generate(requests(engine, 1)))
    [[(_, parameters)]] = vllm.batches
    assert parameters.stop_token_ids == [3, 5, 6]


@pytest.mark.parametrize("special", [False, True])
def test_special_tokens_are_left_out_unless_they_mark_the_reasoning(
    vllm: type[StandIn], tmp_path: Path, special: bool
) -> None:
    engine = VLLMEngine.load(checkpoint(tmp_path))
    if special:
        engine.tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>"]})
        engine = VLLMEngine(engine.llm)
    list(engine.generate(requests(engine, 1)))
    [[(_, parameters)]] = vllm.batches
    assert parameters.skip_special_tokens is not special


def test_a_prompt_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    engine = VLLMEngine.load(checkpoint(tmp_path))
    with pytest.raises(InputError, match=r"q0: the prompt has .* context of 64 tokens"):
        list(engine.generate(requests(engine, 1, Sampling(max_new_tokens=64))))


def test_an_engine_that_dies_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(StandIn, "death", Dead("see above"))
    engine = VLLMEngine.load(checkpoint(tmp_path))
    with pytest.raises(GateError, match="vLLM's engine died: see above"):
        list(engine.generate(requests(engine, 1)))


def test_an_engine_that_does_not_start_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(StandIn, "refusal", RuntimeError("Engine core initialization failed.\nSee above."))
    with pytest.raises(InputError, match=r"cannot be loaded: Engine core initialization failed\.$"):
        load_engine("vllm", checkpoint(tmp_path))


def test_a_machine_without_vllm_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(InputError, match=r"engine vllm: .*pip install vllm"):
        load_engine("vllm", checkpoint(tmp_path))


def test_what_it_is_stands_in_the_record(tmp_path: Path) -> None:
    engine = VLLMEngine.load(checkpoint(tmp_path), batch_size=9)
    assert engine.describe() == {
        "engine": "vllm", "batch_size": 9, "dtype": "torch.float32", "revision": "abc", "top_k": 0, "repetition_penalty": 1.0
    }  # fmt: skip
