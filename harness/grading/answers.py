"""Find the final answer in a response.

The reasoning is split off first; then a task's rule says which places of the rest may hold the answer.
"""

import re
from typing import Literal

from harness.grading.base import Grade
from harness.grading.boxes import boxed_groups, last_boxed, last_tagged
from harness.grading.numbers import last_number
from harness.grading.turns import first_turn
from traceinv.reasoning import THINK, Markers, read_reply

Place = Literal["boxed", "hashes", "sentence", "last_number"]
Rule = tuple[Place, ...]
EXPRESSION_RULE: Rule = ("boxed", "sentence")
NUMBER_RULE: Rule = ("boxed", "hashes", "sentence", "last_number")

_MAX_SENTENCE_LENGTH = 2000
_HASHES = re.compile(r"####[ \t]*(\S[^\n]*)")
_HEADING = re.compile(r"(?:\d+[.):]\s+)?[*_]*[A-Za-z]{2}[^\n]*\n\s*\S")
_ANSWER_IS = re.compile(
    r"\b(?:answers?\b(?:[^.\n:=：]{0,80}?\b(?:is|are|be)\b|[*_\s]*[:=：])|ans\b[. ]*[:=])(?:[*_\s]*:)?|\banswer[*_ \t]*\n",
    re.I,
)
_SENTENCE_END = re.compile(
    r"\n|(?<!\\)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bDr)(?<!\bSt)(?<!\bvs)[.!?](?:[\s*_]|$)|\.?(?:\*\*|__)(?=\s|$)"
    r"|\s\((?=(?:since|because|as|approx|about|that is|check)\b)",
    re.I,
)
_MATH = re.compile(r"\$\$(.+?)\$\$|\$((?:\\.|[^$\\\n])+)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)", re.S)
_JOINS = re.compile(r"\s*(?:,?\s*\b(?:and|or)\b|,)\s*(?=\$|\\\[|\\\()")
_FILLER = re.compile(
    r"(?:(?:simply|just|exactly|precisely|therefore|thus|then|hence|indeed|equal to|given by)\b[\s,:]*)+", re.I
)
_VERB = re.compile(r"\b(?:is|are|was|were|be|equals?|becomes)\s+(?=[$\\\d*([-])")
_STARTS_WITH_NUMBER = re.compile(r"[*_ ]*-?\d[\d.,]*\s+[a-zA-Z]{2}")
_STARTS_WITH_VALUE = re.compile(r"[*_ ]*[-$\\\d(\[.]")
_LEFTOVER = re.compile(r"\s*(?:\\[\])]|(?<!\$)\$\$)\s*\Z")  # the end of a formula that began before the sentence
_WORD = re.compile(r"(?<![a-zA-Z\\{])[a-zA-Z]{2,}")
_ENDS_WITH_NUMBER = re.compile(r"=\s*\$?-?[\d.,]*\d[^\n=?]{0,60}\Z")
_PERCENT = re.compile(r"\s*(?:\\?%|percent\b)")


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
    other place is tried. Text after the first turn of the response is not read.
    """
    text = first_turn(text, lambda part: states_answer(part, rule))
    for place in rule:
        content = _PLACES[place](text)
        if content is None:
            continue
        if content.strip():
            return content.strip()
        return Grade("no_answer", None, f"the place of the final answer ({place}) is empty or cut off")
    return Grade("bad_format", None, f"no final answer in a form that the task accepts ({', '.join(rule)})")


def states_answer(text: str, rule: Rule) -> bool:
    """Return whether a text states an answer in one of the places of a rule; a number that only ends the text counts too."""
    if any((_PLACES[place](text) or "").strip() for place in rule if place != "last_number"):
        return True
    return "last_number" in rule and bool(_ENDS_WITH_NUMBER.search(text.rstrip()[-80:]))


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
    end = _SENTENCE_END.search(rest, 1 if rest[:1] == "." else 0)
    sentence = rest[: end.start()] if end else rest
    inside = _MATH.search(sentence)
    if inside and _STARTS_WITH_NUMBER.match(sentence):
        return sentence.strip("*_ ")
    if inside and not _STARTS_WITH_VALUE.match(sentence):
        values = {value for verb in _VERB.finditer(sentence) if (value := _value_at(sentence[verb.end() :]))}
        if len(values) == 1:
            return values.pop()
    if inside and not _is_money(inside):
        return _leading_math(sentence[inside.start() :])
    return _LEFTOVER.sub("", sentence).strip("*_ ") if not inside else sentence.strip("*_ ")


def line_after_answer_is(text: str) -> str | None:
    """Return the text after the last "the answer is", unchanged, up to the end of its line."""
    rest = _after_phrase(text)
    return None if rest is None else rest.split("\n", 1)[0].strip("*_ ")


def after_hashes(text: str) -> str | None:
    """Return the text after the last `####` on its line, which is GSM8K's own mark; a heading with text under it is skipped."""
    marks = [match for match in _HASHES.finditer(text) if not _HEADING.match(text, match.start(1))]
    return marks[-1].group(1).strip() if marks else None


def _value_at(text: str) -> str | None:
    """Return the formula or number at the start of a text, with what follows it in the sentence."""
    math = _leading_math(text.lstrip("*_ "))
    return math if math is not None else text.strip("*_ ") or None


def _after_phrase(text: str) -> str | None:
    matches = list(_ANSWER_IS.finditer(text))
    if not matches:
        return None
    start = matches[-1].end()
    rest = text[start : start + _MAX_SENTENCE_LENGTH].lstrip("*_:} \t\n")
    filler = _FILLER.match(rest)
    return rest[filler.end() :] if filler else rest


def _marked(text: str) -> str | None:
    """Return the content of the last box or, where they come later, of the last answer tags.

    In the tags a box or a sentence with "the answer is" comes before the rest.
    """
    tagged = last_tagged(text)
    groups = boxed_groups(text)
    if tagged is None or (groups and groups[-1].start > tagged.end):
        return groups[-1].content if groups else None
    return last_boxed(tagged.content) or after_answer_is(tagged.content) or tagged.content


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


_PLACES = {"boxed": _marked, "hashes": after_hashes, "sentence": after_answer_is, "last_number": last_number}
