"""A model behind an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, or a provider that permits the test."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from harness.evaluation.requests import Ask, Done, Replies, Reply, own_seed
from harness.evaluation.responses import Finish
from traceinv.errors import GateError, InputError
from traceinv.reasoning import join_reasoning

TIMEOUT_SECONDS = 3600
RETRIES = 5
MOST_STOPS = 4
"""The most stop sequences that the protocol takes."""


class Server:
    """Asks over HTTP, several at a time; each sample has a seed of its own, for servers that heed one.

    Reasoning that the server returns apart from the answer is put back in front of it between the usual markers; one that was cut
    off stays open, so that no answer is taken from it.
    """

    context: int | None = None

    def __init__(self, model: str, base_url: str, chat: bool, concurrency: int, seed: int) -> None:
        from openai import OpenAI

        key = os.environ.get("OPENAI_API_KEY", "none")
        self.client = OpenAI(base_url=base_url, api_key=key, timeout=TIMEOUT_SECONDS, max_retries=RETRIES)
        self.model, self.base_url, self.chat = model, base_url, chat
        self.concurrency, self.seed = concurrency, seed
        self.chat_template = "" if chat else None

    def render(self, turns: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The messages as JSON: the server applies the template.

        Raises:
            InputError: the task wants to begin the reply itself, which the chat protocol has no place for.
        """
        if not add_generation_prompt:
            raise InputError(
                "this task begins the model's reply itself, which a chat server has no place for; use --form completion"
            )
        return json.dumps(turns, ensure_ascii=False)

    def count_tokens(self, prompt: str) -> int | None:
        return None

    def ask(self, asks: Sequence[Ask], done: Done) -> Iterator[Replies]:
        """Replies one at a time, as they come.

        Raises:
            GateError: the server did not answer, or refused.
        """
        missing = [ask for ask in asks if not done(ask)]
        with ThreadPoolExecutor(self.concurrency) as pool:
            running = {pool.submit(self._reply, ask): ask for ask in missing}
            try:
                for future in as_completed(running):
                    yield [(running[future], future.result())]
            finally:
                pool.shutdown(cancel_futures=True)

    def describe(self) -> dict[str, Any]:
        return {"engine": "openai", "base_url": self.base_url, "concurrency": self.concurrency}

    def _reply(self, ask: Ask) -> Reply:
        from openai import OpenAIError

        try:
            return self._chat(ask) if self.chat else self._complete(ask)
        except OpenAIError as error:
            raise GateError(f"{self.base_url}: {ask.task} {ask.item}: {type(error).__name__}: {error}") from None

    def _chat(self, ask: Ask) -> Reply:
        answer = self.client.chat.completions.create(
            model=self.model, messages=json.loads(ask.prompt), **self._arguments(ask)
        )
        choice = answer.choices[0]
        extra = choice.message.model_extra or {}
        reasoning = extra.get("reasoning") or extra.get("reasoning_content")
        finish = _finish(choice.finish_reason)
        return Reply(join_reasoning(reasoning, choice.message.content), finish, _tokens(answer))

    def _complete(self, ask: Ask) -> Reply:
        answer = self.client.completions.create(model=self.model, prompt=ask.prompt, **self._arguments(ask))
        choice = answer.choices[0]
        return Reply(choice.text, _finish(choice.finish_reason), _tokens(answer))

    def _arguments(self, ask: Ask) -> dict[str, Any]:
        given = ask.arguments
        stops = given.get("until") or []
        if len(stops) > MOST_STOPS:
            raise GateError(f"{ask.task}: {len(stops)} stop sequences, and a server takes {MOST_STOPS}")
        sampled = bool(given.get("do_sample"))
        return {
            "max_tokens": int(given["max_gen_toks"]),
            "temperature": float(given.get("temperature") or 0.0) if sampled else 0.0,
            "top_p": float(given.get("top_p", 1.0)) if sampled else 1.0,
            "seed": own_seed(self.seed, ask),
            **({"stop": stops} if stops else {}),
        }


def _finish(reason: str | None) -> Finish:
    return "stop" if reason == "stop" else "length" if reason == "length" else "other"


def _tokens(answer: Any) -> int | None:
    return int(answer.usage.completion_tokens) if answer.usage else None
