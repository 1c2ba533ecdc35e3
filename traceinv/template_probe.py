"""Render the chat templates of a model's folder once, within limits: a program of its own, started by `traceinv.weights`.

It exits with 0 where every template ends, be it with an error of its own; otherwise it is killed, or prints a line and exits 1.
Nothing but jinja2 is imported, so it starts at once.
"""

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 5
MEMORY = 512 * 1024**2
"""Bytes beyond those that the process has when the rendering begins."""
MAX_CHARACTERS = 1_000_000
"""A template adds a few hundred characters to one short message."""
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


def limit() -> None:
    """Let the kernel end this process where it takes too much."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + SECONDS
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    memory = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Render the templates of the folder that is named; print what is wrong with one."""
    import jinja2.sandbox  # noqa: F401  # before its memory counts

    limit()
    faults = [fault for source in templates(Path(sys.argv[1])) if (fault := render(source))]
    if faults:
        print(faults[0])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
