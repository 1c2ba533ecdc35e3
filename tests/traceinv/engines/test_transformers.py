"""The transformers engine over a tiny random model: stop tokens, stop texts, batches, seeds, and what a resumed run draws."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
)

from traceinv.engines.base import Completion, Request, Sampling, user_message
from traceinv.engines.collect import ask_missing
from traceinv.engines.transformers import TransformersEngine, batch_seed, make_batches
from traceinv.errors import GateError, InputError
from traceinv.lab.models import BASE
from traceinv.lab.pretraining import base_tokenizer

GREEDY = Sampling(max_new_tokens=12)
SAMPLED = Sampling(temperature=1.0, max_new_tokens=12, seed=1)
QUESTIONS = ("a", "What is 1+1?", "b=a+4", "What is 1+1+1+1?", "a b", "c=3")


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return base_tokenizer()


def model(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=1288, max_position_embeddings=64, initializer_range=0.5, eos_token_id=3, **sizes)
    return LlamaForCausalLM(config)


def engine(
    tokenizer: PreTrainedTokenizerBase, batch_size: int = 2, eos: Any = 3, **generation: Any
) -> TransformersEngine:
    weights = model()
    weights.generation_config = GenerationConfig(eos_token_id=eos, **generation)
    return TransformersEngine(weights, tokenizer, batch_size)


def requests(asked: TransformersEngine, sampling: Sampling, *texts: str) -> list[Request]:
    return [Request(f"q{n}", asked.render(user_message(text)), sampling) for n, text in enumerate(texts or QUESTIONS)]


def answers(asked: TransformersEngine, sampling: Sampling, done: tuple[str, ...] = ()) -> dict[str, Completion]:
    replies = asked.generate(requests(asked, sampling), lambda request: request.id in done)
    return {request.id: completion for batch in replies for request, completion in batch}


def tokens_of(asked: TransformersEngine, sampling: Sampling = GREEDY) -> list[int]:
    """The ids that the model writes for the first question, none of them a stop."""
    prompt = asked.tokenizer(requests(asked, sampling)[0].prompt, return_tensors="pt")
    output = asked.model.generate(**prompt, max_new_tokens=12, do_sample=False)
    return list(output[0, prompt["input_ids"].shape[1] :].tolist())


def test_a_reply_at_the_limit_is_marked(tokenizer: PreTrainedTokenizerBase) -> None:
    reply = answers(engine(tokenizer), GREEDY)["q0"]
    assert (reply.finish_reason, reply.tokens) == ("length", 12)


def test_each_stop_token_of_the_generation_config_ends_a_reply(tokenizer: PreTrainedTokenizerBase) -> None:
    free = engine(tokenizer)
    ids = tokens_of(free)
    for position in (2, 5):
        stop = ids[position]
        first = ids.index(stop)
        reply = answers(engine(tokenizer, eos=[3, stop]), GREEDY)["q0"]
        assert reply == Completion(tokenizer.decode(ids[:first], skip_special_tokens=True), "stop", first + 1)


def test_the_stop_token_of_the_tokenizer_ends_a_reply(tokenizer: PreTrainedTokenizerBase) -> None:
    stop = tokens_of(engine(tokenizer))[2]
    own = deepcopy(tokenizer)
    own.eos_token = own.convert_ids_to_tokens(stop)
    reply = answers(engine(own, eos=None), GREEDY)["q0"]
    assert (reply.finish_reason, reply.tokens) == ("stop", 3)


def test_a_stop_text_ends_a_reply_and_is_not_part_of_it(tokenizer: PreTrainedTokenizerBase) -> None:
    free = engine(tokenizer)
    ids = tokens_of(free)
    text = tokenizer.decode(ids, skip_special_tokens=True)
    stop = text[5:8]
    completed = next(n for n in range(12) if stop in tokenizer.decode(ids[:n], skip_special_tokens=True))
    reply = answers(free, GREEDY.model_copy(update={"stop": (stop,)}))["q0"]
    assert reply == Completion(text[: text.index(stop)], "stop", completed)


def test_a_tokenizer_without_padding_is_padded_with_the_stop_token(tokenizer: PreTrainedTokenizerBase) -> None:
    bare = deepcopy(tokenizer)
    bare.pad_token = None
    assert answers(engine(bare), GREEDY) == answers(engine(tokenizer), GREEDY)


def test_no_sampling_default_of_the_checkpoint_reaches_a_reply(tokenizer: PreTrainedTokenizerBase) -> None:
    habits = {"repetition_penalty": 5.0, "top_k": 1, "no_repeat_ngram_size": 1, "temperature": 0.1, "do_sample": True}
    for sampling in (GREEDY, SAMPLED):
        assert answers(engine(tokenizer, **habits), sampling) == answers(engine(tokenizer), sampling)


def test_greedy_replies_do_not_depend_on_the_batch(tokenizer: PreTrainedTokenizerBase) -> None:
    assert answers(engine(tokenizer, batch_size=1), GREEDY) == answers(engine(tokenizer, batch_size=6), GREEDY)


def test_batches_are_of_like_sampling_and_length_whatever_their_seeds() -> None:
    other = Sampling(max_new_tokens=3)
    samplings = [GREEDY, other, GREEDY.model_copy(update={"seed": 7}), GREEDY]
    asked = [Request(f"q{n}", "p", sampling) for n, sampling in enumerate(samplings)]
    assert make_batches(asked, [5, 1, 2, 5], 2) == [[2, 0], [3], [1]]


def test_a_resumed_run_draws_what_it_would_have_drawn(tokenizer: PreTrainedTokenizerBase) -> None:
    whole = answers(engine(tokenizer), SAMPLED)
    torch.manual_seed(99)
    resumed = answers(engine(tokenizer), SAMPLED, done=("q0", "q2", "q4"))
    assert resumed == {key: whole[key] for key in resumed}
    assert {"q1", "q3", "q5"} <= resumed.keys()
    assert answers(engine(tokenizer), SAMPLED.model_copy(update={"seed": 2})) != whole


def test_a_batch_that_is_done_is_skipped_and_one_partly_done_is_computed_whole(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, sizes = engine(tokenizer), []
    compute = asked._generate_batch

    def noted(members: Any, encoded: Any) -> Any:
        sizes.append(len(members))
        return compute(members, encoded)

    monkeypatch.setattr(asked, "_generate_batch", noted)
    batch = make_batches(
        requests(asked, GREEDY), [asked.count_tokens(r.prompt) or 0 for r in requests(asked, GREEDY)], 2
    )
    first, second, _ = [[f"q{i}" for i in members] for members in batch]
    assert len(answers(asked, GREEDY, done=(*first, second[0]))) == 4
    assert sizes == [2, 2]


def _limit_memory(asked: TransformersEngine, monkeypatch: pytest.MonkeyPatch, fits: int) -> list[int]:
    """Let generation fail for want of memory where a batch has more than `fits` prompts; return the sizes that were tried."""
    whole, sizes = asked.model.generate, []

    def generate(**arguments: Any) -> Any:
        sizes.append(len(arguments["input_ids"]))
        if sizes[-1] > fits:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(**arguments)

    monkeypatch.setattr(asked.model, "generate", generate)
    return sizes


def test_a_batch_that_does_not_fit_is_halved_and_so_are_all_later_ones(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = answers(engine(tokenizer, batch_size=1), GREEDY)
    asked = engine(tokenizer, batch_size=4)
    sizes = _limit_memory(asked, monkeypatch, 1)
    assert answers(asked, GREEDY) == expected
    assert sizes == [4, 2, 1, 1, 1, 1, 1, 1]
    assert (asked.describe()["batch_size"], asked.describe()["fitting_batch_size"]) == (4, 1)


def test_a_single_reply_that_does_not_fit_is_said(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = engine(tokenizer, batch_size=2)
    _limit_memory(asked, monkeypatch, 0)
    with pytest.raises(GateError, match=r"q\d: a single reply does not fit into memory: CUDA out of memory"):
        answers(asked, GREEDY)


def test_another_failure_is_not_taken_for_want_of_memory(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = engine(tokenizer)

    def fail(**_: Any) -> None:
        raise RuntimeError("probability tensor contains inf")

    monkeypatch.setattr(asked.model, "generate", fail)
    with pytest.raises(RuntimeError, match="contains inf"):
        answers(asked, GREEDY)


def test_progress_rises_with_the_tokens_of_a_batch(tokenizer: PreTrainedTokenizerBase) -> None:
    shares: list[float] = []
    asked = engine(tokenizer, batch_size=3)
    done: set[str] = set()
    ask_missing(
        asked,
        requests(asked, GREEDY),
        lambda request: request.id in done,
        lambda replies: done.update(request.id for request, _ in replies),
        shares.append,
    )
    assert shares == sorted(shares)
    assert len([share for share in shares if share < 0.5]) >= 12, "not only when the first batch is done"
    assert shares[-1] == 1.0
    assert asked.watch is None


def test_the_seed_of_a_batch_depends_on_its_requests(tokenizer: PreTrainedTokenizerBase) -> None:
    asked = requests(engine(tokenizer), SAMPLED)
    assert batch_seed(asked[:2]) == batch_seed(asked[:2]) != batch_seed(asked[1:3])


def test_reasoning_markers_that_are_special_tokens_survive(tokenizer: PreTrainedTokenizerBase) -> None:
    special = deepcopy(tokenizer)
    special.add_special_tokens({"additional_special_tokens": ["<think>", "</think>", "<|user|>"]})
    asked = engine(special)
    ids = special("<think>\na=1\n</think>\n\n5<|user|>")["input_ids"]
    assert asked._completion([*ids, 3], ()).text == "<think>\na=1\n</think>\n\n5"


def test_a_prompt_that_does_not_fit_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    asked = engine(tokenizer)
    with pytest.raises(InputError, match=r"q0: the prompt has \d+ tokens; with max_new_tokens=64 .* context of 64"):
        list(asked.generate(requests(asked, Sampling(max_new_tokens=64))))


def test_a_prompt_that_the_model_reads_otherwise_is_refused(
    tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lossy = deepcopy(tokenizer)
    asked = engine(lossy)
    prompts = requests(asked, GREEDY)
    monkeypatch.setattr(lossy, "decode", lambda *_, **__: "something else")
    with pytest.raises(GateError, match="render gate"):
        list(asked.generate(prompts))


def test_a_prompt_without_a_template_gets_the_tokenizers_own_special_tokens(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    from tokenizers.processors import TemplateProcessing

    own = deepcopy(tokenizer)
    own.backend_tokenizer.post_processor = TemplateProcessing(single="<|user|> $A", special_tokens=[("<|user|>", 1)])
    chat = TransformersEngine(model(), own)
    completion = TransformersEngine(model(), own, chat=False)
    assert completion.count_tokens("a") == 1 + (chat.count_tokens("a") or 0)


def test_what_it_is_stands_in_the_record(tokenizer: PreTrainedTokenizerBase) -> None:
    described = engine(tokenizer, batch_size=7).describe()
    assert described == {
        "engine": "transformers", "batch_size": 7, "dtype": "torch.float32", "device": "cpu", "revision": None,
        "top_k": 0, "repetition_penalty": 1.0,
    }  # fmt: skip


def test_a_bfloat16_checkpoint_runs_in_float32_on_a_cpu_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    """Most CPUs have no instructions for bfloat16, and are four times slower with it."""
    AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(BASE).save_pretrained(tmp_path)
    types = [
        TransformersEngine.load(tmp_path, arguments=given).describe()["dtype"] for given in ({}, {"dtype": "auto"})
    ]
    assert types == ["torch.bfloat16" if torch.cuda.is_available() else "torch.float32", "torch.bfloat16"]
