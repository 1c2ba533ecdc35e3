"""The vllm engine: a model on the `vllm` package, which is no dependency of this one."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from traceinv.dialect import Dialect, StatedDialect, adapt, read_dialect
from traceinv.engines.base import NEUTRAL, Completion, IsDone, Message, Replies, Request, batches_in_order, none_done
from traceinv.engines.stopping import check_fits, cut_at_stop, stop_token_ids
from traceinv.errors import GateError, InputError
from traceinv.formatting import check_prompts, decode_reply, encode_prompt, render_messages, template_source
from traceinv.records import FinishReason

BATCH_SIZE = 256


class VLLMEngine:
    """vLLM's offline engine; each request has its own seed, so a reply does not depend on what is asked beside it."""

    def __init__(
        self,
        llm: Any,
        generation_config: Any = None,
        batch_size: int = BATCH_SIZE,
        chat: bool | None = None,
        dialect: StatedDialect | None = None,
    ) -> None:
        """Wrap a loaded `vllm.LLM`.

        Args:
            generation_config: the checkpoint's, for its stop tokens; None where it has none.
            batch_size: how many replies arrive together; vLLM itself decides how many run at a time.
            chat: whether prompts come from the chat template, which writes all special tokens itself. By default, whether
                there is a template.
            dialect: what is stated about how the model writes a reply.
        """
        self.llm, self.batch_size = llm, batch_size
        self.tokenizer = adapt(llm.get_tokenizer(), dialect)
        self.config = llm.llm_engine.model_config
        self.context: int | None = int(self.config.max_model_len)
        self.chat_template = template_source(self.tokenizer)
        self.chat = self.chat_template is not None if chat is None else chat
        self.dialect: Dialect | None = read_dialect(self.tokenizer) if self.chat else None
        self.stop_ids = stop_token_ids(self.tokenizer, generation_config, self.dialect)

    @classmethod
    def load(
        cls,
        model: str | Path,
        batch_size: int = BATCH_SIZE,
        chat: bool | None = None,
        arguments: Mapping[str, Any] | None = None,
        dialect: StatedDialect | None = None,
        tensor_parallel: int = 1,
    ) -> "VLLMEngine":
        """Load a checkpoint.

        Args:
            model: a folder or a hub id.
            arguments: keyword arguments of `vllm.LLM`; they go before the engine's own.
            dialect: what is stated about how the model writes a reply.
            tensor_parallel: devices of this machine that the model is split over.

        Raises:
            InputError: vLLM is not installed.
        """
        try:
            from vllm import LLM
        except ImportError as error:
            raise InputError(
                f"engine vllm: {error}; install it with pip install vllm (on a CPU: docs/benchmarks.md)"
            ) from None
        given = dict(arguments or {})
        # "vllm" keeps the checkpoint's own sampling defaults, which no record would show, out of the replies
        own: dict[str, Any] = {"dtype": vllm_dtype(str(model), given), "generation_config": "vllm"}
        if tensor_parallel > 1:  # in processes of its own, also inside a task of Ray, whose placement it must not use
            own |= {"tensor_parallel_size": tensor_parallel, "distributed_executor_backend": "mp"}
        llm = LLM(model=str(model), **(own | given))
        return cls(llm, _generation_config(str(model), given), batch_size, chat, dialect)

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        """Render a conversation in the model's chat template."""
        return render_messages(self.tokenizer, messages, add_generation_prompt)

    def count_tokens(self, prompt: str) -> int | None:
        """Count the tokens of a prompt."""
        return len(self._encode(prompt))

    def generate(self, requests: Sequence[Request], is_done: IsDone = none_done) -> Iterator[Replies]:
        """Answer what is missing, some at a time.

        Raises:
            GateError: a prompt does not pass the render gate, or vLLM's engine process died.
            InputError: a prompt does not fit into the context.
        """
        missing = [request for request in requests if not is_done(request)]
        encoded = [self._encode(request.prompt) for request in missing]
        if self.chat:
            check_prompts(self.tokenizer, [request.prompt for request in missing], encoded)
        check_fits(missing, [len(ids) for ids in encoded], self.context)
        for start in range(0, len(missing), self.batch_size):
            batch = slice(start, start + self.batch_size)
            yield self._generate_batch(missing[batch], encoded[batch])

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return the batches in which requests are answered, as indices."""
        return batches_in_order(len(requests), self.batch_size)

    def describe(self) -> dict[str, Any]:
        """Describe the model for a record."""
        return {
            "engine": "vllm",
            "batch_size": self.batch_size,
            "dtype": str(self.config.dtype),
            "revision": getattr(self.config.hf_config, "_commit_hash", None),
            **NEUTRAL,
        }

    def _encode(self, prompt: str) -> list[int]:
        return encode_prompt(self.tokenizer, prompt, add_special_tokens=not self.chat)

    def _generate_batch(self, requests: Sequence[Request], encoded: Sequence[list[int]]) -> Replies:
        from vllm import TokensPrompt
        from vllm.v1.engine.exceptions import EngineDeadError

        prompts = [TokensPrompt(prompt_token_ids=ids) for ids in encoded]
        try:
            outputs = self.llm.generate(prompts, [self._parameters(request) for request in requests], use_tqdm=False)
        except EngineDeadError as error:
            raise GateError(f"vLLM's engine died: {error}") from error
        return [
            (request, self._completion(request, output.outputs[0]))
            for request, output in zip(requests, outputs, strict=True)
        ]

    def _completion(self, request: Request, output: Any) -> Completion:
        reason: FinishReason = output.finish_reason if output.finish_reason in ("stop", "length") else "other"
        text, ids = output.text, list(output.token_ids)
        if self.dialect and self.dialect.marker_ids:  # vLLM keeps all special tokens or none
            end = next((position for position, token in enumerate(ids) if token in self.stop_ids), None)
            text = decode_reply(self.tokenizer, ids[:end], self.dialect.marker_ids)
            cut = cut_at_stop(text, request.sampling.stop)
            text = text if cut is None else cut
        return Completion(self.dialect.read(text) if self.dialect else text, reason, len(ids))

    def _parameters(self, request: Request) -> Any:
        from vllm import SamplingParams

        sampling = request.sampling
        return SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p if sampling.temperature else 1.0,
            **NEUTRAL,
            max_tokens=sampling.max_new_tokens,
            seed=request.seed,
            stop=list(sampling.stop),
            stop_token_ids=self.stop_ids,
            skip_special_tokens=not (self.dialect and self.dialect.marker_ids),
            spaces_between_special_tokens=False,
        )


def vllm_dtype(model: str, arguments: Mapping[str, Any]) -> str:
    """Return the data type to run a checkpoint in.

    By default vLLM runs float32 weights in 16 bits and so answers differently from transformers; these get float32. For
    other weights vLLM chooses what the device can do.
    """
    from transformers import AutoConfig

    loading = {"trust_remote_code": False} | _loading(arguments)
    dtype = getattr(AutoConfig.from_pretrained(model, **loading), "dtype", None)
    return "float32" if str(dtype) == "torch.float32" else "auto"


def _generation_config(model: str, arguments: Mapping[str, Any]) -> Any:
    from transformers import GenerationConfig

    try:
        return GenerationConfig.from_pretrained(model, **_loading(arguments))
    except OSError:
        return None


def _loading(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Select the arguments that say which files of a checkpoint are read."""
    return {key: arguments[key] for key in ("revision", "trust_remote_code") if key in arguments}
