"""lm-eval's model as an engine: every stop token ends a reply, and sampling resumes with the same random numbers."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from lm_eval.models.huggingface import HFLM
from templates import TEMPLATES, with_template
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.evaluation.ask import to_response
from harness.evaluation.lm_eval import LmEvalEngine
from harness.evaluation.requests import ItemRequest, to_sampling
from traceinv.dialect import load_tokenizer
from traceinv.engines.base import Completion, Request
from traceinv.engines.collect import ask_missing
from traceinv.errors import InputError
from traceinv.formatting import encode_example
from traceinv.lab.models import BASE
from traceinv.reasoning import is_unclosed, split_reply, wrap_reply
from traceinv.records import Example

QUESTIONS = ["2 + 3 = ?", "4 * 5 = ?", "x = 3, 2 * x = ?", "1 + 1 + 1 = ?", "6 - 2 = ?", "5 + 5 + 5 + 5 = ?"]
SAMPLED = {"do_sample": True, "temperature": 0.9, "max_gen_toks": 40, "until": []}
GREEDY = {"do_sample": False, "temperature": 0.0, "max_gen_toks": 40, "until": []}


def engine(folder: Path, model: Path = BASE, seed: int = 0) -> LmEvalEngine:
    return LmEvalEngine(str(model), {}, 2, seed, folder / "rng_state.pt")


def requests(model: LmEvalEngine, arguments: dict[str, Any]) -> list[ItemRequest]:
    return [
        ItemRequest(
            id=f"t/{number}",
            prompt=model.render([{"role": "user", "content": question}]),
            sampling=to_sampling(arguments, 0),
            task="t",
            item=str(number),
            text=question,
            arguments=arguments,
        )
        for number, question in enumerate(QUESTIONS)
    ]


def answer(model: LmEvalEngine, asked: Sequence[Request]) -> dict[str, Completion]:
    return {request.id: completion for batch in model.generate(asked) for request, completion in batch}


def with_stop_ids(folder: Path, ids: int | list[int]) -> Path:
    """A copy of the base whose generation config names these stop ids."""
    shutil.copytree(BASE, folder)
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": ids}))
    return folder


@pytest.fixture(scope="module")
def greedy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Completion]:
    model = engine(tmp_path_factory.mktemp("greedy"))
    return answer(model, requests(model, GREEDY))


def test_a_reply_that_ends_by_itself_says_stop_and_counts_the_token_that_ended_it(
    greedy: dict[str, Completion], tmp_path: Path
) -> None:
    model = engine(tmp_path)
    assert {completion.finish_reason for completion in greedy.values()} == {"stop"}
    for completion in greedy.values():
        assert completion.tokens == model.count_tokens(completion.text) + 1  # type: ignore[operator]
    short = answer(model, requests(model, GREEDY | {"max_gen_toks": 2}))
    assert {(completion.finish_reason, completion.tokens) for completion in short.values()} == {("length", 2)}


def test_the_tokenizers_stop_token_ends_a_reply_that_the_generation_config_does_not_end(
    greedy: dict[str, Completion], tmp_path: Path
) -> None:
    unused = 1
    model = engine(tmp_path, with_stop_ids(tmp_path / "model", unused))
    assert model.lm.stop_ids == [unused, model.lm.tokenizer.eos_token_id]
    assert answer(model, requests(model, GREEDY)) == greedy


def test_every_stop_token_of_the_generation_config_ends_a_reply(greedy: dict[str, Completion], tmp_path: Path) -> None:
    probe = engine(tmp_path)
    first_ids = {identifier: probe.lm.tok_encode(completion.text)[:1] for identifier, completion in greedy.items()}
    stop = next(ids[0] for ids in first_ids.values() if ids)
    model = engine(tmp_path, with_stop_ids(tmp_path / "model", [3, stop]))
    replies = answer(model, requests(model, GREEDY))
    for identifier, ids in first_ids.items():
        if ids == [stop]:
            assert (replies[identifier].finish_reason, replies[identifier].tokens) == ("stop", 1)


@pytest.mark.parametrize("stored", [0, 1, 2])
@pytest.mark.parametrize("saved", [True, False])
def test_sampling_resumes_with_the_random_numbers_that_it_would_have_drawn(
    tmp_path: Path, stored: int, saved: bool
) -> None:
    undisturbed = engine(tmp_path)
    whole = answer(undisturbed, requests(undisturbed, SAMPLED))
    folder = tmp_path / "cut"
    folder.mkdir()
    rows: dict[str, Completion] = {}

    def is_stored(request: Request) -> bool:
        return request.id in rows

    cut = engine(folder)
    for number, batch in enumerate(cut.generate(requests(cut, SAMPLED))):
        if (
            number < stored or not saved
        ):  # a kill comes before the rows are stored, or before the random numbers are saved
            rows |= {request.id: completion for request, completion in batch}
        if number == stored:
            break
    resumed = engine(folder)
    repeated = 0
    for batch in resumed.generate(requests(resumed, SAMPLED), is_stored):
        repeated += sum(is_stored(request) for request, _ in batch)
        rows |= {request.id: completion for request, completion in batch}
    assert rows == whole
    assert repeated == (0 if saved else 2)


def test_a_batch_that_was_finished_and_is_gone_is_said(tmp_path: Path) -> None:
    model = engine(tmp_path)
    asked = requests(model, GREEDY)
    answer(model, asked)
    with pytest.raises(InputError, match=r"rng_state\.pt: batch 1 was finished, but the response to t/\d is missing"):
        next(engine(tmp_path).generate(asked, lambda request: False))


def test_only_items_of_benchmarks_are_answered(tmp_path: Path) -> None:
    model = engine(tmp_path)
    with pytest.raises(TypeError, match="benchmark items only"):
        next(model.generate([Request("a", "p", to_sampling(GREEDY, 0))]))


def with_chat_template(folder: Path, name: str) -> Path:
    """A copy of the base with one of our chat templates and the special tokens that occur in it."""
    shutil.copytree(BASE, folder, ignore=shutil.ignore_patterns("*.jinja", "model.safetensors"))
    tokenizer = with_template(AutoTokenizer.from_pretrained(BASE), TEMPLATES[name])
    tokenizer.save_pretrained(folder)
    weights = AutoModelForCausalLM.from_pretrained(BASE)
    weights.resize_token_embeddings(len(tokenizer))
    weights.save_pretrained(folder)
    return folder


def test_a_template_that_prints_the_date_asks_the_same_on_every_day(tmp_path: Path) -> None:
    """Otherwise a run that is resumed after midnight is refused, because its prompts are others."""
    model = engine(tmp_path, with_chat_template(tmp_path / "dated", "a date"))
    assert model.render([{"role": "user", "content": "x"}]).startswith("<|open|>system\n01 Jan 2026<|shut|>")


@pytest.mark.parametrize("name", ["blocks", "channels"])
def test_a_reply_cut_off_in_reasoning_between_special_tokens_has_no_answer(name: str, tmp_path: Path) -> None:
    """lm-eval's own decoding drops such markers, so that an answer would be read from the middle of the reasoning."""
    model = engine(tmp_path, with_chat_template(tmp_path / "model", name))
    dialect = model.lm.dialect
    ids = model.lm.tokenizer(f"{dialect.opening}the answer is 3, or", add_special_tokens=False)["input_ids"]
    assert split_reply(dialect.read(model.lm.tok_decode(ids))) == (None, None)


def test_what_the_checkpoint_does_to_replies_stands_in_the_record(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path / "model")
    path = tmp_path / "model" / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"top_k": 20, "repetition_penalty": 1.05}))
    described = engine(tmp_path, tmp_path / "model").describe()
    assert (described["top_k"], described["repetition_penalty"]) == (20, 1.05)
    described = engine(tmp_path).describe()
    assert (described["top_k"], described["repetition_penalty"]) == (50, 1.0)


def test_progress_rises_with_the_tokens_of_a_batch(tmp_path: Path) -> None:
    model, shares, done = engine(tmp_path), list[float](), set[str]()
    ask_missing(
        model,
        requests(model, GREEDY),
        lambda request: request.id in done,
        lambda replies: done.update(request.id for request, _ in replies),
        shares.append,
    )
    assert shares == sorted(shares)
    assert len([share for share in shares if share < 0.3]) > 3, "not only when the first batch is done"
    assert (shares[-1], model.watch) == (1.0, None)


def ids_of(model: LmEvalEngine, prompt: str) -> list[int]:
    ids: list[int] = model.lm.tok_batch_encode([prompt])[0][0].tolist()
    assert model.lm.tok_encode(prompt) == ids
    return ids


def adding_bos(folder: Path, template: str) -> Path:
    """A copy of the base whose tokenizer puts `<|user|>` before a text by itself, with a chat template."""
    from tokenizers.processors import TemplateProcessing

    shutil.copytree(BASE, folder)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    bos = tokenizer.convert_tokens_to_ids("<|user|>")
    tokenizer.bos_token = "<|user|>"
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|user|> $A", special_tokens=[("<|user|>", bos)]
    )
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    assert AutoTokenizer.from_pretrained(folder)("a")["input_ids"][0] == bos
    return folder


TURNS = "{% for m in messages %}Q:{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}A:{% endif %}"


@pytest.mark.parametrize("template", [TURNS, "{{ bos_token }}" + TURNS], ids=["without BOS", "with BOS"])
def test_bench_and_run_ask_with_the_chat_templates_own_tokens(template: str, tmp_path: Path) -> None:
    """Where the tokenizer adds BOS by itself and the template has none, lm-eval's model would add it, and training does not."""
    folder = adding_bos(tmp_path / "model", template)
    own = AutoTokenizer.from_pretrained(folder).apply_chat_template(
        [{"role": "user", "content": "2+3?"}], add_generation_prompt=True
    )["input_ids"]
    for as_in_training in (False, True):
        model = LmEvalEngine(str(folder), {}, 2, 0, tmp_path / "rng_state.pt", as_in_training)
        assert ids_of(model, model.render([{"role": "user", "content": "2+3?"}])) == own
    row = encode_example(model.lm.tokenizer, Example(id="q", prompt="2+3?", completion=wrap_reply("a", "5")))
    assert row.input_ids[: len(own)] == own


def test_a_prompt_in_completion_form_gets_the_bos_that_the_tokenizer_adds(tmp_path: Path) -> None:
    folder = adding_bos(tmp_path / "model", TURNS)
    model = LmEvalEngine(str(folder), {}, 2, 0, tmp_path / "rng_state.pt", chat=False)
    assert ids_of(model, "Q:2+3?")[0] == model.lm.tokenizer.bos_token_id
    chosen = LmEvalEngine(str(folder), {"add_bos_token": True}, 2, 0, tmp_path / "rng_state.pt")
    assert ids_of(chosen, "Q:2+3?")[0] == model.lm.tokenizer.bos_token_id, "who asks for it gets it"


SWITCHED = "closed, with a switch"


@pytest.mark.parametrize(
    ("arguments", "template"),
    [
        ({}, {"enable_thinking": True}),
        ({"enable_thinking": True}, {}),
        ({"enable_thinking": True, "think_end_token": "</think>"}, {}),
        ({"chat_template_args": {"enable_thinking": True}}, {}),
    ],
)
def test_a_variable_of_the_chat_template_is_set_and_the_reasoning_stays_whole(
    arguments: dict[str, Any], template: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """lm-eval cuts off what is before the marker; what is left would look like reasoning that never ended."""
    folder = with_chat_template(tmp_path / "model", SWITCHED)
    model = LmEvalEngine(str(folder), arguments, 2, 0, tmp_path / "rng_state.pt", template=template)
    asked = requests(model, GREEDY)[:2]
    assert all(request.prompt.endswith("assistant\n<think>\n") for request in asked)
    written = [model.lm.tok_encode(f"{text}<|end|>") for text in ("1+1=2\n</think>\n\n5", "so 5, or 6")]

    def generate(self: Any, context: Any, max_length: int, stop: Any, **_: Any) -> Any:
        rows = [ids + [0] * (max(map(len, written)) - len(ids)) for ids in written]
        return torch.cat([context, torch.tensor(rows)], dim=1)

    monkeypatch.setattr(HFLM, "_model_generate", generate)
    replies = sorted(to_response(answered).response for answered in model.lm.reply(asked))
    assert replies == ["<think>1+1=2\n</think>\n\n5", "<think>so 5, or 6"]
    assert split_reply(replies[0]) == ("1+1=2", "5")
    assert is_unclosed(replies[1])


def test_what_a_trained_models_template_was_given_can_be_set_anew(tmp_path: Path) -> None:
    folder = with_chat_template(tmp_path / "model", SWITCHED)
    load_tokenizer(folder).save_pretrained(folder)  # training switches the reasoning on
    ends = {}
    for wanted in (True, False):
        model = LmEvalEngine(str(folder), {}, 2, 0, tmp_path / "rng_state.pt", template={"enable_thinking": wanted})
        ends[wanted] = model.render([{"role": "user", "content": "x"}])[-20:]
    assert ends[True].endswith("<think>\n")
    assert ends[False].endswith("</think>\n\n")


@pytest.mark.parametrize(("on_a_gpu", "expected"), [(False, "torch.float32"), (True, "torch.bfloat16")])
def test_a_run_scores_in_float32_on_a_cpu_as_it_samples_and_trains(
    on_a_gpu: bool, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(BASE, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16).save_pretrained(folder)
    state = tmp_path / "rng_state.pt"
    assert LmEvalEngine(str(folder), {}, 2, 0, state).describe()["dtype"] == "torch.bfloat16", "as with lm_eval"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: on_a_gpu)
    asked = {"device": "cpu"}
    assert LmEvalEngine(str(folder), asked, 2, 0, state, check_prompts=True).describe()["dtype"] == expected
