"""The transformers engine: a causal language model in this process."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traceinv.engines.base import Completion, Sampling
from traceinv.formatting import check_prompt, encode_prompt, render_prompt
from traceinv.progress import Progress

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


class TransformersEngine:
    """Batched generation with a Hugging Face causal language model and its tokenizer."""

    def __init__(self, model: Any, tokenizer: "PreTrainedTokenizerBase", batch_size: int = 128) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.batch_size = batch_size

    @classmethod
    def load(cls, path: str | Path, batch_size: int = 128) -> "TransformersEngine":
        """Load weights (safetensors only) and tokenizer from a folder or a hub id, on a GPU where there is one."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        device = "cuda" if torch.cuda.is_available() else "cpu"
        tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(path, use_safetensors=True, dtype="auto")
        return cls(model.to(device), tokenizer, batch_size)

    def render(self, message: str) -> str:
        """A user message in the model's chat template."""
        return render_prompt(self.tokenizer, message)

    def generate(
        self, prompts: Sequence[str], sampling: Sampling, progress: Progress | None = None
    ) -> list[Completion]:
        """One completion a prompt, in their order; prompts of like length share a batch.

        Raises:
            GateError: the first prompt does not pass the render gate.
        """
        import torch

        torch.manual_seed(sampling.seed)
        if prompts:
            check_prompt(self.tokenizer, prompts[0])
        encoded = [encode_prompt(self.tokenizer, prompt) for prompt in prompts]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        completions: dict[int, Completion] = {}
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            replies = self._generate_batch([encoded[i] for i in batch], sampling)
            completions.update(zip(batch, replies, strict=True))
            if progress:
                progress(len(completions) / len(order))
        return [completions[i] for i in range(len(prompts))]

    def _generate_batch(self, batch: list[list[int]], sampling: Sampling) -> list[Completion]:
        import torch

        inputs = self.tokenizer.pad({"input_ids": batch}, padding_side="left", return_tensors="pt")
        inputs = inputs.to(self.model.device)
        with torch.inference_mode():
            output = self.model.generate(
                **inputs,
                max_new_tokens=sampling.max_new_tokens,
                eos_token_id=self.tokenizer.eos_token_id,
                pad_token_id=self.tokenizer.pad_token_id,
                **_sampling_arguments(sampling),
            )
        return [self._completion(row) for row in output[:, inputs["input_ids"].shape[1] :]]

    def _completion(self, row: "torch.Tensor") -> Completion:
        tokens = row.tolist()
        finished = self.tokenizer.eos_token_id in tokens
        if finished:
            tokens = tokens[: tokens.index(self.tokenizer.eos_token_id)]
        text = self.tokenizer.decode(tokens, skip_special_tokens=True)
        return Completion(text, "stop" if finished else "length", len(tokens))


def _sampling_arguments(sampling: Sampling) -> dict[str, Any]:
    if sampling.temperature == 0:
        return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    return {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
