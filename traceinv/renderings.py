"""Replies of sentinels, rendered in a chat template: what stands around them shows how the model writes a reply."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import TemplateError

TEMPLATE_FAULTS = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
"""What a template raises that cannot render a conversation."""
ASK, THOUGHT, ANSWER, TOOL = "qqAskqq", "qqThoughtqq", "qqAnswerqq", "qqToolqq"
"""The sentinels: words that no template writes by itself."""
USER = {"role": "user", "content": ASK}
_PRINTED_BLOCK = re.compile(r"""["']type["']""")


def render(tokenizer: Any, messages: Sequence[Mapping[str, Any]], prompt: bool = True, **options: Any) -> str:
    """Render a conversation in the chat template; `prompt` ends it where the reply begins."""
    return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=prompt, **options))


def reply_turns(tokenizer: Any) -> Iterator[str]:
    """Render a reply with reasoning in each form that templates know, and yield what follows the user's text."""
    fields = dict.fromkeys(("reasoning_content", "reasoning", "thinking"), THOUGHT)
    blocks = [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": ANSWER}]
    forms: tuple[list[dict[str, Any]], ...] = (
        [{"content": ANSWER, **fields}],
        [{"content": blocks}],
        [{"content": ANSWER, **fields, **_CALL}, _RESULT],
    )
    for form in forms:
        turn = reply_turn(tokenizer, form)
        if turn and turn.count(THOUGHT) == 1 and not _PRINTED_BLOCK.search(turn):
            yield turn


_CALL = {"tool_calls": [{"id": "call00001", "type": "function", "function": {"name": TOOL, "arguments": {"a": "b"}}}]}
_RESULT = {"role": "tool", "name": TOOL, "tool_call_id": "call00001", "content": "c"}


def block_before_tool(tokenizer: Any) -> str | None:
    """Return what reasoning adds before a call of a tool; None where that does not show it.

    Some templates keep reasoning in the history only before such a call, and write the answer after it.
    """
    plain = reply_turn(tokenizer, [{"content": ANSWER, **_CALL}, _RESULT])
    full = reply_turn(tokenizer, [{"content": ANSWER, "reasoning_content": THOUGHT, **_CALL}, _RESULT])
    if not plain or not full or full.count(THOUGHT) != 1 or TOOL not in plain or TOOL not in full:
        return None
    plain, full = plain[: plain.index(TOOL)], full[: full.index(TOOL)]
    shared = next((n for n in range(len(plain)) if plain[-n - 1] != full[-n - 1]), len(plain))
    block = full[len(plain) - shared : len(full) - shared]
    return block if THOUGHT in block and not block.startswith(THOUGHT) and not block.endswith(THOUGHT) else None


def reply_turn(tokenizer: Any, form: Sequence[Mapping[str, Any]]) -> str | None:
    """Render a reply and return what follows the user's text; None where the template refuses this form."""
    messages = [USER, *({"role": "assistant", **message} for message in form)]
    try:
        return text_after(render(tokenizer, messages, prompt=False), ASK)
    except TEMPLATE_FAULTS:
        return None


def text_after(text: str, sentinel: str) -> str:
    """Return what follows the last occurrence of a sentinel."""
    return text[text.rindex(sentinel) + len(sentinel) :]
