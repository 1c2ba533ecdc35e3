"""Find the final answer in a response.

The reasoning is split off first; then a task's rule says which places of the rest may hold the answer.
"""

import re
from dataclasses import dataclass
from typing import Literal

from harness.grading.base import Grade
from traceinv.reasoning import THINK, Markers, read_reply

Place = Literal["boxed", "hashes", "sentence", "last_number"]
Rule = tuple[Place, ...]
EXPRESSION_RULE: Rule = ("boxed", "sentence")
NUMBER_RULE: Rule = ("boxed", "hashes", "sentence", "last_number")

_MAX_SENTENCE_LENGTH = 2000
_MAX_BOXES = 20
_BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])\s*")
_BETWEEN_BOXES = re.compile(
    r"(?:[\s$,;]|\\[()\[\],;]|\\quad|\\text\s*\{\s*(?:and|or)\s*\}|\band\b|\bor\b|\b[a-z](?:_(?:\w|\{\w\}))?\s*=)*"
)
_MENTION = re.compile(
    r"\s*(?:\\?[lc]?dots|[.…_?\s]*|\\(?:text|mathrm|mathbf)\{[^{}]*\b(?:answer|solution)\b\s*\}|(?:your |final |the )*answer)\s*",
    re.I,
)
_BARE_MENTION = re.compile(r"[^\w\\+-]*|[a-z]{2,}\W*", re.I)
_HASHES = re.compile(r"####[ \t]*(\S[^\n]*)")
_HEADING = re.compile(r"(?:\d+[.):]\s+)?[*_]*[A-Za-z]{2}[^\n]*\n\s*\S")
_ANSWER_IS = re.compile(
    r"\banswers?\b(?:[^.\n:=]{0,80}?(?:\bis\b|\bare\b)|[*_\s]*[:=])(?:[*_\s]*:)?|\banswer[*_ \t]*\n", re.I
)
_SENTENCE_END = re.compile(
    r"\n|(?<!\\)[.!?](?:[\s*_]|$)|\.?(?:\*\*|__)(?=\s|$)"
    r"|\s\((?=(?:since|because|as|approx|about|that is|check)\b)",
    re.I,
)
_MATH = re.compile(r"\$\$(.+?)\$\$|\$((?:\\.|[^$\\\n])+)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)", re.S)
_JOINS = re.compile(r"\s*(?:,?\s*\b(?:and|or)\b|,)\s*(?=\$|\\\[|\\\()")
_FILLER = re.compile(
    r"(?:(?:simply|just|exactly|precisely|therefore|thus|then|hence|indeed|equal to|given by)\b[\s,:]*)+", re.I
)
_WORD = re.compile(r"(?<![a-zA-Z\\{])[a-zA-Z]{2,}")
_PERCENT = re.compile(r"\s*(?:\\?%|percent\b)")
_NUMBER = re.compile(r"(?:(?<![\w.,)\]}])-)?\$?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s*/\s*\d+(?![\d.]))?")


@dataclass(frozen=True)
class Group:
    """One box, or boxes side by side, in a text.

    Attributes:
        content: of all boxes, joined by commas; "" where one is empty or never closed.
        start, end: where the group begins and ends in the text.
    """

    content: str
    start: int
    end: int


@dataclass(frozen=True)
class _Box:
    """A box in a text; the content is None where it is never closed."""

    content: str | None
    start: int
    end: int


def split_reasoning(response: str, markers: Markers = THINK) -> str | Grade:
    """Return the text after the reasoning, or the response's grade where there is no such text.

    The reasoning is set apart by `markers` or, where they are the default, by those of any known model. A response without
    markers is all answer, unless the prompt opened the reasoning.
    """
    parts = read_reply(response, markers)
    if parts.unclosed or parts.answer is None:
        return Grade("unfinished", None, "the reasoning is never closed")
    if answer := parts.answer.strip():
        return answer
    reason = "the response is empty" if parts.reasoning is None else "nothing follows the reasoning"
    return Grade("no_answer", None, reason)


def extract_answer(text: str, rule: Rule) -> str | Grade:
    """Return the final answer in the text after the reasoning, or the response's grade where there is none.

    The first place of the rule that the text has is the only one that counts. Where its content is empty or cut off, no
    other place is tried.
    """
    for place in rule:
        content = _PLACES[place](text)
        if content is None:
            continue
        if content.strip():
            return content.strip()
        return Grade("no_answer", None, f"the place of the final answer ({place}) is empty or cut off")
    return Grade("bad_format", None, f"no final answer in a form that the task accepts ({', '.join(rule)})")


def last_boxed(text: str) -> str | None:
    r"""Return the content of the last `\boxed{...}`: None where there is no box, "" where the last one is never closed.

    Boxes side by side (`\boxed{1}` and `\boxed{2}`) are one answer, joined by commas.
    """
    groups = boxed_groups(text)
    return groups[-1].content if groups else None


def boxed_groups(text: str) -> list[Group]:
    r"""Return the boxes of a text, those side by side as one group, in order; at most the last 20 boxes are read.

    A text may mention the command without using it: an empty box, dots or a word such as "answer" in a box, and `\boxed`
    without braces before a word. Mentions are passed over where another box has content.
    """
    groups: list[list[_Box]] = []
    for box in _boxes(text):
        joined = (
            groups and box.start >= groups[-1][-1].end and _BETWEEN_BOXES.fullmatch(text, groups[-1][-1].end, box.start)
        )
        if joined:
            groups[-1].append(box)
        else:
            groups.append([box])
    return [_group(boxes) for boxes in groups]


def _group(boxes: list[_Box]) -> Group:
    contents = [box.content for box in boxes]
    closed = [content for content in contents if content is not None]
    content = ", ".join(dict.fromkeys(closed)) if len(closed) == len(contents) else ""
    return Group(content, boxes[0].start, boxes[-1].end)


def _boxes(text: str) -> list[_Box]:
    """Return the boxes that a text uses, without those inside another box, which are part of its content."""
    boxes: list[_Box] = []
    for start in list(_BOX.finditer(text))[-_MAX_BOXES:]:
        content, end = _braced(text, start.end())
        braced = text.startswith("{", start.end())
        if boxes and start.start() < boxes[-1].end:
            continue
        if braced or not _BARE_MENTION.fullmatch(content or ""):
            boxes.append(_Box(content, start.start(), end))
    used = [box for box in boxes if box.content is None or not _MENTION.fullmatch(box.content)]
    return used or boxes


def after_answer_is(text: str) -> str | None:
    """Return the text after the last "the answer is" (or "Answer:", or a heading "Answer").

    Where the text has a formula, the formula is returned; else the rest of the sentence.
    """
    rest = _after_phrase(text)
    if rest is None:
        return None
    math = _leading_math(rest)
    if math is not None:
        return math
    end = _SENTENCE_END.search(rest)
    sentence = rest[: end.start()] if end else rest
    inside = _MATH.search(sentence)
    if inside and not _is_money(inside):
        return _leading_math(sentence[inside.start() :])
    return sentence.strip("*_ ")


def line_after_answer_is(text: str) -> str | None:
    """Return the text after the last "the answer is", unchanged, up to the end of its line."""
    rest = _after_phrase(text)
    return None if rest is None else rest.split("\n", 1)[0].strip("*_ ")


def after_hashes(text: str) -> str | None:
    """Return the text after the last `####` on its line, which is GSM8K's own mark; a heading with text under it is skipped."""
    marks = [match for match in _HASHES.finditer(text) if not _HEADING.match(text, match.start(1))]
    return marks[-1].group(1).strip() if marks else None


def last_number(text: str) -> str | None:
    """Return the last number in the text, with its sign, separators and fraction."""
    numbers = find_numbers(text)
    return numbers[-1][0] if numbers else None


def find_numbers(text: str) -> list[tuple[str, int, int]]:
    """Return (number, start, end) of every number in the text."""
    return [(match.group().rstrip(","), match.start(), match.end()) for match in _NUMBER.finditer(text)]


def _after_phrase(text: str) -> str | None:
    matches = list(_ANSWER_IS.finditer(text))
    if not matches:
        return None
    start = matches[-1].end()
    rest = text[start : start + _MAX_SENTENCE_LENGTH].lstrip("*_: \t\n")
    filler = _FILLER.match(rest)
    return rest[filler.end() :] if filler else rest


def _braced(text: str, start: int) -> tuple[str | None, int]:
    """Return the content of the group that starts at `start`, and its end; the content is None where the group never closes."""
    if not text.startswith("{", start):
        bare = re.compile(r"[^\s$]*").match(text, start)
        return (bare.group().rstrip(".,") if bare else ""), bare.end() if bare else start
    depth = 0
    for brace in re.compile(r"\\.|[{}]", re.S).finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[start + 1 : brace.start()], brace.end()
    return None, len(text)


def _leading_math(text: str) -> str | None:
    """Return the formula at the start of the text, with the formulas joined to it by a comma, "and" or "or"."""
    parts: list[str] = []
    position = 0
    while (match := _MATH.match(text, position)) and not _is_money(match):
        parts.append(next(group for group in match.groups() if group is not None))
        position = match.end()
        if percent := _PERCENT.match(text, position):
            parts[-1] += r"\%"
            position = percent.end()
        joint = _JOINS.match(text, position)
        if not joint:
            break
        position = joint.end()
    return ", ".join(parts) if parts else None


def _is_money(match: re.Match[str]) -> bool:
    """Return whether two dollar signs belong to two prices with words between them, rather than to a formula."""
    content = match.group(2) or ""
    return content[:1].isdigit() and bool(_WORD.search(content))


_PLACES = {"boxed": last_boxed, "hashes": after_hashes, "sentence": after_answer_is, "last_number": last_number}
