"""lm-eval's transformers model as an engine, for responses that are byte-identical with those of the `lm_eval` command.

Import this module late: it imports lm-eval and torch.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lm_eval.defaults import DEFAULT_RANDOM_SEED
from lm_eval.models.utils import Collator

from harness.evaluation.hf_model import HFWithFinishReason
from harness.evaluation.requests import ItemRequest
from traceinv.dialect import adapt, read_dialect, stated_of
from traceinv.digests import digest_json
from traceinv.engines.base import IsDone, Message, Replies, Request, RequestKey, Watch, none_done
from traceinv.errors import InputError
from traceinv.formatting import check_prompt, template_source
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
        chat: bool = True,
        template: Mapping[str, bool | int | str] | None = None,
    ) -> None:
        """Load the model.

        Args:
            path: a folder or a hub id.
            arguments: further arguments of lm-eval's model.
            batch_size: prompts at a time.
            seed: of all sampling.
            rng_state: file for the state of the random numbers; a killed run left it there.
            check_prompts: refuse to ask where the tokens of the first prompt do not decode to it, let a model reason whose chat
                template would close the reasoning in the prompt, as in training, and compute in float32 on a CPU, as all
                other stages do.
            chat: whether prompts come from the chat template where there is one. It writes all special tokens itself, so the
                tokenizer adds none, as in training.
            template: variables of the chat template.

        Raises:
            InputError: the chat template does not read such a variable.
        """
        seed_everything(seed)
        # "cuda:0" as lm-eval's command has it; without a GPU lm-eval reads it as the CPU
        given = {"pretrained": path, "batch_size": batch_size, "device": "cuda:0"} | arguments
        variables = _take_variables(given) | dict(template or {})
        if check_prompts and not torch.cuda.is_available():
            given = {"dtype": "float32"} | given
        self.lm = HFWithFinishReason(**given | {"use_safetensors": True})  # other files could run code
        check_finite(self.lm.model, path)
        self.batch_size, self.rng_state, self.check_prompts = batch_size, rng_state, check_prompts
        self.context: int | None = int(self.lm.max_length)
        self.lm.tokenizer = self._adapted(variables)
        self.chat_template = template_source(self.lm.tokenizer)
        self.lm.dialect = read_dialect(self.lm.tokenizer) if self.chat_template else None
        if chat and self.chat_template is not None and self.lm.add_bos_token is None:
            self.lm.add_bos_token = False

    @property
    def watch(self) -> Watch | None:
        """Who is told after each token how far the replies under way are."""
        return self.lm.watch

    @watch.setter
    def watch(self, watch: Watch | None) -> None:
        self.lm.watch = watch

    def _adapted(self, variables: Mapping[str, bool | int | str]) -> Any:
        tokenizer = self.lm.tokenizer
        said = stated_of(tokenizer)
        stated = said.model_copy(update={"template": said.template | dict(variables)}) if variables else None
        return adapt(tokenizer, stated, switch=self.check_prompts)

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


def _take_variables(arguments: dict[str, Any]) -> dict[str, Any]:
    """Take the variables of the chat template out of the arguments of lm-eval's model.

    The marker that ends the reasoning goes too. lm-eval would cut off what is before it; what is left could not be told from
    reasoning that never ended, and graders read the reasoning themselves.
    """
    arguments.pop("think_end_token", None)
    variables = dict(arguments.pop("chat_template_args", None) or {})
    thinking = arguments.pop("enable_thinking", None)
    return variables if thinking is None else variables | {"enable_thinking": thinking}


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
