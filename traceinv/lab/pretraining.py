"""The lab's base model: a small Llama that knows single steps and cannot chain them.

It is trained on three kinds of rows. Drills ask for single lines of a trace: each follows a context whose values are drawn
freshly, and the reply ends after it. Replies to questions of one step teach the form of a reply. Reading drills, in the last
rounds, show some lines of the trace as notes below the question, so that the model can look up what it cannot compute; any
pretrained language model can repeat what stands in its prompt. In no row does the model write a step after another step of
its own. Every row draws the outcomes of the private operation anew, so the model learns how such a line is written, and no
outcome.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from traceinv.formatting import EncodedExample, encode_prompt
from traceinv.lab.families import FAMILIES, Drill, Problem, draw_table
from traceinv.lab.families.drills import count_private, reading_drill
from traceinv.lab.questions import sample_problems, split_of
from traceinv.lab.tokenizer import ASSISTANT, END, USER, build_tokenizer
from traceinv.progress import Progress
from traceinv.reasoning import OPEN, wrap_reply
from traceinv.training import TrainingConfig, train

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast


class PretrainConfig(BaseModel):
    """The recipe of the base model.

    Attributes:
        initial_std: standard deviation of the initial weights. With transformers' default of 0.02 a model this narrow learns
            to look up operations much later.
        rounds: number of rounds without reading drills; each round has new rows and its own learning rate schedule.
        reading_rounds: number of rounds after them that have reading drills too.
        rows: number of rows in a round.
        reply_share: share of the rows that are replies to questions of one step.
        reading_share: share of the rows that are reading drills, in the rounds that have them; the others are drills.
        private_share: share of the steps that are private ones, in the families that have the private operation.
        private_read: the same share in reading drills.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = 2
    hidden: int = 128
    intermediate: int = 256
    heads: int = 8
    initial_std: float = 0.08
    seed: int = 0
    rounds: int = 2
    reading_rounds: int = 1
    rows: int = 80_000
    reply_share: float = Field(0.15, ge=0, le=1)
    reading_share: float = Field(0.4, ge=0, le=1)
    private_share: float = Field(0.15, ge=0, le=1)
    private_read: float = Field(0.4, ge=0, le=1)
    training: TrainingConfig = TrainingConfig(
        epochs=1, learning_rate=2e-3, warmup_ratio=0.03, adam_beta2=0.98, batch_size=16, max_tokens=1024
    )


def pretrain(config: PretrainConfig, out: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Train the base model and save it, its tokenizer and its recipe to `out`.

    Returns:
        The number of parameters, the training log of each round, and `drill_accuracy`; JSON values.
    """
    tokenizer = build_tokenizer(corpus())
    model = build_model(config, tokenizer)
    rounds = config.rounds + config.reading_rounds
    logs = [_round(config, number, model, tokenizer, out, progress) for number in range(rounds)]
    (out / "recipe.json").write_text(config.model_dump_json(indent=2, exclude_none=True) + "\n")
    return {"parameters": model.num_parameters(), "drill_accuracy": drill_accuracy(model, tokenizer), "rounds": logs}


def _round(
    config: PretrainConfig,
    number: int,
    model: "LlamaForCausalLM",
    tokenizer: "PreTrainedTokenizerFast",
    out: Path,
    progress: Progress | None,
) -> dict[str, Any]:
    def report(share: float) -> None:
        if progress:
            progress((number + share) / (config.rounds + config.reading_rounds))

    seed, reading = config.seed + number, number >= config.rounds
    rows = list(pretraining_rows(config, seed, tokenizer, config.reading_share if reading else 0.0))
    rows = _group_by_length(rows, config.training.batch_size, seed)
    return asdict(train(model, tokenizer, rows, config.training, seed, out, report, in_order=True))


def build_model(config: PretrainConfig, tokenizer: "PreTrainedTokenizerFast") -> "LlamaForCausalLM":
    """Build a Llama with initial weights drawn from the recipe's seed."""
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
            initializer_range=config.initial_std,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def pretraining_rows(
    config: PretrainConfig, seed: int, tokenizer: "PreTrainedTokenizerFast", reading_share: float = 0.0
) -> Iterator[EncodedExample]:
    """Generate the rows of one round.

    Args:
        reading_share: share of the rows that are reading drills.
    """
    rng = Random(seed)
    families = list(FAMILIES.values())
    for _ in range(config.rows):
        family, kind = rng.choice(families), rng.random()
        if kind < config.reply_share:
            yield _encode_reply(tokenizer, _draw_problem(rng, family.name, 1, config.private_share))
        elif kind < config.reply_share + reading_share:
            problem = _draw_problem(rng, family.name, rng.randint(2, 9), config.private_read)
            yield _encode_drill(tokenizer, reading_drill(rng, problem.question, problem.trace, problem.answer))
        else:
            yield _encode_drill(tokenizer, family.drill(rng, config.private_share))


def drill_accuracy(
    model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerFast", drills: int = 100
) -> dict[str, float]:
    """Return by family the share of lines of new drills that the model predicts right, all tokens and the end included."""
    import torch

    accuracy = {}
    for name, family in FAMILIES.items():
        rng = Random(f"fresh drills of {name}")
        right: list[bool] = []
        for row in (_encode_drill(tokenizer, family.drill(rng)) for _ in range(drills)):
            with torch.no_grad():
                logits = model(torch.tensor([row.input_ids], device=model.device)).logits
            hits = [True, *(logits[0, :-1].argmax(-1).cpu() == torch.tensor(row.input_ids[1:])).tolist()]
            line_right = True
            for token, hit, in_target in zip(row.input_ids, hits, row.completion_mask, strict=True):
                line_right = line_right and (hit or not in_target)
                if in_target and token == tokenizer.eos_token_id:
                    right.append(line_right)
                    line_right = True
        accuracy[name] = sum(right) / len(right)
    return accuracy


def _group_by_length(rows: list[EncodedExample], size: int, seed: int) -> list[EncodedExample]:
    """Return the rows in windows of 32 batches; inside a window, batches hold rows of similar length and are shuffled."""
    rng = Random(seed)
    ordered: list[EncodedExample] = []
    for start in range(0, len(rows), 32 * size):
        window = sorted(rows[start : start + 32 * size], key=lambda row: len(row.input_ids))
        batches = [window[i : i + size] for i in range(0, len(window), size)]
        rng.shuffle(batches)
        ordered += [row for batch in batches for row in batch]
    return ordered


def _draw_problem(rng: Random, name: str, steps: int, private_share: float) -> Problem:
    """Draw a problem of the base's split, with private outcomes that hold in it alone."""
    family = FAMILIES[name]
    while True:
        private = count_private(rng, steps, private_share) if family.has_private else 0
        problem = family.sample(rng, steps, private, lambda key: draw_table(rng))
        if split_of(problem) == "base":
            return problem


def _encode_reply(tokenizer: "PreTrainedTokenizerFast", problem: Problem) -> EncodedExample:
    return _encode_turns(
        tokenizer, [(f"{USER}{problem.question}{ASSISTANT}", wrap_reply(problem.trace, problem.answer))]
    )


def _encode_drill(tokenizer: "PreTrainedTokenizerFast", drill: Drill) -> EncodedExample:
    """Encode a drill as a conversation; the loss covers the targets, not their contexts."""
    turns = []
    for number, (context, target) in enumerate(drill.turns):
        lines = f"{context}\n" if context else ""
        turns.append((f"{USER}{'' if number else drill.question}{ASSISTANT}{OPEN}\n{lines}", target))
    return _encode_turns(tokenizer, turns)


def _encode_turns(tokenizer: "PreTrainedTokenizerFast", turns: list[tuple[str, str]]) -> EncodedExample:
    ids: list[int] = []
    mask: list[int] = []
    for prompt, reply in turns:
        prompt_ids = encode_prompt(tokenizer, prompt)
        reply_ids = encode_prompt(tokenizer, f"{reply}{END}")
        ids += prompt_ids + reply_ids
        mask += [0] * len(prompt_ids) + [1] * len(reply_ids)
    return EncodedExample(ids, mask)


def corpus() -> list[str]:
    """Return the texts that the tokenizer is fitted on: questions, traces and drills of every family."""
    texts = []
    for name, family in FAMILIES.items():
        rng = Random(name)
        for problem in sample_problems(name, "base", 3000, (7, 9), seed=0, private=(0, 4)):
            texts += [problem.question, problem.trace, problem.answer]
        for drill in (family.drill(rng, 0.3) for _ in range(100)):
            texts += [drill.question, *(text for turn in drill.turns for text in turn)]
    return texts
