"""The lab's base model: a small Llama that knows single steps and cannot chain them.

Its diet: first short strings of names and digits that are repeated four times, from which copying in context forms (it does
not form from drills alone, nor in reasonable time from strings over the whole vocabulary); then drills of every family, each
line asked for by itself with the line that it starts from; and whole replies to questions of one step, so that it knows the form
of a reply. It never sees one step go on from another.
"""

import string
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from traceinv.engines.base import Progress
from traceinv.formatting import EncodedExample, encode_prompt, wrap_reply
from traceinv.lab.families import FAMILIES, Drill, Problem
from traceinv.lab.families.dials import NAMES as PEOPLE
from traceinv.lab.families.modular import OPERATORS
from traceinv.lab.questions import sample_problems, split_of
from traceinv.lab.tokenizer import ASSISTANT, END, USER, build_tokenizer
from traceinv.training import TrainingConfig, train

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast


def _training(learning_rate: float, batch_size: int) -> TrainingConfig:
    return TrainingConfig(
        epochs=1,
        learning_rate=learning_rate,
        warmup_ratio=0.03,
        adam_beta2=0.98,
        batch_size=batch_size,
        max_tokens=1024,
    )


class Phase(BaseModel):
    """A part of the diet.

    Attributes:
        rows: how many, of which `string_share` are repeated strings and `reply_share` whole one-step replies; the rest drills.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    string_share: float = Field(0.05, ge=0, le=1)
    reply_share: float = Field(0.15, ge=0, le=1)
    training: TrainingConfig


class PretrainConfig(BaseModel):
    """The recipe of the base model.

    Attributes:
        phases: trained one after the other, each with a learning rate schedule of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = 3
    hidden: int = 128
    intermediate: int = 256
    heads: int = 4
    seed: int = 0
    phases: tuple[Phase, ...] = (
        Phase(rows=38_400, string_share=1.0, training=_training(2e-3, 64)),
        Phase(rows=26_000, training=_training(2e-3, 16)),
    )


def pretrain(config: PretrainConfig, out: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Train the base model and save it, its tokenizer and its recipe to `out`.

    Returns:
        The number of parameters, and each phase's training log.
    """
    tokenizer = build_tokenizer(_corpus())
    model = build_model(config, tokenizer)
    logs = []
    for number, phase in enumerate(config.phases):
        seed = config.seed + number
        rows = _in_batches_of_like_length(list(diet(phase, seed, tokenizer)), phase.training.batch_size, seed)
        logs.append(train(model, tokenizer, rows, phase.training, seed, out, progress, in_order=True))
    (out / "recipe.json").write_text(config.model_dump_json(indent=2) + "\n")
    return {"parameters": model.num_parameters(), "phases": logs}


def build_model(config: PretrainConfig, tokenizer: "PreTrainedTokenizerFast") -> "LlamaForCausalLM":
    """A Llama with fresh weights drawn from the recipe's seed."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(config.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.hidden,
            intermediate_size=config.intermediate,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def diet(phase: Phase, seed: int, tokenizer: "PreTrainedTokenizerFast") -> Iterator[EncodedExample]:
    """The rows of one phase, in order."""
    rng = Random(seed)
    vocabulary = _names_and_digits(tokenizer)
    families = list(FAMILIES.values())
    for _ in range(phase.rows):
        kind = rng.random()
        family = rng.choice(families)
        if kind < phase.string_share:
            yield repeated_string(rng, vocabulary)
        elif kind < phase.string_share + phase.reply_share:
            yield _encode_reply(tokenizer, _one_step(rng, family.name))
        else:
            yield _encode_drill(tokenizer, family.drill(rng))


def _in_batches_of_like_length(rows: list[EncodedExample], size: int, seed: int) -> list[EncodedExample]:
    """The rows in nearly the same order: within each window, rows of like length stand together, batches shuffled."""
    rng = Random(seed)
    ordered: list[EncodedExample] = []
    for start in range(0, len(rows), 32 * size):
        window = sorted(rows[start : start + 32 * size], key=lambda row: len(row.input_ids))
        batches = [window[i : i + size] for i in range(0, len(window), size)]
        rng.shuffle(batches)
        ordered += [row for batch in batches for row in batch]
    return ordered


def repeated_string(rng: Random, vocabulary: list[int]) -> EncodedExample:
    """Three to ten different tokens, four times over; the loss sees the repetitions."""
    tokens = rng.sample(vocabulary, rng.randint(3, 10))
    return EncodedExample(tokens * 4, [0] * len(tokens) + [1] * len(tokens) * 3)


def _names_and_digits(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """The tokens that are looked up: names, names that are given a value, digits and operators."""
    names = [*string.ascii_lowercase, *PEOPLE]
    texts = [*names, *(f"{name}=" for name in names), *string.digits, *OPERATORS]
    return sorted({token for text in texts for token in encode_prompt(tokenizer, text)})


def _one_step(rng: Random, family: str) -> Problem:
    while True:
        problem = FAMILIES[family].sample(rng, 1)
        if split_of(problem) == "base":
            return problem


def _encode_reply(tokenizer: "PreTrainedTokenizerFast", problem: Problem) -> EncodedExample:
    return _encode_turns(tokenizer, [(problem.question, wrap_reply(problem.trace, problem.answer))])


def _encode_drill(tokenizer: "PreTrainedTokenizerFast", drill: Drill) -> EncodedExample:
    (first, reply), *others = drill.turns
    return _encode_turns(tokenizer, [(f"{drill.context}\n{first}", reply), *others])


def _encode_turns(tokenizer: "PreTrainedTokenizerFast", turns: list[tuple[str, str]]) -> EncodedExample:
    ids: list[int] = []
    mask: list[int] = []
    for asked, reply in turns:
        prompt_ids = encode_prompt(tokenizer, f"{USER}{asked}{ASSISTANT}")
        reply_ids = encode_prompt(tokenizer, f"{reply}{END}")
        ids += prompt_ids + reply_ids
        mask += [0] * len(prompt_ids) + [1] * len(reply_ids)
    return EncodedExample(ids, mask)


def _corpus() -> list[str]:
    """Texts that the tokenizer is fitted on: questions, traces and drills of every family."""
    texts = []
    for name, family in FAMILIES.items():
        rng = Random(name)
        for problem in sample_problems(name, "base", 300, (2, 8), seed=0):
            texts += [problem.question, problem.trace, problem.answer]
        for drill in (family.drill(rng) for _ in range(100)):
            texts += [drill.context, *(text for turn in drill.turns for text in turn)]
    return texts
