"""Use the chat templates and the tokenizer of a model's folder once, within limits: a program started by `traceinv.weights`.

It exits with 0 where each ends, be it with an error of its own; otherwise it is killed, or prints what is wrong and exits 1. It
prints a name before it uses what has it, so that whoever finds it killed knows by what. Nothing but jinja2 and tokenizers is
imported, so it starts at once.
"""

import json
import os
import resource
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPLATE = "the chat template"
TOKENIZER = "tokenizer.json"
SECONDS = {TEMPLATE: 5, TOKENIZER: 30}
MEMORY = {TEMPLATE: 512 * 1024**2, TOKENIZER: 4 * 1024**3}
"""Bytes beyond those that the process has before. A tokenizer of 38 MB with 256,000 tokens took 0.3 GB and 1.2 s."""
MAX_CHARACTERS = 1_000_000
"""A template adds a few hundred characters to one short message."""
MAX_TOKENS = 10_000
"""A tokenizer makes a few tokens of a character."""
RUN = 64
_QUESTION = {"role": "user", "content": "What is 2+2?"}
_THOUGHT = {"reasoning_content": "2+2=4", "reasoning": "2+2=4", "thinking": "2+2=4"}
_CALL = {"id": "call00001", "type": "function", "function": {"name": "add", "arguments": {"a": "b"}}}
CONVERSATIONS: list[list[dict[str, Any]]] = [
    [_QUESTION],
    [{"role": "system", "content": "You are kind."}, _QUESTION],
    [_QUESTION, {"role": "assistant", "content": "4", **_THOUGHT}],
    [_QUESTION, {"role": "assistant", "content": "4", **_THOUGHT, "tool_calls": [_CALL]}],
]
"""The forms in which the dialect of a model is read off its template, see `traceinv.dialect`."""


def templates(folder: Path) -> Iterator[str]:
    """Yield the sources of all chat templates of a folder."""
    for path in (*folder.glob("*.jinja"), *folder.glob("*/*.jinja")):
        yield path.read_text(encoding="utf-8", errors="replace")
    for name in ("tokenizer_config.json", "chat_template.json"):
        path = folder / name
        given = json.loads(path.read_bytes()).get("chat_template") if path.is_file() else None
        for entry in given if isinstance(given, list) else [given]:
            source = entry.get("template") if isinstance(entry, dict) else entry
            if isinstance(source, str):
                yield source


def render(source: str) -> str | None:
    """Render a template in every form; return what is wrong with it, or None."""
    from jinja2.exceptions import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False)
    environment.globals.update(raise_exception=refuse, strftime_now=lambda form: "", bos_token="", eos_token="")
    forms = ((messages, prompt) for messages in CONVERSATIONS for prompt in (True, False))
    return next((fault for form in forms if (fault := _fault(environment, source, *form))), None)


def _fault(environment: Any, source: str, messages: list[dict[str, Any]], prompt: bool) -> str | None:
    """Render one conversation; return what is wrong, or None."""
    from jinja2.exceptions import SecurityError

    try:
        text = environment.from_string(source).render(messages=messages, add_generation_prompt=prompt)
    except SecurityError as error:
        return f"does what templates may not: {error}"
    except (MemoryError, OverflowError, RecursionError) as error:
        return f"takes too much: {type(error).__name__}"
    except Exception:  # noqa: BLE001  # the library's own rendering has more filters, and says what is wrong
        return None
    return f"makes {len(text):,} characters of a short message" if len(text) > MAX_CHARACTERS else None


def tokenize(file: Path) -> str | None:
    """Load a tokenizer, and encode and decode texts on which regular expressions are slow; return what is wrong, or None.

    The library ends a match after ten million steps, by an error that no stage expects.
    """
    from tokenizers import Tokenizer

    conversations = (str(turn["content"]) for turns in CONVERSATIONS for turn in turns)
    try:
        tokenizer = Tokenizer.from_file(str(file))
        for text in (*conversations, *(character * RUN for character in string.printable + "é中")):
            ids = tokenizer.encode(text).ids
            if len(ids) > MAX_TOKENS:
                return f"makes {len(ids):,} tokens of {len(text)} characters"
            tokenizer.decode(ids)
    except Exception:  # noqa: BLE001  # the library's own loading says what is wrong
        return None
    except BaseException as error:  # noqa: BLE001  # a panic of the library is no Exception
        return f"does not encode a short text: {error}"
    return None


def limit(what: str) -> None:
    """Let the kernel end this process where it takes too much from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + SECONDS[what]
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    _lower(resource.RLIMIT_CPU, seconds)
    _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY[what])
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, value: int) -> None:
    """Set a limit that may be raised again, up to the one that the process was started with."""
    most = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def faults(folder: Path) -> Iterator[str]:
    """Yield what is wrong with each part of a folder."""
    import jinja2.sandbox  # noqa: F401  # before its memory counts
    import tokenizers  # noqa: F401  # likewise

    print(TEMPLATE, flush=True)
    limit(TEMPLATE)
    yield from (f"{TEMPLATE}: {fault}" for source in templates(folder) if (fault := render(source)))
    if (folder / TOKENIZER).is_file():
        print(TOKENIZER, flush=True)
        limit(TOKENIZER)
        if fault := tokenize(folder / TOKENIZER):
            yield f"{TOKENIZER}: {fault}"


def main() -> int:
    """Use what is in the folder that is named; print the first that is wrong."""
    os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1", "RUST_BACKTRACE": "0"}
    first = next(faults(Path(sys.argv[1])), None)
    if first:
        print(first)
    return 1 if first else 0


if __name__ == "__main__":
    sys.exit(main())
