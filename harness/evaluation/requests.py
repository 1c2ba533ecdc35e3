"""Requests for the items of a task, with lm-eval's prompts and generation arguments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.benchmarks.loading import LoadedTask
from harness.evaluation.responses import ResponseKey
from traceinv.engines.base import Engine, Request, Sampling
from traceinv.errors import InputError

Render = Callable[..., str]
READ_ARGUMENTS = ("do_sample", "max_gen_toks", "temperature", "top_p", "until")
"""The generation arguments of lm-eval that `Sampling` can express."""


@dataclass(frozen=True, kw_only=True)
class ItemRequest(Request):
    """A request for one response to one item of a task.

    `id` is `TASK/ITEM`, which is unique over tasks because no task's name has a slash. It is never taken apart.

    Attributes:
        item: the item's id within its task.
        text: the task's own text of the item, before any chat template.
        arguments: lm-eval's generation arguments, which `sampling` was read from.
    """

    task: str
    item: str
    text: str
    arguments: dict[str, Any]

    @property
    def response_key(self) -> ResponseKey:
        """The key of the response within its task."""
        return self.item, self.sample


def build_requests(
    loaded: LoadedTask, render: Render, samples: int, limit: int | None, overrides: Mapping[str, Any], seed: int
) -> list[ItemRequest]:
    """Build the requests of a task in lm-eval's order, `samples` of them for each item.

    Args:
        loaded: the task.
        render: renders a conversation; as `Engine.render`.
        samples: responses to each item.
        limit: use the first `limit` items; None for all.
        overrides: generation arguments in place of the task's.
        seed: of all sampling.
    """
    task = loaded.task
    task.set_config(key="num_fewshot", value=task.config.num_fewshot or 0)
    task.set_config(key="generation_kwargs", value=dict(overrides), update=True)
    chat = loaded.benchmark.form == "chat"
    task.build_all_requests(
        limit=limit,
        rank=0,
        world_size=1,
        apply_chat_template=chat,
        fewshot_as_multiturn=True,
        chat_template=render if chat else None,
        tokenizer_name="",
    )
    name = loaded.benchmark.name
    return [
        ItemRequest(
            id=f"{name}/{instance.doc['id']}",
            prompt=instance.args[0],
            sampling=to_sampling(instance.args[1], seed),
            sample=sample,
            task=name,
            item=instance.doc["id"],
            text=loaded.text_of(instance.doc),
            arguments=instance.args[1],
        )
        for instance in task.instances
        for sample in range(samples)
    ]


def to_sampling(arguments: Mapping[str, Any], seed: int) -> Sampling:
    """Convert lm-eval's generation arguments to `Sampling`; as in lm-eval, only `do_sample` turns sampling on."""
    sampled = bool(arguments.get("do_sample"))
    until = arguments.get("until") or []
    return Sampling(
        temperature=float(arguments.get("temperature") or 0.0) if sampled else 0.0,
        top_p=float(arguments.get("top_p", 1.0)) if sampled else 1.0,
        max_new_tokens=int(arguments["max_gen_toks"]),
        seed=seed,
        stop=tuple(text for text in ([until] if isinstance(until, str) else until) if text),
    )


def check_arguments(requests: Sequence[ItemRequest], engine: str) -> None:
    """Refuse generation arguments that `Sampling` cannot express, so that none is dropped in silence.

    Raises:
        InputError: a request has one; the message names task and argument.
    """
    for request in requests:
        unknown = sorted(request.arguments.keys() - set(READ_ARGUMENTS))
        if unknown:
            raise InputError(
                f"task {request.task}: generation argument {unknown[0]!r}: the engine {engine} does not support it"
                f" (it supports {', '.join(READ_ARGUMENTS)})"
            )


def fit_token_limit(requests: Sequence[ItemRequest], engine: Engine) -> tuple[list[ItemRequest], int, int]:
    """Reduce the token limit so that the longest prompt and its reply fit the model's context.

    Returns:
        The requests, the token limit that the task asks for, and the one that they now have.

    Raises:
        InputError: a prompt leaves no room for a reply.
    """
    asked = requests[0].sampling.max_new_tokens
    if engine.context is None:
        return list(requests), asked, asked
    by_prompt = {request.prompt: request for request in requests}
    longest, request = max(
        ((engine.count_tokens(prompt) or 0, request) for prompt, request in by_prompt.items()), key=lambda pair: pair[0]
    )
    room = engine.context - longest
    if room < 1:
        raise InputError(
            f"task {request.task}: the prompt of {request.item} has {longest} tokens, the model's context {engine.context}:"
            " no room to reply"
        )
    given = min(asked, room)
    return [_with_token_limit(request, given) for request in requests], asked, given


def _with_token_limit(request: ItemRequest, limit: int) -> ItemRequest:
    return replace(
        request,
        sampling=request.sampling.model_copy(update={"max_new_tokens": limit}),
        arguments=request.arguments | {"max_gen_toks": limit},
    )
