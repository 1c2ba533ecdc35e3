"""An engine as an lm-eval model, so that lm-eval's tasks, prompts and metrics drive it. Imports lm-eval: import it late."""

from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from traceinv.engines import Completion, Engine, Sampling
from traceinv.engines.base import Progress


class EngineLM(LM):  # type: ignore[misc]  # lm-eval has no types
    """Answers lm-eval's generation requests through an engine, and keeps each completion with its finish reason.

    Attributes:
        completions: by (task, item's index, sample's index).
    """

    def __init__(self, engine: Engine, progress: Progress | None = None) -> None:
        super().__init__()
        self.engine = engine
        self.progress = progress
        self.completions: dict[tuple[str, int, int], Completion] = {}

    @property
    def tokenizer_name(self) -> str:
        return type(self.engine).__name__

    def chat_template(self, chat_template: bool | str = False) -> str:
        return "the engine's own"

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """Render one user message; the formatter that training uses, so that both see the same text.

        Raises:
            ValueError: the conversation is anything but one user message.
        """
        if [turn["role"] for turn in chat_history] != ["user"] or not add_generation_prompt:
            raise ValueError("tasks are asked as one user message, with neither system prompt nor examples")
        return self.engine.render(chat_history[0]["content"])

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        groups: dict[str, list[int]] = {}
        for index, request in enumerate(requests):
            groups.setdefault(repr(sorted(request.args[1].items())), []).append(index)
        texts: dict[int, str] = {}
        for indices in groups.values():
            sampling = _sampling(requests[indices[0]].args[1])
            report = self._share(len(texts) / len(requests), len(indices) / len(requests))
            replies = self.engine.generate([requests[i].args[0] for i in indices], sampling, report)
            for index, reply in zip(indices, replies, strict=True):
                request = requests[index]
                self.completions[request.task_name, request.doc_id, request.idx] = reply
                texts[index] = reply.text
        return [texts[index] for index in range(len(requests))]

    def _share(self, done: float, share: float) -> Progress | None:
        progress = self.progress
        return (lambda part: progress(done + share * part)) if progress else None

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        raise NotImplementedError("engines write text; tasks that score given continuations are not supported")

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        raise NotImplementedError("engines write text; tasks that score given text are not supported")


def _sampling(arguments: dict[str, Any]) -> Sampling:
    """A task's generation arguments as sampling; an argument that would be ignored is refused.

    Raises:
        ValueError: an argument that engines do not know, or stop sequences.
    """
    known = {"until", "do_sample", "temperature", "top_p", "max_gen_toks"}
    unknown = sorted(set(arguments) - known)
    if unknown or arguments.get("until"):
        raise ValueError(f"generation arguments that engines do not know: {unknown or ['until']}")
    temperature = float(arguments.get("temperature") or 0.0)
    if bool(arguments.get("do_sample")) != (temperature > 0):
        raise ValueError("do_sample and temperature contradict each other")
    return Sampling(
        temperature=temperature,
        top_p=float(arguments.get("top_p", 1.0)),
        max_new_tokens=int(arguments["max_gen_toks"]),
    )
