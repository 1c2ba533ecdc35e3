"""lm-eval's transformers model with notes on how each reply ended, its batches, and its stream of random numbers."""

import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lm_eval.defaults import DEFAULT_RANDOM_SEED
from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import Collator

from harness.evaluation.requests import Ask, Replies, Reply, instances
from harness.evaluation.responses import Finish


def seed_everything(seed: int) -> None:
    """Seed as `lm_eval --seed SEED_FOR_PYTHON,seed,seed` does, which it does before it loads the model."""
    random.seed(DEFAULT_RANDOM_SEED)
    np.random.seed(seed)
    torch.manual_seed(seed)


def batches(lm: Any, asks: Sequence[Ask], size: int) -> Iterator[list[Ask]]:
    """The batches that lm-eval would make of all the asks, in its order: by generation arguments, longest prompt first."""
    collator = Collator(
        [(ask.prompt, ask.arguments, ask) for ask in asks],
        sort_fn=lambda entry: (-len(lm.tok_encode(entry[0])), entry[0]),
        group_by="gen_kwargs",
        group_fn=lambda entry: entry[1],
    )
    for batch in collator.get_batched(n=size):
        yield [ask for _, _, ask in batch]


class NotedHF(HFLM):  # type: ignore[misc]  # lm-eval has no types
    """HFLM that notes of each reply whether it ended by itself, and after how many tokens."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.notes: list[tuple[Finish, int]] = []

    def reply(self, batch: Sequence[Ask]) -> Replies:
        """Answer one batch, in lm-eval's order within it."""
        self.notes = []
        texts = self.generate_until(instances(batch), disable_tqdm=True)
        return [
            (ask, Reply(text, finish, tokens))
            for ask, text, (finish, tokens) in zip(batch, texts, self.notes, strict=True)
        ]

    def _model_generate(self, context: Any, max_length: int, stop: list[str], **arguments: Any) -> Any:
        output = super()._model_generate(context, max_length, stop, **arguments)
        self.notes += [self._note(row, stop) for row in output[:, context.shape[1] :].tolist()]
        return output

    def _note(self, row: list[int], stop: Sequence[str]) -> tuple[Finish, int]:
        ends = [position for position, token in enumerate(row) if token in self._end_tokens()]
        if ends:
            return "stop", ends[0] + 1
        if any(text in self.tok_decode(row) for text in stop):
            return "stop", bisect_left(
                range(len(row)), True, key=lambda count: any(text in self.tok_decode(row[:count]) for text in stop)
            )
        return "length", len(row)

    def _end_tokens(self) -> set[int]:
        own = self.model.generation_config.eos_token_id
        return {self.tokenizer.eos_token_id, *([own] if isinstance(own, int) else own or [])}


def save_stream(path: Path, batch: int) -> None:
    """Keep the state of the random numbers after a batch; it is there whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    torch.save({"batch": batch, "cpu": torch.get_rng_state(), "cuda": devices}, draft)
    draft.replace(path)


def load_stream(path: Path) -> int:
    """Take up the random numbers where a run left them; how many batches it had finished, 0 for a new run."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    torch.set_rng_state(state["cpu"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    return int(state["batch"])
