"""The lab's base model: a small Llama that knows single steps and cannot chain them.

It is trained on three kinds of rows. Drills ask for single lines of a trace: each follows a context whose values are drawn
freshly, and the reply ends after it. Replies to questions of one step teach the form of a reply. Reading drills, in the last
rounds, show some lines of the trace as notes below the question, so that the model can look up what it cannot compute; any
pretrained language model can repeat what stands in its prompt. In no row does the model write a step after another step of
its own. Every row draws the outcomes of the private operation anew, so the model learns how such a line is written, and no
outcome.
"""

from dataclasses import asdict
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from traceinv.errors import InputError
from traceinv.formatting import EncodedExample
from traceinv.lab.families import FAMILIES
from traceinv.lab.pretraining_rows import Mixture, pretraining_rows
from traceinv.lab.questions import sample_problems
from traceinv.lab.tokenizer import build_tokenizer
from traceinv.progress import Progress
from traceinv.training import train
from traceinv.training_config import TrainingConfig

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast


class PretrainConfig(BaseModel):
    """The recipe of the base model.

    Attributes:
        initial_std: standard deviation of the initial weights. With transformers' default of 0.02 a model this narrow learns
            to look up operations much later.
        rounds: the rows of each round; a round has a learning rate schedule of its own. Reading was added to a base that knew
            single steps, in rounds of growing density.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = 2
    hidden: int = 128
    intermediate: int = 256
    heads: int = 8
    initial_std: float = 0.08
    seed: int = 0
    rounds: tuple[Mixture, ...] = (
        Mixture(),
        Mixture(),
        Mixture(rows=12_000, reading_share=0.4, private_read=0.4),
        Mixture(rows=20_000, reading_share=0.7, private_read=0.8),
        Mixture(rows=24_000, reading_share=0.7, private_read=0.8),
        Mixture(rows=24_000, reading_share=0.7, private_read=0.8),
    )
    training: TrainingConfig = TrainingConfig(
        epochs=1, learning_rate=2e-3, warmup_ratio=0.03, adam_beta2=0.98, batch_size=16, max_tokens=1024
    )

    def shrunk(self, factor: int) -> "PretrainConfig":
        """Return the recipe with fewer rows, to try it out."""
        rounds = tuple(round_.model_copy(update={"rows": max(1, round_.rows // factor)}) for round_ in self.rounds)
        return self.model_copy(update={"rounds": rounds})


def pretrain(
    config: PretrainConfig, out: Path, progress: Progress | None = None, start: Path | None = None
) -> list[dict[str, Any]]:
    """Train the base model and save it, its tokenizer and its recipe to `out`.

    Args:
        start: a base of the first rounds; only the others are run.

    Returns:
        The training log of each round that was run; JSON values.

    Raises:
        InputError: `start` is no base of the first rounds.
    """
    from transformers import LlamaForCausalLM

    first = 0 if start is None else _rounds_done(config, start)
    tokenizer = base_tokenizer()
    model = (
        build_model(config, tokenizer)
        if start is None
        else LlamaForCausalLM.from_pretrained(start, use_safetensors=True)
    )
    logs = [_round(config, number, model, tokenizer, out, progress) for number in range(first, len(config.rounds))]
    (out / "recipe.json").write_text(config.model_dump_json(indent=2, exclude_none=True) + "\n")
    return logs


def _rounds_done(config: PretrainConfig, start: Path) -> int:
    """Return how many of the rounds a base has behind it."""
    try:
        done = PretrainConfig.model_validate_json((start / "recipe.json").read_text())
    except (OSError, ValueError):
        raise InputError(f"{start}: expected a base of the lab with its recipe.json") from None
    count = len(done.rounds)
    if count >= len(config.rounds) or done != config.model_copy(update={"rounds": config.rounds[:count]}):
        raise InputError(
            f"{start}: expected a base of the first rounds of {len(config.rounds)}, got other rounds or settings"
        )
    return count


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
            progress((number + share) / len(config.rounds))

    seed = config.seed + number
    rows = list(pretraining_rows(config.rounds[number], seed, tokenizer))
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


@cache
def base_tokenizer() -> "PreTrainedTokenizerFast":
    """Build the base's tokenizer; it is the same whatever the recipe."""
    return build_tokenizer(corpus())


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
