"""Read the parts of an answer that are not a plain value: names, labels, chains of equations, double signs, times and ratios."""

import re

_LETTER = r"(?:[A-Za-z]|\\(?:alpha|beta|gamma|delta|epsilon|theta|lambda|mu|nu|omega|phi|rho|sigma|tau|[A-Z][a-z]+))"
_INDEX = r"(?:_(?:\w|\{[^{}]*\})|')"
_NAMED = rf"{_LETTER}{_INDEX}*(?:\s*\([^()=]*\))?"
_OVER = rf"(?:\\(?:overline|overrightarrow|vec|hat|widehat|mathrm|angle|text)\s*(?:\{{[^{{}}=]*\}}|{_LETTER}+))"
_TERM = rf"(?:m?\s*{_OVER}|\|\s*{_LETTER}+\s*\||(?:{_NAMED}\s*)+)"
_NAME = re.compile(rf"(?:{_TERM}(?:\s*[+-]\s*{_TERM})*|\(\s*{_NAMED}(?:\s*,\s*{_NAMED})+\s*\))")
_RELATION = re.compile(r"=|\\approx(?![a-zA-Z])|\\(?:le|ge|ne|in|equiv|cup)(?![a-zA-Z])|<|>")
_LABEL = re.compile(r"(?:\\text\s*\{\s*\(?[A-E]\)[.:]?\s*\}|\([A-E]\))\s*(?=\S)")
_AND = re.compile(r"\s*;\s*|\s*,?\s*(?:\\text\{\s*and\s*\}|\band\b)\s*")
_POINT = r"\([^()=]*,[^()=]*\)"
_NAMED_POINTS = re.compile(
    rf"\(\s*{_NAMED}(?:\s*,\s*{_NAMED})+\s*\)\s*=\s*"
    rf"({_POINT}(?:\s*(?:,|{_AND.pattern}|\\text\{{\s*or\s*\}}|\bor\b)\s*{_POINT})+)"
)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_COMPONENT = re.compile(rf"({_LETTER}{_INDEX}*)\s*=\s*([^=<>]+)")
_CLOCK = re.compile(r"(\d+(?:\s*:\s*\d+)+)\s*((?:\\text\s*\{)?\s*[apAP]\.?\s?[mM]\.?\s*\}?)?")


def values_of(answer: str) -> list[str] | None:
    """Return the values of a chain like `m+n = 25+17 = 42`, without the name in front; None where the answer is not a chain."""
    parts = split_outside(answer, "=")
    several = len(split_outside(answer, ",")) > 1 or re.search(r"\b(?:or|and)\b", answer)
    if len(parts) < 2 or several or not all(parts) or any(_RELATION.search(part) for part in parts):
        return None
    return parts[1:] if _NAME.fullmatch(parts[0]) else parts


def is_name(text: str) -> bool:
    r"""Return whether a text is the name of a quantity, such as `x`, `E_1`, `f(2)` or `m + n`."""
    return bool(_NAME.fullmatch(text))


def states_relation(text: str) -> bool:
    """Return whether a text has a relation sign, such as `=` or `<`."""
    return bool(_RELATION.search(text))


def without_label(answer: str) -> str:
    r"""Remove the label of an option before its value: `(B) 42` becomes `42`."""
    return answer[match.end() :] if (match := _LABEL.match(answer)) else answer


def without_tuple_name(answer: str) -> str:
    r"""Remove the name before several points: `(x, y) = (5, 8) \text{ and } (8, 5)` becomes `(5, 8), (8, 5)`."""
    match = _NAMED_POINTS.fullmatch(answer)
    return ", ".join(f"({point})" for point in _IN_BRACKETS.findall(match.group(1))) if match else answer


def named_components(answer: str) -> list[tuple[str, str]] | None:
    r"""Return the (name, value) of each component of `x = 3, y = 4`; None for answers of another form."""
    inside = answer[2:-2] if answer.startswith(r"\{") and answer.endswith(r"\}") else answer
    parts = [_COMPONENT.fullmatch(part) for part in split_outside(_AND.sub(",", inside), ",")]
    components = [(match.group(1).lstrip("\\"), match.group(2).strip()) for match in parts if match]
    distinct = len({name for name, _ in components}) == len(parts)
    return components if distinct and len(parts) > 1 else None


def read_clock(answer: str) -> tuple[list[str], str] | None:
    """Read a time or a ratio as (parts, half of the day): `3:30 pm` becomes (["3", "30"], "pm"); None for other answers.

    The parts are kept apart, because the quotients of 3:30 and 1:10 are equal and the times are not.
    """
    match = _CLOCK.fullmatch(answer)
    if match is None:
        return None
    first, *others = re.findall(r"\d+", match.group(1))
    half = re.sub(r"\\text|[^a-z]", "", (match.group(2) or "").lower())
    return [str(int(first[:20])), *others], half


def both_signs(expression: str) -> str:
    r"""Write out the two values of each `\pm` as a list; the parser reads the sign only between two terms."""
    if r"\pm" not in expression:
        return expression
    inner = expression[2:-2] if expression.startswith(r"\{") and expression.endswith(r"\}") else expression
    return ", ".join(_signed(part) for part in split_outside(inner, ","))


def _signed(part: str) -> str:
    if part.count(r"\pm") != 1 or part.count(r"\mp") > 1:
        return part
    values = (part.replace(r"\pm", a).replace(r"\mp", b) for a, b in (("+", "-"), ("-", "+")))
    return ", ".join(re.sub(r"(^|[=({,])\s*\+", r"\1", value) for value in values)


def split_outside(text: str, separator: str) -> list[str]:
    """Split a text at the separators that are outside all brackets."""
    parts, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]
