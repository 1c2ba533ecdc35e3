"""The openai engine: a model behind an OpenAI-compatible server, such as vLLM, SGLang, llama.cpp, Ollama or a provider."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from typing import Any

from traceinv.engines.base import Completion, IsDone, Message, Replies, Request, none_done
from traceinv.errors import GateError, InputError
from traceinv.reasoning import join_reasoning
from traceinv.records import FinishReason

TIMEOUT_SECONDS = 3600
RETRIES = 5
MAX_STOPS = 4
"""The most stop texts that the protocol takes."""


class OpenAIEngine:
    """Asks over HTTP, several requests at a time; each request has its own seed, for servers that use one.

    Reasoning that the server returns apart from the answer is put back before it, between markers. Reasoning without an
    answer stays unclosed.
    """

    context: int | None = None

    def __init__(
        self,
        model: str,
        base_url: str,
        chat: bool = True,
        concurrency: int = 8,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a client; nothing is asked yet.

        Args:
            model: the server's name for the model.
            chat: ask for chat completions, to which the server applies its template; otherwise for plain completions.
            concurrency: requests under way at a time.
            extra_body: fields that every request carries besides the protocol's, such as vLLM's `top_k`.
        """
        from openai import OpenAI

        key = os.environ.get("OPENAI_API_KEY", "none")
        self.client = OpenAI(base_url=base_url, api_key=key, timeout=TIMEOUT_SECONDS, max_retries=RETRIES)
        self.model, self.base_url, self.chat, self.concurrency = model, base_url, chat, concurrency
        self.extra_body = dict(extra_body or {})
        self.chat_template: str | None = "" if chat else None

    @classmethod
    def load(
        cls,
        model: str,
        base_url: str,
        chat: bool = True,
        concurrency: int = 8,
        extra_body: Mapping[str, Any] | None = None,
    ) -> "OpenAIEngine":
        """Make a client for the model of that name."""
        return cls(str(model), base_url, chat, concurrency, extra_body)

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        """Encode a conversation as JSON; the server applies the template.

        Raises:
            InputError: the conversation ends with the beginning of the reply, which the chat protocol has no place for.
        """
        if not add_generation_prompt:
            raise InputError(
                "this task begins the model's reply itself, which a chat server has no place for; use --form completion"
            )
        return json.dumps(list(messages), ensure_ascii=False)

    def count_tokens(self, prompt: str) -> int | None:
        """Return None: the server's tokenizer is not known."""
        return None

    def generate(self, requests: Sequence[Request], is_done: IsDone = none_done) -> Iterator[Replies]:
        """Answer one request at a time, as the replies arrive.

        Raises:
            GateError: the server refused a request or did not answer; replies that were under way are yielded first.
        """
        missing = [request for request in requests if not is_done(request)]
        failure: GateError | None = None
        with ThreadPoolExecutor(self.concurrency) as pool:
            running = {pool.submit(self._complete, request): request for request in missing}
            try:
                for future in as_completed(running):
                    try:
                        yield [(running[future], future.result())]
                    except GateError as error:
                        failure = failure or error
                        _cancel(running)
                    except CancelledError:
                        continue
            finally:
                _cancel(running)
        if failure:
            raise failure

    def describe(self) -> dict[str, Any]:
        """Describe the model for a record."""
        extra = {"extra_body": self.extra_body} if self.extra_body else {}
        return {"engine": "openai", "base_url": self.base_url, "concurrency": self.concurrency, **extra}

    def _complete(self, request: Request) -> Completion:
        from openai import OpenAIError

        try:
            return self._chat_completion(request) if self.chat else self._text_completion(request)
        except OpenAIError as error:
            raise GateError(f"{self.base_url}: {request.id}: {type(error).__name__}: {error}") from None

    def _chat_completion(self, request: Request) -> Completion:
        response = self.client.chat.completions.create(
            model=self.model, messages=json.loads(request.prompt), **self._arguments(request)
        )
        choice = response.choices[0]
        extra = choice.message.model_extra or {}
        reasoning = extra.get("reasoning") or extra.get("reasoning_content")
        text = join_reasoning(reasoning, choice.message.content)
        return Completion(text, _finish_reason(choice.finish_reason), _tokens(response))

    def _text_completion(self, request: Request) -> Completion:
        response = self.client.completions.create(model=self.model, prompt=request.prompt, **self._arguments(request))
        choice = response.choices[0]
        return Completion(choice.text, _finish_reason(choice.finish_reason), _tokens(response))

    def _arguments(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        if len(sampling.stop) > MAX_STOPS:
            raise GateError(f"{request.id}: {len(sampling.stop)} stop texts; a server takes at most {MAX_STOPS}")
        return {
            "max_tokens": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p if sampling.temperature else 1.0,
            "seed": request.seed,
            **({"stop": list(sampling.stop)} if sampling.stop else {}),
            **({"extra_body": self.extra_body} if self.extra_body else {}),
        }


def _cancel(futures: Mapping[Future[Completion], Request]) -> None:
    """Cancel the requests that are not under way yet."""
    for future in futures:
        future.cancel()


def _finish_reason(reason: str | None) -> FinishReason:
    return "stop" if reason == "stop" else "length" if reason == "length" else "other"


def _tokens(response: Any) -> int | None:
    return int(response.usage.completion_tokens) if response.usage else None
