"""Find the program in a response, and the part of the prompt that belongs to it."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice

from harness.grading.answers import split_reasoning
from harness.grading.base import Grade
from harness.grading.fences import Block, fenced_blocks, has_fence, tagged_blocks
from harness.grading.syntax import (
    compiles,
    definitions_of,
    longest_prefix,
    longest_program,
    put_before,
    without_last_words,
)
from traceinv.reasoning import Markers

_STOPS = re.compile(r"\n(?=class\b|def\b|#|@|if\b|print\b|assert\b|import\b|from\b|```|<\|)")
_WRITES = re.compile(r"\bprint\s*\(|\.write(?:lines)?\s*\(|\bos\.write\b")
_RETURNS = re.compile(r"\b(?:return|yield|raise)\b")
_END_MARK = re.compile(
    r"<[|｜][^|｜<>\n]{1,40}[|｜]>|</?s>|<eos>|<bos>|<(?:start|end)_of_turn>|<\|?im_(?:start|end)\|?>|\[/?INST\]|\n\[DONE\]"
)
_INVISIBLE = "\ufeff\u200b"  # byte order mark, zero-width space
_ANSWER_TAG = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.S | re.I)
_MAX_MARKS = 20  # end marks, or tags, of one response that are looked at
_ANY_ANSWER_TAG = re.compile(r"</?answer>", re.I)


def find_program(response: str, names: Sequence[str], prompt: str, markers: Markers) -> str | Grade:
    """Return the program of a response, or a grade where it has none.

    The program is the last complete block of Python that defines one of `names` (a script: that writes something), else the
    last complete block. Without blocks it is the longest run of lines that is a program and defines one of the names; the
    prose around it is left out. What follows a mark that ends a model's turn is no part of the answer, and `<answer>` tags
    come before all else. A program that only continues the prompt is joined to it, also where the first line has lost its
    indentation. A program that starts anew gets the prompt's imports and helpers in front, as in the benchmarks' own
    completions.

    Args:
        names: the functions or classes that the tests use; empty for a script.
        prompt: the code that the response was asked to continue; empty where there is none.
    """
    text = split_reasoning(response, markers)
    if isinstance(text, Grade):
        return text
    for part in _parts(_with_indentation(text, response).lstrip(_INVISIBLE)):
        program = _program_of(part, names, prompt)
        if program is not None:
            return program
    return Grade("bad_format", None, "the response has no complete block of code")


def _with_indentation(text: str, response: str) -> str:
    """Return a text that was stripped with the indentation that its first line has in the response."""
    start = response.rfind(text)
    return response[response.rfind("\n", 0, start) + 1 : start] + text if start >= 0 else text


def _parts(answer: str) -> Iterator[str]:
    """Yield the parts of an answer that may hold the program: inside the last `<answer>`, then up to each mark of an end."""
    untagged = _ANY_ANSWER_TAG.sub(lambda tag: tag[0] if _in_quotes(answer, tag.start()) else "\n", answer, _MAX_MARKS)
    for text in (*_ANSWER_TAG.findall(answer)[-1:], untagged):
        start = 0
        for mark in islice(_END_MARK.finditer(text), _MAX_MARKS):
            if not _in_quotes(text, mark.start()):
                yield text[start : mark.start()]
                yield text[start : mark.start()] + "\n```"  # a turn that ends closes what it has begun
                start = mark.end()
        yield text[start:]


def _in_quotes(text: str, at: int) -> bool:
    """Return whether a place in a text stands between quotes that open and close on its line."""
    line_start = text.rfind("\n", 0, at) + 1
    line_end = text.find("\n", at)
    before, after = text[line_start:at], text[at : line_end if line_end >= 0 else len(text)]
    return any(before.count(quote) % 2 == 1 and quote in after for quote in "\"'`")


def _program_of(text: str, names: Sequence[str], prompt: str) -> str | None:
    """Return the program in one part of an answer; None where it has none."""
    blocks = fenced_blocks(text) or [b for b in tagged_blocks(text) if _suits(b.code, names) or _continues(b.code)]
    if blocks and not blocks[-1].loose:
        return _from_block(_choose(blocks, names), names, prompt)
    if has_fence(text) and not blocks:
        return None
    return _from_text((blocks[-1].code if blocks else text).replace("[BEGIN]", "", 1), names, prompt)


def _choose(blocks: Sequence[Block], names: Sequence[str]) -> str:
    suiting = [block.code for block in blocks if _suits(block.code, names)]
    return suiting[-1] if suiting else blocks[-1].code


def _from_block(code: str, names: Sequence[str], prompt: str) -> str:
    if prompt and not _defines(code, names):
        if _continues(code):
            return prompt + code
        return _body(code, prompt) or code
    return put_before(_preamble(prompt, names), code) if prompt else code


def _from_text(text: str, names: Sequence[str], prompt: str) -> str | None:
    """Return the program in a text without fences."""
    if _suits(text, names):
        whole = without_last_words(text) if compiles(text) else longest_program(text, lambda run: _suits(run, names))
        code = whole or (text if names else None)
        return code and (put_before(_preamble(prompt, names), code) if prompt else code)
    if not prompt:
        return None
    if _continues(text):
        body = _STOPS.split(text)[0] + "\n"
        if compiles(prompt + body):
            return without_last_words(_with_helpers(prompt + body, prompt + text, names))
        lines = text.split("\n")
        count = longest_prefix(lines, prompt)
        return without_last_words(prompt + "\n".join(lines[:count]) + "\n") if count else None
    return _body(text, prompt)


def _with_helpers(program: str, longer: str, names: Sequence[str]) -> str:
    """Return a completed function, with the functions that a longer completion defines after it, where it uses them."""
    lines = longer.split("\n")
    whole = "\n".join(lines[: longest_prefix(lines)]) + "\n"
    used = definitions_of(whole, names)
    if used is None or used == definitions_of(program, names):
        return program
    return used


def _body(text: str, prompt: str) -> str | None:
    """Return the prompt with a body that has lost its indentation, in its first line or in all; None where it is no body."""
    text = text.lstrip("\r\n")
    if not _RETURNS.search(text) or compiles(text):
        return None
    indentation = _indentation(prompt)
    for body in (indentation + text, textwrap.indent(text, indentation)):
        lines = body.split("\n")
        kept = "\n".join(lines[: longest_prefix(lines, prompt)]) + "\n"
        if _RETURNS.search(kept):
            return without_last_words(prompt + kept)
    return None


def _indentation(prompt: str) -> str:
    """Return the white space before the last line of the prompt that has any."""
    indented = re.findall(r"^([ \t]+)\S", prompt, re.M)
    return indented[-1] if indented else "    "


def _suits(code: str, names: Sequence[str]) -> bool:
    """Return whether code defines one of the names; a script must write something instead."""
    return _defines(code, names) if names else _WRITES.search(code) is not None


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
