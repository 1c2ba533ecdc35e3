"""lm-eval's transformers model as an engine, for responses that are byte-identical with those of the `lm_eval` command.

Import this module late: it imports lm-eval and torch.
"""

import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lm_eval.api.instance import Instance
from lm_eval.defaults import DEFAULT_RANDOM_SEED
from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import Collator

from harness.evaluation.requests import ItemRequest
from traceinv.dialect import Dialect, adapt, read_dialect
from traceinv.digests import digest_json
from traceinv.engines.base import Completion, IsDone, Message, Replies, Request, RequestKey, none_done
from traceinv.engines.stopping import stop_token_ids
from traceinv.errors import InputError
from traceinv.formatting import check_prompt, decode_reply, template_source
from traceinv.records import FinishReason
from traceinv.weights import check_finite

TOP_K = 50
"""How many tokens transformers samples from where neither the task nor the checkpoint says; lm-eval leaves it so."""


@dataclass(frozen=True)
class RngState:
    """How far a run came.

    Attributes:
        requests: a digest of the requests, in order.
        batch: how many batches are finished.
        kept: the keys of replies that an earlier run with fewer requests gave, and that are in no batch.
    """

    requests: str
    batch: int = 0
    kept: frozenset[RequestKey] = frozenset()


class LmEvalEngine:
    """lm-eval's `hf` model: the same batches, in the same order, with the same random numbers as `lm_eval --model hf`.

    All sampling draws from one stream of random numbers. Its state is saved after each batch, so that a killed run resumes
    with the numbers that it would have drawn. Where a run is asked for more than before, replies that are there are kept and
    the others have batches of their own; only greedy replies can be kept so.
    """

    def __init__(
        self,
        path: str,
        arguments: dict[str, Any],
        batch_size: int,
        seed: int,
        rng_state: Path,
        check_prompts: bool = False,
    ) -> None:
        """Load the model.

        Args:
            path: a folder or a hub id.
            arguments: further arguments of lm-eval's model.
            batch_size: prompts at a time.
            seed: of all sampling.
            rng_state: file for the state of the random numbers; a killed run left it there.
            check_prompts: refuse to ask where the tokens of the first prompt do not decode to it, and let a model reason whose
                chat template would close the reasoning in the prompt, as in training.
        """
        seed_everything(seed)
        # "cuda:0" as lm-eval's command has it; without a GPU lm-eval reads it as the CPU
        given = {"pretrained": path, "batch_size": batch_size, "device": "cuda:0"} | arguments
        self.lm = HFWithFinishReason(**given | {"use_safetensors": True})  # other files could run code
        check_finite(self.lm.model, path)
        self.batch_size, self.rng_state, self.check_prompts = batch_size, rng_state, check_prompts
        self.context: int | None = int(self.lm.max_length)
        self.lm.tokenizer = adapt(self.lm.tokenizer, switch=check_prompts)
        self.chat_template = template_source(self.lm.tokenizer)
        self.lm.dialect = read_dialect(self.lm.tokenizer) if self.chat_template else None

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        """Render a conversation in the model's chat template."""
        return str(self.lm.apply_chat_template(list(messages), add_generation_prompt))

    def count_tokens(self, prompt: str) -> int | None:
        """Count the tokens of a rendered prompt."""
        return len(self.lm.tok_encode(prompt))

    def generate(self, requests: Sequence[Request], is_done: IsDone = none_done) -> Iterator[Replies]:
        """Answer requests for benchmark items, batch by batch; a batch that was under way at a kill is answered again.

        Raises:
            InputError: replies of a batch that was finished before a kill are missing, or other requests than before are sampled.
            GateError: the model does not read the first prompt as it is rendered.
        """
        items = [request for request in requests if isinstance(request, ItemRequest)]
        if len(items) < len(requests):
            raise TypeError("lm-eval's model answers requests for benchmark items only")
        if self.check_prompts:
            check_prompt(self.lm.tokenizer, items[0].prompt)
        state = self._begin(items, is_done)
        asked = [item for item in items if item.key not in state.kept]
        for number, batch in enumerate(make_batches(self.lm, asked, self.batch_size), 1):
            if number > state.batch:
                yield self.lm.reply(batch)
                save_rng_state(self.rng_state, replace(state, batch=number))
            elif missing := [item for item in batch if not is_done(item)]:
                raise InputError(
                    f"{self.rng_state}: batch {number} was finished, but the response to {missing[0].id} is missing;"
                    " start again in another folder"
                )

    def _begin(self, items: Sequence[ItemRequest], is_done: IsDone) -> RngState:
        """Restore the random numbers where the same requests were begun before; keep what is done where there were others.

        Raises:
            InputError: there were others, and replies are sampled.
        """
        requests = digest_json([[item.id, item.sample] for item in items])
        state = load_rng_state(self.rng_state)
        if state is None:
            return RngState(requests)
        if state.requests == requests:
            return state
        if any(item.sampling.temperature > 0 for item in items):
            raise InputError(
                f"{self.rng_state}: sampled replies to other requests were begun here; choose another folder"
            )
        return RngState(requests, kept=frozenset(item.key for item in items if is_done(item)))

    def describe(self) -> dict[str, Any]:
        """Describe the model for a record, with what its own generation settings do to replies where the task says nothing."""
        own = self.lm.model.generation_config
        return {
            "engine": "transformers",
            "batch_size": self.batch_size,
            "dtype": str(self.lm.model.dtype),
            "device": str(self.lm.device),
            "revision": getattr(self.lm.config, "_commit_hash", None),
            "top_k": TOP_K if own.top_k is None else own.top_k,
            "repetition_penalty": own.repetition_penalty or 1.0,
        }


class HFWithFinishReason(HFLM):  # type: ignore[misc]  # lm-eval has no types
    """HFLM that says why each reply ended and after how many tokens, and ends replies at all of the model's stop ids.

    HFLM stops at the ids of `generation_config` alone; the tokenizer's end-of-sequence id is added here. Replies of models
    whose `generation_config` has it are those of HFLM.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.finish_reasons: list[tuple[FinishReason, int]] = []
        self.dialect: Dialect | None = None

    @property
    def stop_ids(self) -> list[int]:
        """The ids that end a reply."""
        return stop_token_ids(self.tokenizer, self.model.generation_config, self.dialect)

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = True) -> str:
        """Decode tokens; markers of reasoning that are special tokens are kept."""
        ids = tokens.tolist() if hasattr(tokens, "tolist") else tokens
        if not self.dialect or not skip_special_tokens or not isinstance(ids, list):
            return str(super().tok_decode(tokens, skip_special_tokens))
        return decode_reply(self.tokenizer, ids, self.dialect.marker_ids)

    def reply(self, batch: Sequence[ItemRequest]) -> Replies:
        """Answer one batch, whose requests are in lm-eval's order."""
        self.finish_reasons = []
        instances = [
            Instance("generate_until", {}, (item.prompt, dict(item.arguments)), 0, (item.task, index, 1))
            for index, item in enumerate(batch)
        ]
        texts = self.generate_until(instances, disable_tqdm=True)
        if self.dialect and not self.dialect.plain:  # other replies stay as lm-eval's command has them
            texts = [self.dialect.read(text) for text in texts]
        return [
            (item, Completion(text, reason, tokens))
            for item, text, (reason, tokens) in zip(batch, texts, self.finish_reasons, strict=True)
        ]

    def _model_generate(self, context: Any, max_length: int, stop: list[str], **arguments: Any) -> Any:
        if self.stop_ids:
            arguments["eos_token_id"] = self.stop_ids
        output = super()._model_generate(context, max_length, stop, **arguments)
        self.finish_reasons += [self._finish_reason(row, stop) for row in output[:, context.shape[1] :].tolist()]
        return output

    def _finish_reason(self, row: list[int], stop: Sequence[str]) -> tuple[FinishReason, int]:
        """Return why a reply ended and its number of tokens; tokens after the end are the batch's padding."""
        stop_ids = set(self.stop_ids)
        end = next((position for position, token in enumerate(row) if token in stop_ids), None)
        if end is not None:
            return "stop", end + 1

        def has_stop_text(count: int) -> bool:
            text = self.tok_decode(row[:count])
            return any(stop_text in text for stop_text in stop)

        if has_stop_text(len(row)):
            return "stop", bisect_left(range(len(row)), True, key=has_stop_text)
        return "length", len(row)


def seed_everything(seed: int) -> None:
    """Seed as `lm_eval --seed SEED_FOR_PYTHON,seed,seed` does before it loads a model."""
    random.seed(DEFAULT_RANDOM_SEED)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_batches(lm: Any, items: Sequence[ItemRequest], size: int) -> Iterator[list[ItemRequest]]:
    """Yield the batches that lm-eval makes of the requests: by generation arguments, longest prompt first."""
    collator = Collator(
        [(item.prompt, item.arguments, item) for item in items],
        sort_fn=lambda entry: (-len(lm.tok_encode(entry[0])), entry[0]),
        group_by="gen_kwargs",
        group_fn=lambda entry: entry[1],
    )
    for batch in collator.get_batched(n=size):
        yield [item for _, _, item in batch]


def save_rng_state(path: Path, state: RngState) -> None:
    """Save the state of the random numbers after a batch; the file is there whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    content = {"batch": state.batch, "requests": state.requests, "kept": sorted(state.kept)}
    torch.save({**content, "cpu": torch.get_rng_state(), "cuda": devices}, draft)
    draft.replace(path)


def load_rng_state(path: Path) -> RngState | None:
    """Restore the random numbers that an earlier run saved, and return how far it came; None for a new run."""
    if not path.exists():
        return None
    state = torch.load(path, weights_only=True)
    torch.set_rng_state(state["cpu"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    return RngState(state["requests"], int(state["batch"]), frozenset(state["kept"]))
