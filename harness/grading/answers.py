"""Where in a response the final answer stands: the reasoning is split off first, then a task's rule is applied to the rest."""

import re
from typing import Literal

from harness.grading.base import Grade
from traceinv.reasoning import THINK, Markers, is_unclosed, text_after_reasoning

Place = Literal["boxed", "hashes", "sentence", "last_number"]
Rule = tuple[Place, ...]
EXPRESSION_RULE: Rule = ("boxed", "sentence")
NUMBER_RULE: Rule = ("boxed", "hashes", "sentence", "last_number")

_LONGEST_SENTENCE = 2000
_MOST_BOXES = 20
_BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])\s*")
_BETWEEN_BOXES = re.compile(
    r"(?:[\s$,;]|\\[()\[\],;]|\\quad|\\text\s*\{\s*(?:and|or)\s*\}|\band\b|\bor\b|\b[a-z](?:_(?:\w|\{\w\}))?\s*=)*"
)
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


def split_reasoning(response: str, markers: Markers = THINK) -> tuple[str, Grade | None]:
    """(what follows the reasoning, why it cannot be judged or None).

    The answer starts after the last closing marker, so no draft inside the reasoning is taken for it. A response without any
    marker is all answer, unless the prompt opened the reasoning.
    """
    if is_unclosed(response, markers):
        return "", Grade("unfinished", None, f"the reasoning is never closed with {markers.close}")
    answer = text_after_reasoning(response, markers)
    if not answer:
        reason = "nothing follows the reasoning" if markers.close in response else "the response is empty"
        return "", Grade("no_answer", None, reason)
    return answer, None


def extract_answer(text: str, rule: Rule) -> tuple[str | None, Grade | None]:
    """(final answer, None), or (None, why there is none), from what follows the reasoning.

    The first place of the rule that the text has decides: a box that is left open or empty is not made up for by an earlier
    one, nor by a number elsewhere.
    """
    for place in rule:
        found = _PLACES[place](text)
        if found is None:
            continue
        if found.strip():
            return found.strip(), None
        return None, Grade("no_answer", None, f"the place of the final answer ({place}) is empty or cut off")
    return None, Grade("bad_format", None, f"no final answer in the form that is asked for ({', '.join(rule)})")


def last_boxed(text: str) -> str | None:
    r"""The content of the last `\boxed{...}`, None where there is no box, "" where the last one is never closed.

    Boxes that stand side by side (`\boxed{1}` and `\boxed{2}`) are one answer, joined by commas.
    """
    starts = list(_BOX.finditer(text))[-_MOST_BOXES:]
    contents: list[str] = []
    following = None
    for start in reversed(starts):
        content, end = _braced(text, start.end())
        if following is not None and (end > following or not _BETWEEN_BOXES.fullmatch(text, end, following)):
            break
        if content is None:
            return ""
        if content not in contents:
            contents.append(content)
        following = start.start()
    return ", ".join(reversed(contents)) if starts else None


def after_answer_is(text: str) -> str | None:
    """What follows the last "the answer is" (or "Answer:", or a heading "Answer"): its math, or else the sentence's rest."""
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
    """What follows the last "the answer is" on its line, as it is written."""
    rest = _after_phrase(text)
    return None if rest is None else rest.split("\n", 1)[0].strip("*_ ")


def after_hashes(text: str) -> str | None:
    """What follows the last `####` on its line, GSM8K's own mark; headings with text under them use it too, and are none."""
    found = [match for match in _HASHES.finditer(text) if not _HEADING.match(text, match.start(1))]
    return found[-1].group(1).strip() if found else None


def last_number(text: str) -> str | None:
    """The last number in the text, with its sign, separators and fraction."""
    found = find_numbers(text)
    return found[-1][0] if found else None


def find_numbers(text: str) -> list[tuple[str, int, int]]:
    """(number, start, end) of all numbers in the text."""
    return [(match.group().rstrip(","), match.start(), match.end()) for match in _NUMBER.finditer(text)]


def _after_phrase(text: str) -> str | None:
    matches = list(_ANSWER_IS.finditer(text))
    if not matches:
        return None
    start = matches[-1].end()
    rest = text[start : start + _LONGEST_SENTENCE].lstrip("*_: \t\n")
    filler = _FILLER.match(rest)
    return rest[filler.end() :] if filler else rest


def _braced(text: str, start: int) -> tuple[str | None, int]:
    """(content of the group that starts here, where it ends); content None where it is never closed."""
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
    """The formula that the text starts with, and those joined to it by a comma, "and" or "or"."""
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
    """Whether two dollar signs are two prices, with words between them, rather than the ends of a formula."""
    content = match.group(2) or ""
    return content[:1].isdigit() and bool(_WORD.search(content))


_PLACES = {"boxed": last_boxed, "hashes": after_hashes, "sentence": after_answer_is, "last_number": last_number}
