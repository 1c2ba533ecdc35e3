"""The transformers engine: a causal language model in this process."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traceinv.dialect import Dialect, StatedDialect, load_tokenizer, read_dialect
from traceinv.digests import digest_text
from traceinv.engines.base import NEUTRAL, Completion, IsDone, Message, Replies, Request, Sampling, Watch, none_done
from traceinv.engines.stopping import check_fits, cut_at_stop, stop_token_ids
from traceinv.engines.watching import told
from traceinv.errors import GateError
from traceinv.formatting import check_prompts, decode_reply, encode_prompt, render_messages, template_source
from traceinv.weights import check_finite

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

BATCH_SIZE = 128
NO_LENGTH = 10**9
"""Tokenizers without a limit give a number beyond this as theirs."""


class TransformersEngine:
    """Batched generation with a Hugging Face causal language model and its tokenizer.

    Attributes:
        watch: told after each token how far the replies under way are; None for nobody.
        fitting: prompts at a time; halved where the memory does not suffice.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: "PreTrainedTokenizerBase",
        batch_size: int = BATCH_SIZE,
        chat: bool | None = None,
    ) -> None:
        """Wrap a loaded model.

        The model's generation config is replaced by one that has its stop tokens alone, so that no sampling default of
        the checkpoint reaches a reply.

        Args:
            chat: whether prompts come from the chat template, which writes all special tokens itself. By default, whether
                there is a template.
        """
        from transformers import GenerationConfig

        self.model, self.tokenizer, self.batch_size = model.eval(), tokenizer, batch_size
        self.context = _context(model.config, tokenizer)
        self.chat_template = template_source(tokenizer)
        self.chat = self.chat_template is not None if chat is None else chat
        self.dialect: Dialect | None = read_dialect(tokenizer) if self.chat else None
        self.stop_ids = stop_token_ids(tokenizer, model.generation_config, self.dialect)
        self.pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (self.stop_ids or [0])[0]
        model.generation_config = GenerationConfig(eos_token_id=self.stop_ids or None, pad_token_id=self.pad_id)
        self.watch: Watch | None = None
        self.fitting = batch_size

    @classmethod
    def load(
        cls,
        model: str | Path,
        batch_size: int = BATCH_SIZE,
        chat: bool | None = None,
        arguments: Mapping[str, Any] | None = None,
        dialect: StatedDialect | None = None,
    ) -> "TransformersEngine":
        """Load weights (safetensors only) and tokenizer, on a GPU where there is one.

        Args:
            model: a folder or a hub id.
            arguments: keyword arguments of `AutoModelForCausalLM.from_pretrained`.
            dialect: what is stated about how the model writes a reply.
        """
        import torch
        from transformers import AutoModelForCausalLM

        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = (
            "auto" if device == "cuda" else "float32"
        )  # most CPUs have no arithmetic in 16 bits, and are 4 times slower
        given = {"trust_remote_code": False, "dtype": dtype} | dict(arguments or {}) | {"use_safetensors": True}
        files = {key: given[key] for key in ("revision", "trust_remote_code") if key in given}
        tokenizer = load_tokenizer(model, dialect, padding_side="left", **files)
        weights = AutoModelForCausalLM.from_pretrained(model, **given)
        check_finite(weights, model)
        return cls(weights.to(device), tokenizer, batch_size, chat)

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        """Render a conversation in the model's chat template."""
        return render_messages(self.tokenizer, messages, add_generation_prompt)

    def count_tokens(self, prompt: str) -> int | None:
        """Count the tokens of a prompt."""
        return len(self._encode(prompt))

    def generate(self, requests: Sequence[Request], is_done: IsDone = none_done) -> Iterator[Replies]:
        """Answer batch by batch.

        Batches are made of all requests. A batch that is done is skipped; one that is partly done is computed whole, with
        the random numbers that it had before.

        Raises:
            GateError: a prompt does not pass the render gate, or a single reply does not fit into memory.
            InputError: a prompt does not fit into the context.
        """
        encoded = [self._encode(request.prompt) for request in requests]
        if self.chat:
            check_prompts(self.tokenizer, [request.prompt for request in requests], encoded)
        check_fits(requests, [len(ids) for ids in encoded], self.context)
        for batch in make_batches(requests, [len(ids) for ids in encoded], self.batch_size):
            members = [requests[i] for i in batch]
            if not all(map(is_done, members)):
                completions = self._generate_fitting(members, [encoded[i] for i in batch])
                yield list(zip(members, completions, strict=True))

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return the batches in which requests are answered, as indices."""
        return make_batches(requests, [len(self._encode(request.prompt)) for request in requests], self.batch_size)

    def describe(self) -> dict[str, Any]:
        """Describe the model for a record."""
        halved = {"fitting_batch_size": self.fitting} if self.fitting < self.batch_size else {}
        return {
            "engine": "transformers",
            "batch_size": self.batch_size,
            **halved,
            "dtype": str(self.model.dtype),
            "device": str(self.model.device),
            "revision": getattr(self.model.config, "_commit_hash", None),
            **NEUTRAL,
        }

    def _encode(self, prompt: str) -> list[int]:
        return encode_prompt(self.tokenizer, prompt, add_special_tokens=not self.chat)

    def _generate_fitting(self, requests: Sequence[Request], encoded: Sequence[list[int]]) -> list[Completion]:
        """Answer a batch in parts that fit into memory: where one does not, this one and all later ones are halved.

        Raises:
            GateError: a single prompt does not fit.
        """
        completions: list[Completion] = []
        while len(completions) < len(requests):
            part = slice(len(completions), len(completions) + self.fitting)
            try:
                completions += self._generate_batch(requests[part], encoded[part])
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                size = len(requests[part])
                if size == 1:
                    raise GateError(
                        f"{requests[part][0].id}: a single reply does not fit into memory: {error}"
                    ) from error
                self.fitting = size // 2
            _free_memory()
        return completions

    def _generate_batch(self, requests: Sequence[Request], encoded: Sequence[list[int]]) -> list[Completion]:
        import torch

        sampling = requests[0].sampling
        longest = max(map(len, encoded))
        ids = torch.tensor([[self.pad_id] * (longest - len(row)) + row for row in encoded], device=self.model.device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in encoded], device=self.model.device)
        torch.manual_seed(batch_seed(requests))
        with torch.inference_mode(), told(self.watch, self.model, sampling.max_new_tokens):
            output = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=sampling.max_new_tokens,
                stopping_criteria=self._stopping_criteria(sampling.stop, longest),
                **_sampling_arguments(sampling),
            )
        return [self._completion(row, sampling.stop) for row in output[:, longest:].tolist()]

    def _stopping_criteria(self, stops: Sequence[str], start: int) -> Any:
        """Return criteria that end a row once its reply, which begins at position `start`, has a stop text."""
        from transformers import StoppingCriteriaList

        return StoppingCriteriaList([_has_stop(self.tokenizer, stops, start)] if stops else [])

    def _completion(self, ids: list[int], stops: Sequence[str]) -> Completion:
        end = next((position for position, token in enumerate(ids) if token in self.stop_ids), None)
        text = self._decode(ids[:end])
        cut = cut_at_stop(text, stops)
        if cut is not None:
            return Completion(self._read(cut), "stop", self._tokens_up_to_stop(ids, stops))
        return Completion(self._read(text), *(("length", len(ids)) if end is None else ("stop", end + 1)))

    def _decode(self, ids: Sequence[int]) -> str:
        return decode_reply(self.tokenizer, ids, self.dialect.marker_ids if self.dialect else frozenset())

    def _read(self, text: str) -> str:
        return self.dialect.read(text) if self.dialect else text

    def _tokens_up_to_stop(self, ids: list[int], stops: Sequence[str]) -> int:
        """Count the tokens up to the one that completes a stop text."""

        def stopped(count: int) -> bool:
            return cut_at_stop(self._decode(ids[:count]), stops) is not None

        return bisect_left(range(len(ids)), True, key=stopped)


def make_batches(requests: Sequence[Request], lengths: Sequence[int], size: int) -> list[list[int]]:
    """Return batches as indices of requests: equal sampling but for the seed, shortest prompts first.

    Args:
        lengths: tokens of each prompt.
        size: requests a batch, at most.
    """
    groups: dict[Sampling, list[int]] = {}
    for index, request in enumerate(requests):
        groups.setdefault(request.sampling.model_copy(update={"seed": 0}), []).append(index)
    ordered = [sorted(group, key=lambda i: lengths[i]) for group in groups.values()]
    return [group[start : start + size] for group in ordered for start in range(0, len(group), size)]


def batch_seed(requests: Sequence[Request]) -> int:
    """Return the seed of a batch's random numbers, which depends on its requests alone."""
    return int(digest_text(" ".join(str(request.seed) for request in requests))[:8], 16) >> 1


def _has_stop(tokenizer: Any, stops: Sequence[str], start: int) -> "Callable[..., torch.Tensor]":
    # a token has at least one byte, so a stop text that the last token completes lies within so many tokens
    most = max(len(stop.encode("utf-8", "surrogatepass")) for stop in stops) + 1

    def ended(input_ids: "torch.Tensor", scores: Any, **_: Any) -> "torch.Tensor":
        import torch

        tails = tokenizer.batch_decode(input_ids[:, max(start, input_ids.shape[1] - most) :])
        return torch.tensor([cut_at_stop(tail, stops) is not None for tail in tails], device=input_ids.device)

    return ended


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error says that the memory of a GPU or of this machine does not suffice."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _free_memory() -> None:
    """Give the GPU back what the last batch has left, so that a batch of another shape finds room."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _context(config: Any, tokenizer: Any) -> int | None:
    config = config.get_text_config()
    for name in ("max_position_embeddings", "n_positions", "n_ctx"):
        length = getattr(config, name, None)
        if length:
            return int(length)
    return int(tokenizer.model_max_length) if tokenizer.model_max_length < NO_LENGTH else None


def _sampling_arguments(sampling: Sampling) -> dict[str, Any]:
    """Name every argument that shapes the distribution, so that no default of the library or the checkpoint does."""
    neutral = {**NEUTRAL, "num_beams": 1}
    if sampling.temperature == 0:
        return {**neutral, "do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    return {**neutral, "do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p}
