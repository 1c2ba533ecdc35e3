"""Servers' replies and chat templates are read or refused, whatever they hold."""

import atexit
import json
from contextlib import ExitStack
from functools import cache
from typing import Any

from faulty_server import Script, serving
from fuzzing import TEXTS, VALUES, changed, damaged, fuzz, refused
from hypothesis import strategies as st
from templates import TEMPLATES, with_template

from traceinv.dialect import adapt, read_dialect
from traceinv.engines.base import Request, Sampling
from traceinv.engines.openai import OpenAIEngine
from traceinv.errors import GateError, InputError
from traceinv.folder_probe import render
from traceinv.formatting import render_prompt

REPLY = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "text": "2",
            "message": {
                "role": "assistant",
                "content": "2",
                "reasoning_content": "1+1=2",
                "reasoning_details": [{"type": "reasoning.summary", "summary": "easy"}],
            },
        }
    ],
    "usage": {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
}
_SERVERS = ExitStack()
atexit.register(_SERVERS.close)  # while its thread still runs
HEADERS = st.dictionaries(
    st.sampled_from(["retry_after", "x_request_id"]),
    st.sampled_from(
        ["1", "-1", "nan", "inf", "1e999", "Wed, 99 Foo 99999 99:99:99 GMT", "application/json", "text/html", "x"]
    ),
)
PIECES = st.sampled_from(
    [
        "{{ messages[0].content }}",
        "{{ m.content }}",
        "{% for m in messages %}",
        "{% endfor %}",
        "{% if add_generation_prompt %}",
        "{% endif %}",
        "{{ m.role }}",
        "{{ m.reasoning_content }}",
        "<think>",
        "</think>",
        "<",
        "end",
        ">",
        "<",
        "user",
        ">",
        "<",
        "assistant",
        ">",
        "\n",
        "{{ bos_token }}",
        "{{ eos_token }}",
        "{{ raise_exception('no') }}",
        "{{ 1/0 }}",
        "{{ x.y.z }}",
        "{{ messages[9] }}",
        "{{ 'a' * 99999 }}",
        "{% set ns = namespace(a=1) %}",
        "{{ m.content.split('</think>')[-1] }}",
        "{{ strftime_now('%d') }}",
        "{{ ''.__class__ }}",
        "{{ m ",
        " tojson }}",
        "{{ range(9) ",
        " list }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ m.tool_calls[0].function.arguments.items() ",
        " list }}",
        "{{ {}.a }}",
    ]
)


@fuzz(
    content=(changed(REPLY) | VALUES).map(lambda reply: json.dumps(reply).encode())
    | damaged(json.dumps(REPLY).encode()),
    status=st.sampled_from([200] * 8 + [204, 302, 401, 404, 429, 500, 599]),
    headers=HEADERS,
    chat=st.booleans(),
)
def test_a_servers_reply_is_a_completion_or_refused(
    content: bytes, status: int, headers: dict[str, str], chat: bool
) -> None:
    script = _server()
    script.behaviours[:] = [lambda handler: handler.answer(status, content, **headers)]
    engine = OpenAIEngine("m", script.url, chat=chat, key="secret-key", retries=0)
    request = Request("q", json.dumps([{"role": "user", "content": "q"}]) if chat else "q", Sampling(max_new_tokens=8))

    def ask() -> None:
        ((asked, completion),) = [pair for replies in engine.generate([request]) for pair in replies]
        assert asked is request
        completion.text.encode("utf-8", "surrogatepass")

    refused(ask, (InputError, GateError))


@fuzz(pieces=st.lists(PIECES | TEXTS, max_size=12), name=st.none() | st.sampled_from(sorted(TEMPLATES)))
def test_a_chat_template_has_a_dialect_or_is_refused(pieces: list[str], name: str | None) -> None:
    template = "".join(pieces) + (TEMPLATES[name] if name else "")

    def read() -> None:
        tokenizer = adapt(with_template(_tokenizer(), template))
        dialect = read_dialect(tokenizer)
        render_prompt(tokenizer, "What is 1+1?")
        dialect.read(dialect.write("<think>\na\n</think>\n\nb"))

    refused(read, (InputError, GateError))


@fuzz(pieces=st.lists(PIECES | TEXTS, max_size=12))
def test_the_probe_of_a_chat_template_ends(pieces: list[str]) -> None:
    fault = render("".join(pieces))
    assert fault is None or "\n" not in fault


@cache
def _server() -> Script:
    """Return a server of this process, which ends with it."""
    return _SERVERS.enter_context(serving())


@cache
def _tokenizer() -> Any:
    from transformers import AutoTokenizer

    from traceinv.lab.models import BASE

    return AutoTokenizer.from_pretrained(BASE)
