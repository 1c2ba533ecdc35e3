"""Rewrite answers so that equal notations get one spelling."""

import re

from harness.grading.plain import from_plain, radians_in_functions

_UNICODE = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "×": r"\times ",
        "·": r"\cdot ",
        "÷": "/",
        "π": r"\pi ",
        "∞": r"\infty ",
        "≤": r"\le ",
        "≥": r"\ge ",
        "≠": r"\ne ",
        "∪": r"\cup ",
        "∩": r"\cap ",
        "∈": r"\in ",
        "±": r"\pm ",
        "≈": r"\approx ",
        "°": r"^\circ ",
        "½": r"\frac{1}{2}",
        "¼": r"\frac{1}{4}",
        "¾": r"\frac{3}{4}",
        "∅": r"\emptyset ",
        "¢": r"\text{ cents}",
        "‐": "-",
        "‑": "-",
        "－": "-",
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff"),
        "\u00a0": " ",
        "\u2009": r"\,",
        "\u202f": r"\,",
    }
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_COMMANDS = [  # a doubled backslash is left alone: it ends the row of a matrix
    (r"\\!\s*", ""),
    (r"(?<=\d)\\[,;:](?=\d{3}(?!\d))", ""),
    (r"\\(?:,|;|:|>|quad(?![a-z])|qquad(?![a-z])|\s|~)", " "),
    (r"\\(?:left|right|big|Big|bigl|bigr|Bigl|Bigr|displaystyle|limits|mathstrut)(?![a-zA-Z])\.?", ""),
    (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
    (r"\\[dt]binom(?![a-zA-Z])", r"\\binom"),
    (r"(?:\{\})?[_^]\s*\{?(\d+|n)\}?\s*C_\s*\{?(\d+|[kr])\}?", r"\\binom{\1}{\2}"),
    (r"\{\s*\\(?:rm|bf|it)\s+([^{}]*)\}", r"\\text{\1}"),
    (r"([)\]])\s*(?:\\text\{\s*or\s*\}|\bor\b|,)\s*[a-zA-Z]\s*\\in(?![a-zA-Z])\s*(?=[(\[])", r"\1\\cup "),
    (r"\\mathrm\s*\{\s*([ei])\s*\}", r" \1"),  # the constants e and i; no unit has such a name
    (r"\\(?:text(?:bf|it|rm|sf|normal)?|mbox|mathrm|mathbf|mathit|mathsf|boldsymbol|bm|underline)\s*\{", r"\\text{"),
    (r"\\text\{\s*\}", ""),
    (r"\\(?:leq|leqslant)(?![a-zA-Z])", r"\\le"),
    (r"\\(?:geq|geqslant)(?![a-zA-Z])", r"\\ge"),
    (r"\\neq(?![a-zA-Z])", r"\\ne"),
    (r"\\(?:langle|lparen)(?![a-zA-Z])", "("),
    (r"\\(?:rangle|rparen)(?![a-zA-Z])", ")"),
    (r"\\[lc]?dots[bcimo]?(?![a-zA-Z])|\.\.\.|…", r"\\ldots "),
    (r"\{([^{}]*)\\choose(?![a-zA-Z])([^{}]*)\}", r"\\binom{\1}{\2}"),
    (r"^([^{}]*)\\choose(?![a-zA-Z])([^{}]*)$", r"\\binom{\1}{\2}"),
    (r"\(\s*\\(?:b?mod(?![a-zA-Z])|text\{\s*mod\s*\})\s*([^()]*)\)", r"\\pmod{\1}"),
    (r"\\pmod\s*([^{\s])", r"\\pmod{\1}"),
    (r"\\bmod(?![a-zA-Z])", r"\\mod"),
    (r"\\lg(?![a-zA-Z])", r"\\log_{10}"),
    (r"\\varnothing(?![a-zA-Z])", r"\\emptyset"),
    (r"\\colon(?![a-zA-Z])", ":"),
    (r"\\lbrace(?![a-zA-Z])", r"\\{"),
    (r"\\rbrace(?![a-zA-Z])", r"\\}"),
    (r"\\(?:lvert|rvert|vert)(?![a-zA-Z])", "|"),
    (r"\\(begin|end)\{[bpB]?matrix\}", r"\\\1{pmatrix}"),
]
_REWRITES = [
    (re.compile(r"√\s*\(([^()]*)\)|√\s*(\w+)"), r"\\sqrt{\1\2}"),
    *((re.compile(r"(?<!\\)" + pattern), replacement) for pattern, replacement in _COMMANDS),
    (
        re.compile(r"_\s*(\d)\s+(?=\d)"),
        r"_{\1} ",
    ),  # else the subscript and the next digit would be two numbers side by side
    (re.compile(r"(?<=\.)(\d*)\\(?:dot|bar)\s*\{?(\d+)\}?"), r"\1\\overline{\2}"),
    (re.compile(r"(?<=\.)(\d*?)(\d)\2{2,}(?:\.{3}|\\[lc]?dots(?![a-zA-Z])|…)"), r"\1\\overline{\2}"),
    (re.compile(r"~"), " "),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"(?<!\\)\\(?:\$|pounds)|(?<!\\)\$|[€£¥]"), r"\\$"),
    (re.compile(r"(?<!\\)%"), r"\\%"),
    (re.compile(r"\^\{\s*\\circ\s*\}|\^\s*\\circ(?![a-zA-Z])|(?<!\\)\\degrees?(?![a-zA-Z])"), r"^\\circ "),
]
_GREEK = r"\\(?:pi|theta|alpha|beta|gamma|phi|varphi|omega|lambda|mu|sigma|tau|rho)(?![a-zA-Z])"
_BRACED = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_ARGUMENT = rf"\s*({_BRACED}|{_GREEK}|[a-zA-Z0-9])"
_UNBRACED = [  # in TeX an argument of one symbol needs no braces; in the parser it does
    re.compile(rf"(\\(?:frac|binom)){_ARGUMENT}{_ARGUMENT}"),
    re.compile(rf"(\\sqrt)\s*({_GREEK})"),
    re.compile(r"(\\sqrt\s*\[\w+\])\s*(\w)"),
    re.compile(r"(\\log\s*_)\s*([a-zA-Z0-9])"),
    re.compile(rf"(\^)\s*(\\frac{_BRACED}{_BRACED})"),
]
_WRAPPERS = [
    re.compile(pattern, re.S)
    for pattern in (
        r"\$\$(.*)\$\$",
        r"\$([^$]*)\$",
        r"\\\[(.*)\\\]",
        r"\\\((.*)\\\)",
        r"\*\*(.*)\*\*",
        r"`([^`]*)`",
        r"\\boxed\{(.*)\}",
        r"\{([^{}]*)\}",
    )
]
_ASIDE = re.compile(
    r"(.{0,500}?[^\s(,=])\s*(?:\\text\{\s*)?\(\s*(?:\\text\{\s*)?"
    r"(?=(?:since|because|as|approx|approximately|about|roughly|i\.e\.|\\(?:approx|simeq|sim))(?![a-zA-Z]))(.*)\)\s*\}?",
    re.S,
)
_COUNTED = re.compile(r"\\text\{\s*([-+]?\d[\d.,]*\s+[a-z ]+)\}")
_MEMBERSHIP = re.compile(r"[a-zA-Z](?:_\w|_\{\w+\})?\s*\\in(?![a-zA-Z])\s*")
_BUILT = re.compile(r"\\\{\s*([a-zA-Z])(?:\s*\\in\s*\\mathbb\{R\})?\s*(?::|\||\\mid(?![a-zA-Z]))\s*(.*\1.*)\\\}", re.S)
_LEADING = re.compile(r"(?:=|\\(?:approx|simeq|sim|therefore)(?![a-zA-Z]))\s*")
_SPACED = re.compile(r"([-+]?\d{1,3}(?: \d{3})+)(\.\d+)?")
_DOUBLED = re.compile(r"\\\\(?=[a-zA-Z])")
_BETWEEN_DIGITS = re.compile(r"(?<!\d)\s+|\s+(?!\d)")


def canonical(answer: str) -> str:
    """Return an answer in canonical notation: one form for spacing, bracket sizes, fractions, text and Unicode symbols."""
    raised = _SUPERSCRIPT.sub(lambda match: f"^{{{match.group().translate(_RAISED)}}}", answer)
    text = from_plain(_unwrap(" ".join(raised.translate(_UNICODE).split())))
    if "matrix" not in text:
        text = _DOUBLED.sub(lambda _: "\\", text)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    for pattern in _UNBRACED:
        text = pattern.sub(_braced, text)
    text = _unwrap(radians_in_functions(_without_aside(text)))
    text = match.group(1) if (match := _COUNTED.fullmatch(text)) else text
    for prefix in (_LEADING, _MEMBERSHIP):
        if match := prefix.match(text):
            text = text[match.end() :]
    if match := _BUILT.fullmatch(text):
        return match.group(2).strip()
    return text.replace(" ", "") if _SPACED.fullmatch(text) else text


def _without_aside(text: str) -> str:
    """Remove a bracket after a value that gives its reason or its rounded value, such as `5 (since x > 0)`."""
    match = _ASIDE.fullmatch(text)
    if match is None or re.search(r"\b(?:or|and)\b", match.group(2)) or not _balanced(match.group(1)):
        return text
    return match.group(1).strip()


def spelling(text: str) -> str:
    """Remove the spaces of a canonical answer, except those between two digits."""
    return _BETWEEN_DIGITS.sub("", text)


def _braced(match: re.Match[str]) -> str:
    command, *arguments = match.groups()
    return command + "".join(text if text.startswith("{") else f"{{{text}}}" for text in arguments)


def _unwrap(text: str) -> str:
    """Remove everything that encloses the whole answer (formula delimiters, emphasis, boxes) and the full stop after it."""
    previous = None
    while text != previous:
        previous, text = text, re.sub(r"(?<=[^.\\])[.,;]$", "", text.strip())
        for wrapper in _WRAPPERS:
            match = wrapper.fullmatch(text)
            if match and _balanced(match.group(1)):
                text = match.group(1)
    return text


def _balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"\\.|[{}]", text):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0
