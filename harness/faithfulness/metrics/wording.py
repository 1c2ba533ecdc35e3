r"""Read a step of prose in the form in which it is compared: what it says, however it is written.

Markdown, LaTeX and Unicode are ways to write the same: `**x**` and `x`, `$3$` and `3`, `x^2` and `x²`, `\frac{1}{2}` and `0.5`,
`\le` and `≤`, `5.0` and `5`. What makes another statement of the same words is kept apart from the words: numbers with their
signs, operators, and how often the step negates.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

KEPT = 20_000
NESTED_FRACTIONS = 20

_SUPERSCRIPTS = re.compile("[⁰¹²³⁴-⁹⁺⁻⁽⁾ⁿⁱ]+")
_SUBSCRIPTS = re.compile("[₀-₉₊₋₍₎ₐ-ₜ]+")
_SPELLED = {
    r"\times": " * ", r"\cdot": " * ", "×": " * ", "·": " * ", "⋅": " * ", "∙": " * ", "times": " * ", "multiplied by": " * ",
    r"\div": " / ", "÷": " / ", "⁄": "/", "divided by": " / ", "plus": " + ", "minus": " - ", "−": "-", "–": "-", "—": " ",
    r"\leq": "≤", r"\leqslant": "≤", r"\le": "≤", "<=": "≤", r"\geq": "≥", r"\geqslant": "≥", r"\ge": "≥", ">=": "≥",
    r"\lt": "<", r"\gt": ">", r"\neq": "≠", r"\ne": "≠", "!=": "≠", r"\approx": "≈", "equals": " = ", r"\infty": "infinity",
    "∞": "infinity", "√": " sqrt ", r"\left": "", r"\right": "", r"\displaystyle": "", r"\boxed": "", r"\text": "",
    r"\textbf": "", r"\mathrm": "", r"\quad": " ", r"\ldots": " ", r"\dots": " ", r"\cdots": " ", r"\,": "", r"\;": " ",
    r"\:": " ", r"\!": "", r"\ ": " ", "{,}": ",",
    r"^\circ": " degrees ", r"^{\circ}": " degrees ", "°": " degrees ", "%": " percent ", r"\%": " percent ",
    r"\$": " ", "$": "", r"\(": "", r"\)": "", r"\[": " ", r"\]": " ", r"\\": " ", "&": " ", "`": " ",
    "cannot": "can not", "n't": " not", "n’t": " not",
}  # fmt: skip
"""Other ways to write the same, in lower case."""


def _spelling(written: str) -> str:
    """Return the pattern of one way to write; words count as whole words only."""
    before = r"(?<![a-z])" if written[0].isalpha() and not written.startswith("n") else ""
    return before + re.escape(written) + (r"(?![a-z])" if written[-1].isalpha() else "")


_SPELLING = re.compile("|".join(map(_spelling, sorted(_SPELLED, key=len, reverse=True))))
_ITEM = re.compile(r"^\s*(?:#{1,6}|[-*+•>])\s+", re.MULTILINE)
_POWER = re.compile(r"(?<=[\w)\]}])\*\*(?=[\d(a-z-](?![a-z]))")
_EMPHASIS = re.compile(r"\*\*|__|(?<![\w*)\s])\*(?=\s|$)|(?<![\w)*])\*(?=[^\W\d_]{2})|(?<=[^\W\d_]{2})\*(?![\w(*])")
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{([^{}]*)\}\s*\{([^{}]*)\}|(\d)\s*(\d))")
_SIMPLE = re.compile(r"\s*[\w.]+\s*")
_GROUPED = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?!\d|,\d)")
_GREEK = re.compile("(?<![\u0370-\u03ff])[α-ωΑ-Ω](?![\u0370-\u03ff])")
_CJK = "\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:\.\d+)?|(?<![\w.])\.\d+)|(?P<character>[{_CJK}])|(?P<word>[^\W\d_{_CJK}]+)|(?P<mark>[-+*/^=<>≤≥≠≈])"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
)
_NEGATIONS = frozenset({"not", "no", "never", "neither", "nor", "none", "without", "non"})
_CJK_NEGATIONS = re.compile("不|没|沒|無|无|非|未|ない|ません|なかった")
_EQUALITY = frozenset("=≈")


@dataclass(frozen=True)
class Wording:
    """What a step says.

    Attributes:
        words: in order, with numbers and operators, without punctuation, markup and brackets; each character of Chinese and
            Japanese is one.
        numbers: their values with signs, sorted as texts.
        negations: how often it negates.
        operators: except equality, sorted; a minus and a slash together with what follows them.
    """

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    negations: int
    operators: tuple[str, ...]

    @property
    def key(self) -> tuple[tuple[str, ...], int]:
        """Return what two wordings of one step have in common."""
        return self.numbers, self.negations


@lru_cache(KEPT)
def wording(text: str) -> Wording:
    """Read a step; never raises, whatever it holds."""
    plain = _plain(text)
    tokens = list(_TOKEN.finditer(plain))
    words: list[str] = []
    numbers: list[str] = []
    operators: list[str] = []
    position = 0
    while position < len(tokens):
        token, position = tokens[position], position + 1
        role = _role(plain, tokens, position - 1) if token["mark"] else ""
        if token["number"] or role == "sign":
            sign, at = ("-", position) if role else ("", position - 1)
            value, position = _number(tokens, at)
            words.append(sign + value)
            numbers.append(sign + value)
        elif token["word"] or token["character"]:
            words.append(token[0])
        elif role:
            words.append(token[0])
            if token[0] not in _EQUALITY:
                operators.append(token[0] + (_operand(tokens, position) if token[0] in "-/" else ""))
    negations = sum(word in _NEGATIONS for word in words) + len(_CJK_NEGATIONS.findall(plain))
    return Wording(tuple(words), tuple(sorted(numbers)), negations, tuple(sorted(operators)))


def join(parts: Sequence[Wording]) -> Wording:
    """Return the wording of neighbouring steps that are read as one."""
    return Wording(
        tuple(word for part in parts for word in part.words),
        tuple(sorted(number for part in parts for number in part.numbers)),
        sum(part.negations for part in parts),
        tuple(sorted(operator for part in parts for operator in part.operators)),
    )


def contradict(first: Sequence[str], second: Sequence[str]) -> bool:
    """Return whether each of two steps has an operator that the other lacks: `a + b` and `a - b`, but not `2 * x` and `2x`."""
    here, there = Counter(first), Counter(second)
    return bool(here - there and there - here)


def _plain(text: str) -> str:
    """Write a step without markup, each symbol in one way."""
    text = _SUPERSCRIPTS.sub(lambda match: "^" + match[0], text)
    text = _SUBSCRIPTS.sub(lambda match: "_" + match[0], text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = _GREEK.sub(lambda match: f" {unicodedata.name(match[0]).rsplit(' ', 1)[-1].lower()} ", text)
    text = _ITEM.sub("", _SPELLING.sub(lambda match: _SPELLED[match[0]], _POWER.sub("^", text)))
    text = _EMPHASIS.sub("", text)
    for _ in range(NESTED_FRACTIONS):
        text, found = _FRACTION.subn(_quotient, text)
        if not found:
            break
    return _GROUPED.sub(lambda match: match[0].replace(",", ""), text)


def _quotient(fraction: "re.Match[str]") -> str:
    above, below = (fraction[1], fraction[2]) if fraction[3] is None else (fraction[3], fraction[4])
    parts = (part if _SIMPLE.fullmatch(part) else f"({part})" for part in (above, below))
    glued = fraction.start() > 0 and fraction.string[fraction.start() - 1].isalnum()
    return " " * glued + "/".join(parts) + " "


def _decimal(number: str) -> str:
    """Return a number without zeros that do not change it."""
    whole, _, rest = number.partition(".")
    rest = rest.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{rest}" if rest else "")


def _number(tokens: Sequence["re.Match[str]"], position: int) -> tuple[str, int]:
    """Return the number at a position, and the position after it; a proper fraction that a decimal equals is that decimal."""
    number, *rest = tokens[position : position + 3]
    if len(rest) == 2 and rest[0][0] == "/" and rest[1]["number"]:
        above, below = number[0], rest[1][0]
        if above.isdecimal() and below.isdecimal() and len(below) <= 4:
            over = int(below)
            if 0 < int(above) < over and 10**4 % over == 0:
                return _decimal(f"{int(above) / over:.4f}"), position + 3
    return _decimal(number[0]), position + 1


def _role(plain: str, tokens: Sequence["re.Match[str]"], position: int) -> str:
    """Return what a mark is: the `sign` of the number after it, an `operator`, or "" for a hyphen and the like."""
    mark = tokens[position]
    before = tokens[position - 1] if position else None
    after = tokens[position + 1] if position + 1 < len(tokens) else None
    if after is None:
        return ""
    if mark[0] not in "-+*/":
        return "operator"
    apart = mark.start() > 0 and plain[mark.start() - 1].isspace()
    attached = after.start() == mark.end()
    opens = before is None or bool(before["mark"] or before["open"])
    if mark[0] == "-" and after["number"] and (opens or (_is_word(before) and apart and attached)):
        return "sign"
    if mark[0] in "-/" and (_is_word(before) or _is_word(after)):
        spaced = apart and not attached
        return "operator" if spaced and not (mark[0] == "-" and _is_word(before) and _is_word(after)) else ""
    return "operator"


def _is_word(token: "re.Match[str] | None") -> bool:
    """Return whether a token is a word and no variable."""
    return token is not None and bool(token["character"] or (token["word"] and len(token[0]) > 1))


def _operand(tokens: Sequence["re.Match[str]"], position: int) -> str:
    """Return the number or word after an operator, past opening brackets."""
    for token in tokens[position:]:
        if not token["open"]:
            return _decimal(token[0]) if token["number"] else token[0]
    return ""
