r"""Rewrite the notation of programs and of plain text to LaTeX: `2*pi*r`, `x**2`, `sqrt(3)/2`, `(2, infinity)`."""

import re
from collections.abc import Callable
from functools import partial

from harness.grading.units import UNIT_OF

_NAMES = {
    **{
        name: rf"\{name} "
        for name in ("alpha", "beta", "gamma", "delta", "epsilon", "theta", "lambda", "mu", "nu", "omega")
    },
    **{name: rf"\{name} " for name in ("phi", "rho", "sigma", "tau", "psi", "pi")},
    **dict.fromkeys(("infinity", "infty", "inf", "oo"), r"\infty "),
}
_FUNCTIONS = [
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "ln",
    "log",
    "exp",
]
_OTHER_WORDS = {"sqrt", "cbrt", "abs", "and", "or", "mod"}
_WORD = re.compile(r"(?<![a-zA-Z\\])[a-zA-Z]{3,}")
_TEXT = re.compile(r"(\\(?:text\w*|mathrm|mathbf|mbox|operatorname)\s*\{[^{}]*\})")
_NAME = re.compile(rf"(?<![a-zA-Z\\{{])({'|'.join(sorted(_NAMES, key=len, reverse=True))})(?![a-zA-Z])", re.I)
_FUNCTION = re.compile(rf"(?<![a-zA-Z\\])({'|'.join(_FUNCTIONS)})(?=\s*[\^_(\\\d]|\s+[a-zA-Z]\b)")
_POWER = re.compile(r"(?<=[\w)\]}])(?:\*\*|\s\*\*\s)(?=[\w(\\{+-])")
_RELATIONS = [(re.compile("<="), r"\\le "), (re.compile(">="), r"\\ge "), (re.compile(r"(?<=\s)!=(?=\s)"), r"\\ne ")]
_CALLS = [
    (re.compile(r"(?<![a-zA-Z])\\?sqrt\s*(?=\()"), r"\sqrt{", "}"),
    (re.compile(r"(?<![a-zA-Z\\])cbrt\s*(?=\()"), r"\sqrt[3]{", "}"),
    (re.compile(r"(?<![a-zA-Z\\])abs\s*(?=\()"), "|", "|"),
]
_ROOT = re.compile(r"(?<![a-zA-Z\\])sqrt\s*(\d+|[a-zA-Z](?![a-zA-Z]))")
_MAX_CALLS = 20
_TRIGONOMETRIC = r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])(?:\s*\^\s*(?:\d|\{\s*-?\d+\s*\}))?\s*"
_ANGLE = r"(-?(?:\d+(?:\.\d+)?|\.\d+)|\\[a-zA-Z]+|[a-zA-Z])"
_IN_DEGREES = rf"{_ANGLE}\s*(?:\^\s*\\circ(?![a-zA-Z])|\\text\{{\s*(?:degrees?|deg)\s*\}}|degrees?(?![a-zA-Z]))"
_BARE_ANGLE = re.compile(rf"({_TRIGONOMETRIC}){_IN_DEGREES}")
_OPENED_ANGLE = re.compile(rf"{_TRIGONOMETRIC}(?=[({{])")
_ANY_ANGLE = re.compile(_IN_DEGREES)


def from_plain(text: str) -> str:
    r"""Rewrite names, functions, powers and relations of plain notation to LaTeX commands, outside `\text`.

    A text with words that are no names, functions or units is prose, and keeps its words.
    """
    text = _POWER.sub("^", text)
    for pattern, replacement in _RELATIONS:
        text = pattern.sub(replacement, text)
    parts = _TEXT.split(text)
    words = {word.lower() for part in parts[::2] for word in _WORD.findall(part)}
    if words - _NAMES.keys() - set(_FUNCTIONS) - _OTHER_WORDS - UNIT_OF.keys():
        return text
    parts[::2] = [_FUNCTION.sub(r"\\\1", _NAME.sub(_command, part)) for part in parts[::2]]
    text = _ROOT.sub(r"\\sqrt{\1}", "".join(parts))
    for pattern, opening, closing in _CALLS:
        text = _rewrite_groups(text, pattern, partial(_enclose, opening, closing))
    return text


def radians_in_functions(text: str) -> str:
    r"""Rewrite the degrees inside functions to radians: `\sin 30^\circ` to `\sin(\frac{30\pi}{180})`."""
    if r"\circ" not in text and "deg" not in text:
        return text
    text = _BARE_ANGLE.sub(r"\1(\\frac{\2 \\pi}{180})", text)
    return _rewrite_groups(
        text, _OPENED_ANGLE, lambda call, inside: call + "(" + _ANY_ANGLE.sub(r"\\frac{\1 \\pi}{180}", inside) + ")"
    )


def _enclose(opening: str, closing: str, _call: str, inside: str) -> str:
    return f"{opening}{inside}{closing}"


def _command(match: re.Match[str]) -> str:
    return _NAMES[match.group(1).lower()]


def _rewrite_groups(text: str, before: re.Pattern[str], rewrite: Callable[[str, str], str]) -> str:
    """Rewrite each bracketed group that follows a pattern.

    Args:
        before: matches up to and without the opening bracket.
        rewrite: gets what `before` matched and the content of the brackets.
    """
    position = 0
    for _ in range(_MAX_CALLS):
        match = before.search(text, position)
        end = _closing(text, match.end()) if match else None
        if match is None or end is None:
            break
        text = text[: match.start()] + rewrite(match.group(), text[match.end() + 1 : end]) + text[end + 1 :]
        position = match.start() + 1
    return text


def _closing(text: str, start: int) -> int | None:
    """Return where the bracket that opens at `start` closes."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return None
