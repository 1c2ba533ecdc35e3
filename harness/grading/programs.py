"""Find the program in a response, and the part of the prompt that belongs to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.grading.answers import split_reasoning
from harness.grading.base import Grade
from traceinv.reasoning import Markers, read_reply

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*")
_GLUED = re.compile(r"()[^`]*(`{3,})[ \t]*(python3?|py)[ \t\r]*", re.I)  # a fence at the end of a line of prose
_PYTHON = re.compile(r"(?:\{?\.?(?:i?python|py)[\d.]*(?![a-z]).*|code)?", re.I)
_DEEP = 4  # from this indentation on, backticks are code, as in Markdown
_STOPS = re.compile(r"\n(?=class\b|def\b|#|@|if\b|print\b|assert\b|import\b|from\b|```|<\|)")
_CODE = re.compile(r"^(?:def|class) |^[ \t]+return\b", re.M)
_CHAT_STOPS = re.compile(r"\n\[DONE\]|<\|(?:im_end|endoftext|eot_id|end_of_text)\|>")


@dataclass(frozen=True)
class Block:
    """A fenced block of a response.

    Attributes:
        language: the language that the fence names, in lower case; empty where it names none.
    """

    language: str
    code: str


def find_program(response: str, names: Sequence[str], prompt: str, markers: Markers) -> str | Grade:
    """Return the program of a response, or a grade where it has none.

    The program is the last complete fenced block of Python that defines one of `names`, else the last complete block; without
    fences it is the whole answer. A program that only continues the prompt is joined to it. A program that starts anew gets the
    prompt's imports and helpers in front, as in the benchmarks' own completions.

    Args:
        names: the functions or classes that the tests use; empty for a script.
        prompt: the code that the response was asked to continue; empty where there is none.
    """
    text = split_reasoning(response, markers)
    if isinstance(text, Grade):
        return text
    # the text that split_reasoning returns is stripped, and so has lost the indentation of a function's body
    answer = _CHAT_STOPS.split(read_reply(response, markers).answer or "")[0]
    blocks = fenced_blocks(answer)
    defining = [block.code for block in blocks if _defines(block.code, names)]
    if blocks:
        return _complete(defining[-1] if defining else blocks[-1].code, names, prompt)
    if not re.search(r"^[ \t]*(?:```|~~~)", answer, re.M):
        plain = answer.replace("[BEGIN]", "", 1)
        if _defines(plain, names):
            return _complete(plain, names, prompt)
        if prompt and _continues(plain):
            return _complete(_STOPS.split(plain)[0] + "\n", names, prompt)
    return Grade("bad_format", None, "the response has no complete fenced block of code")


def fenced_blocks(text: str) -> list[Block]:
    """Return the complete blocks whose language is Python or not named, in order.

    Where the prompt opened a fence for the model, the first bare fence closes it. A deeply indented fence closes a block only
    where no other fence does, because docstrings have examples in fences.
    """
    lines = text.split("\n")
    blocks, closed = _blocks(lines, _DEEP)
    return blocks if closed else _blocks(lines, len(text))[0]


def _blocks(lines: list[str], deep: int) -> tuple[list[Block], bool]:
    """Return the complete blocks, and whether every fence was closed."""
    blocks: list[Block] = []
    opened: re.Match[str] | None = None
    start = 0
    for number, line in enumerate(lines):
        fence = _FENCE.fullmatch(line) or (_GLUED.fullmatch(line) if opened is None else None)
        if fence is None:
            continue
        if opened is None:
            opened, start = fence, number
        elif fence[2].startswith(opened[2]) and not fence[3] and _depth(fence) < _depth(opened) + deep:
            code = "".join(line.removeprefix(opened[1]) + "\n" for line in lines[start + 1 : number])
            blocks.append(Block(opened[3].lower(), code))
            opened = None
    before = "".join(line + "\n" for line in lines[:start])
    if not blocks and opened is not None and not opened[3] and _CODE.search(before):
        return [Block("", before)], True
    return [block for block in blocks if _PYTHON.fullmatch(block.language)], opened is None


def _depth(fence: re.Match[str]) -> int:
    return len(fence[1].expandtabs())


def _complete(code: str, names: Sequence[str], prompt: str) -> str:
    """Put the prompt's preamble before code that defines one of the names, and the whole prompt before code that continues it."""
    if not prompt:
        return code
    if _defines(code, names):
        return code if "from __future__" in code else _preamble(prompt, names) + code
    if _continues(code):
        return prompt + code
    return code


def _defines(code: str, names: Sequence[str]) -> bool:
    if not names:
        return False
    name = "|".join(map(re.escape, names))
    return (
        re.search(rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(?:{name})\b|^(?:{name})[ \t]*[:=]", code, re.M)
        is not None
    )


def _continues(code: str) -> bool:
    """Return whether code starts indented, as the body of a function that was begun before it."""
    first = next((line for line in code.split("\n") if line.strip()), "")
    return first[:1].isspace()


def _preamble(prompt: str, names: Sequence[str]) -> str:
    """Return the part of the prompt before the last of the functions that it asks for."""
    starts = [m.start() for n in names for m in re.finditer(rf"^def {re.escape(n)}\b", prompt, re.M)]
    return prompt[: max(starts)] if starts else ""
