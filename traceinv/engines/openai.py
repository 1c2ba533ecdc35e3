"""The openai engine: a model behind an OpenAI-compatible server, such as vLLM, SGLang, llama.cpp, Ollama or a provider."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

from traceinv.engines.asking import (
    LONGEST_OBEYED,
    NO_KEY,
    Fault,
    Pace,
    Refused,
    Unanswered,
    fault_of,
    hide,
)
from traceinv.engines.base import Completion, IsDone, Message, Replies, Request, none_done
from traceinv.engines.budget import Budget, BudgetSpent, Ledger
from traceinv.engines.replies import read_response
from traceinv.errors import GateError, InputError

TIMEOUT_SECONDS = 3600.0
RETRIES = 5
KEY_VARIABLE = "OPENAI_API_KEY"
MAX_STOPS = 4
"""The most stop texts that the protocol takes."""
FAILURES_IN_A_ROW = 10
"""After so many requests without an answer and none with one, the others are not sent."""
LISTED = 10
"""The most failed requests that an error names."""
TEMPLATE_TOKENS = 200
"""Tokens that a server's template may add to a conversation."""


class OpenAIEngine:
    """Asks over HTTP, several requests at a time; each request has its own seed, for servers that use one.

    Reasoning that the server returns apart from the answer is put back before it, between markers. Reasoning without an
    answer stays unclosed.

    Attributes:
        alone: whether a reply is awaited before the next request is sent; whoever reads the replies may change it at any time.
    """

    context: int | None = None
    alone: bool = False

    def __init__(
        self,
        model: str,
        base_url: str,
        chat: bool = True,
        concurrency: int = 8,
        extra_body: Mapping[str, Any] | None = None,
        key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        ledger: Ledger | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Make a client; nothing is asked yet.

        Args:
            model: the server's name for the model.
            chat: ask for chat completions, to which the server applies its template; otherwise for plain completions.
            concurrency: requests under way at a time.
            extra_body: fields that every request carries besides the protocol's, such as vLLM's `top_k`.
            key: by default that of OPENAI_API_KEY, if it is set.
            timeout: seconds to wait for an answer.
            retries: how often a request is sent again.
            ledger: what may be spent; without one nothing is limited.
            pace: when requests may be sent.
        """
        from openai import OpenAI

        from traceinv.engines.bounded import HEADERS, bounded_client

        self._key = key or os.environ.get(KEY_VARIABLE, "").strip() or NO_KEY
        # This engine repeats requests itself: the client counts none of them and ignores a Retry-After of over two minutes.
        self.client = OpenAI(
            base_url=base_url,
            api_key=self._key,
            timeout=timeout,
            max_retries=0,
            default_headers=HEADERS,
            http_client=bounded_client(),
        )
        self.model, self.base_url, self.chat, self.concurrency = model, base_url, chat, concurrency
        self.extra_body = dict(extra_body or {})
        self.chat_template: str | None = "" if chat else None
        self.retries = retries
        self.ledger, self.pace = ledger or Ledger(Budget()), pace or Pace()

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
        """Answer one request at a time, as the replies arrive; several are sent once a first reply has been read.

        A request that fails does not keep others from being answered, unless none can be: the key is wrong, the budget is spent,
        or `FAILURES_IN_A_ROW` have failed. Those under way are then waited for.

        Raises:
            GateError: some request has no answer; the message lists them. All answers are yielded first.
        """
        missing = [request for request in requests if not is_done(request)]
        waiting = iter(missing)
        failed: dict[str, str] = {}
        stopped, in_a_row, read = "", 0, len(missing) < len(requests)
        running: dict[Future[Completion], Request] = {}
        with ThreadPoolExecutor(self.concurrency) as pool:
            while True:
                # A request is sent only when an earlier answer is stored: a kill loses no more answers than are under way.
                at_once = self.concurrency if read and not self.alone else 1
                free = 0 if stopped or in_a_row >= FAILURES_IN_A_ROW else at_once - len(running)
                for following in islice(waiting, max(0, free)):
                    running[pool.submit(self._complete, following)] = following
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    request = running.pop(future)
                    try:
                        completion = future.result()
                    except (BudgetSpent, Refused) as error:
                        stopped = stopped or str(error)
                    except Unanswered as error:
                        failed[request.id] = str(error)
                        in_a_row += 1
                    else:
                        in_a_row = 0
                        yield [(request, completion)]
                        read = True
        if stopped or failed:
            raise GateError(hide(self._failure(stopped, failed, len(missing)), self._key))

    def describe(self) -> dict[str, Any]:
        """Describe the model for a record."""
        extra = {"extra_body": self.extra_body} if self.extra_body else {}
        return {"engine": "openai", "base_url": self.base_url, "concurrency": self.concurrency, **extra}

    def _failure(self, stopped: str, failed: Mapping[str, str], asked: int) -> str:
        """Say in one line what stopped the engine and which requests failed."""
        parts = [stopped] if stopped else []
        if failed:
            listed = "; ".join(f"{name}: {reason}" for name, reason in list(failed.items())[:LISTED])
            more = f"; and {len(failed) - LISTED} more" if len(failed) > LISTED else ""
            parts.append(f"{len(failed)} of {asked} requests have no answer: {listed}{more}")
        return f"{self.base_url}: {'; '.join(parts)}; answers that arrived are kept, and the same command goes on"

    def _complete(self, request: Request) -> Completion:
        """Send a request until it is answered.

        Raises:
            Unanswered: it failed.
            Refused: no request can succeed.
            BudgetSpent: it might go beyond the budget.
        """
        arguments = self._arguments(request)
        prompt_tokens = (
            len(request.prompt.encode("utf-8", "surrogatepass")) + TEMPLATE_TOKENS
        )  # a token has a byte or more
        for attempt in range(self.retries + 1):
            self.pace.wait()
            number = self.ledger.reserve(prompt_tokens, request.sampling.max_new_tokens)
            try:
                completion, usage = self._ask(request, arguments)
            except Exception as error:  # noqa: BLE001  `fault_of` raises what is no fault of the server
                fault = self._fault(error, number)
            else:
                self.ledger.settle(number, *usage)
                return completion
            if not fault.again or (fault.wait or 0) > LONGEST_OBEYED or attempt == self.retries:
                break
            if fault.wait is None:
                self.pace.back_off(attempt)
            else:
                self.pace.pause(fault.wait)
        times = f" ({attempt + 1} times)" if attempt else ""
        asks = f", and the server asks to wait {fault.wait:.0f} s" if (fault.wait or 0) > LONGEST_OBEYED else ""
        raise Unanswered(hide(f"{fault.reason}{times}{asks}", self._key)) from None

    def _fault(self, error: Exception, number: int) -> Fault:
        """Read an error, and settle in the ledger what the server cannot bill."""
        try:
            fault = fault_of(error)
        except Refused as refused:
            self.ledger.settle(number, 0, 0)
            raise Refused(hide(str(refused), self._key)) from None
        self.ledger.settle(number, *((None, None) if fault.sent else (0, 0)))
        return fault

    def _ask(self, request: Request, arguments: Mapping[str, Any]) -> tuple[Completion, tuple[int | None, int | None]]:
        """Send a request once; return its reply, and its tokens as the server counts prompt and reply."""
        if self.chat:
            response = self.client.chat.completions.create(
                model=self.model, messages=json.loads(request.prompt), **arguments
            )
        else:
            response = self.client.completions.create(model=self.model, prompt=request.prompt, **arguments)
        return read_response(response, self.chat, self._key)

    def _arguments(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        if len(sampling.stop) > MAX_STOPS:
            raise Unanswered(f"{len(sampling.stop)} stop texts; a server takes at most {MAX_STOPS}")
        return {
            "max_tokens": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p if sampling.temperature else 1.0,
            "seed": request.seed,
            **({"stop": list(sampling.stop)} if sampling.stop else {}),
            **({"extra_body": self.extra_body} if self.extra_body else {}),
        }
