"""Models to ask: lm-eval's own transformers and vLLM backends, made to say how each reply ended and to go on after a kill.

Imports lm-eval: import it late.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.evaluation.requests import Ask, Done, Replies
from traceinv.errors import InputError


class LocalModel:
    """What lm-eval's local models share: their own template and tokenizer."""

    lm: Any

    def render(self, turns: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return str(self.lm.apply_chat_template(turns, add_generation_prompt))

    def count_tokens(self, prompt: str) -> int | None:
        return len(self.lm.tok_encode(prompt))


class Transformers(LocalModel):
    """lm-eval's `hf` model: the same batches in the same order with the same random numbers as `lm_eval --model hf` draws.

    Sampling draws from one stream of random numbers, so the stream's state is kept after each batch: a run that is killed goes
    on with the numbers that it would have had.
    """

    def __init__(self, path: str, arguments: dict[str, Any], batch_size: int, seed: int, state: Path) -> None:
        from harness.evaluation.lm_eval import NotedHF, seed_everything

        seed_everything(seed)
        # "cuda:0" is what lm-eval's command asks for too; without a GPU it means the CPU, which "cuda" does not
        self.lm = NotedHF(**{"pretrained": path, "batch_size": batch_size, "device": "cuda:0"} | arguments)
        self.path, self.batch_size, self.state = path, batch_size, state
        self.context: int | None = int(self.lm.max_length)
        self.chat_template = template_of(self.lm.tokenizer)

    def ask(self, asks: Sequence[Ask], done: Done) -> Iterator[Replies]:
        from harness.evaluation.lm_eval import batches, load_stream, save_stream

        finished = load_stream(self.state)
        for number, batch in enumerate(batches(self.lm, asks, self.batch_size), 1):
            if number <= finished:
                lost = [ask for ask in batch if not done(ask)]
                if lost:
                    raise InputError(
                        f"{self.state}: batch {number} was written, but {lost[0].item} has no record; start in another folder"
                    )
                continue
            yield self.lm.reply(batch)
            save_stream(self.state, number)

    def describe(self) -> dict[str, Any]:
        return {
            "engine": "transformers",
            "batch_size": self.batch_size,
            "dtype": str(self.lm.model.dtype),
            "device": str(self.lm.device),
            "revision": getattr(self.lm.config, "_commit_hash", None),
        }


class VLLM(LocalModel):
    """lm-eval's `vllm` model; each sample has a seed of its own, so what is asked beside it changes nothing."""

    def __init__(self, path: str, arguments: dict[str, Any], batch_size: int, seed: int) -> None:
        try:
            from harness.evaluation.lm_eval_vllm import NotedVLLM
        except ImportError as error:
            raise InputError(
                f"--engine vllm: {error}; vLLM is no dependency of traceinv: pip install vllm"
                " (on a CPU: docs/benchmarks.md)"
            ) from None
        # with a batch size of lm-eval's own, vLLM draws no bar of its own, which fails where bars are turned off
        own = {"pretrained": path, "seed": seed, "batch_size": batch_size, "dtype": vllm_dtype(path, arguments)}
        self.lm = NotedVLLM(**own | arguments)
        self.path, self.batch_size, self.seed = path, batch_size, seed
        self.context: int | None = int(self.lm.max_length)
        self.chat_template = template_of(self.lm.tokenizer)

    def ask(self, asks: Sequence[Ask], done: Done) -> Iterator[Replies]:
        missing = [ask for ask in asks if not done(ask)]
        for start in range(0, len(missing), self.batch_size):
            yield self.lm.reply(missing[start : start + self.batch_size], self.seed)

    def describe(self) -> dict[str, Any]:
        return {
            "engine": "vllm",
            "batch_size": self.batch_size,
            "dtype": str(self.lm.model.llm_engine.model_config.dtype),
            "revision": getattr(self.lm._config, "_commit_hash", None),
        }


def vllm_dtype(path: str, arguments: Mapping[str, Any]) -> str:
    """The type to run a checkpoint in: by itself vLLM runs float32 weights in 16 bits, and so answers other than transformers.

    Of any other type vLLM knows best what the device can do.
    """
    from transformers import AutoConfig

    loading = {key: arguments[key] for key in ("revision", "trust_remote_code") if key in arguments}
    dtype = getattr(AutoConfig.from_pretrained(path, **loading), "dtype", None)
    return "float32" if str(dtype) == "torch.float32" else "auto"


def template_of(tokenizer: Any) -> str | None:
    """A tokenizer's chat template as text."""
    template = tokenizer.chat_template
    return repr(sorted(template.items())) if isinstance(template, dict) else template
