"""How an answer is written: one spelling for equal notations."""

import re

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
        "²": "^2",
        "³": "^3",
        "½": r"\frac{1}{2}",
        "¼": r"\frac{1}{4}",
        "¾": r"\frac{3}{4}",
        "\u00a0": " ",
        "\u2009": r"\,",
        "\u202f": r"\,",
    }
)
_COMMANDS = [  # none of them is a doubled backslash, which ends the row of a matrix
    (r"\\!\s*", ""),
    (r"(?<=\d)\\[,;:](?=\d{3}(?!\d))", ""),
    (r"\\(?:,|;|:|>|quad(?![a-z])|qquad(?![a-z])|\s|~)", " "),
    (r"\\(?:left|right|big|Big|bigl|bigr|Bigl|Bigr|displaystyle|limits|mathstrut)(?![a-zA-Z])\.?", ""),
    (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
    (r"\\(?:text(?:bf|it|rm|sf|normal)?|mbox|mathrm|mathbf|mathit|mathsf)\s*\{", r"\\text{"),
    (r"\\text\{\s*\}", ""),
    (r"\\(?:leq|leqslant)(?![a-zA-Z])", r"\\le"),
    (r"\\(?:geq|geqslant)(?![a-zA-Z])", r"\\ge"),
    (r"\\neq(?![a-zA-Z])", r"\\ne"),
    (r"\\(?:langle|lparen)(?![a-zA-Z])", "("),
    (r"\\(?:rangle|rparen)(?![a-zA-Z])", ")"),
    (r"\\lbrace(?![a-zA-Z])", r"\\{"),
    (r"\\rbrace(?![a-zA-Z])", r"\\}"),
    (r"\\(?:lvert|rvert|vert)(?![a-zA-Z])", "|"),
    (r"\\(begin|end)\{[bpB]?matrix\}", r"\\\1{pmatrix}"),
]
_REWRITES = [
    (re.compile(r"√\s*\(([^()]*)\)|√\s*(\w+)"), r"\\sqrt{\1\2}"),
    *((re.compile(r"(?<!\\)" + pattern), replacement) for pattern, replacement in _COMMANDS),
    (re.compile(r"~"), " "),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"(?<!\\)\\(?:\$|pounds)|(?<!\\)\$|[€£¥]"), r"\\$"),
    (re.compile(r"(?<!\\)%"), r"\\%"),
    (re.compile(r"\^\{\s*\\circ\s*\}|\^\s*\\circ(?![a-zA-Z])|(?<!\\)\\degrees?(?![a-zA-Z])"), r"^\\circ "),
]
_GREEK = r"\\(?:pi|theta|alpha|beta|gamma|phi|varphi|omega|lambda|mu|sigma|tau|rho)(?![a-zA-Z])"
_BRACED = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_ARGUMENT = rf"\s*({_BRACED}|{_GREEK}|[a-zA-Z0-9])"
_UNBRACED = [  # TeX takes one symbol for an argument, where the parser wants braces
    (re.compile(rf"(\\frac){_ARGUMENT}{_ARGUMENT}"), ""),
    (re.compile(rf"(\\sqrt)\s*({_GREEK})"), ""),
    (re.compile(r"(\\sqrt\s*\[\w+\])\s*(\w)"), ""),
    (re.compile(r"(\\log\s*_)\s*([a-zA-Z0-9])"), " "),
    (re.compile(rf"(\^)\s*(\\frac{_BRACED}{_BRACED})"), ""),
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
_ASIDE = re.compile(r"(?:=|\\(?:approx|simeq|sim)(?![a-zA-Z]))\s*")
_COUNTED = re.compile(r"\\text\{\s*([-+]?\d[\d.,]*\s+[a-z ]+)\}")
_MEMBERSHIP = re.compile(r"[a-zA-Z](?:_\w|_\{\w+\})?\s*\\in(?![a-zA-Z])\s*")
_DOUBLED = re.compile(r"\\\\(?=[a-zA-Z])")
_BETWEEN_DIGITS = re.compile(r"(?<!\d)\s+|\s+(?!\d)")


def canonical(answer: str) -> str:
    """One spelling for notations that mean the same: spacing, sizes of brackets, kinds of fraction and of text, Unicode."""
    text = _unwrap(" ".join(answer.translate(_UNICODE).split()))
    if "matrix" not in text:
        text = _DOUBLED.sub(lambda _: "\\", text)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    for pattern, after in _UNBRACED:
        text = pattern.sub(lambda match: _braced(*match.groups()) + after, text)  # noqa: B023
    text = _unwrap(text)
    text = match.group(1) if (match := _COUNTED.fullmatch(text)) else text
    for opening in (_ASIDE, _MEMBERSHIP):
        text = text[match.end() :] if (match := opening.match(text)) else text
    return text


def spelling(text: str) -> str:
    """A canonical answer without the spaces that mean nothing: those between two digits stay."""
    return _BETWEEN_DIGITS.sub("", text)


def _braced(command: str, *arguments: str) -> str:
    return command + "".join(text if text.startswith("{") else f"{{{text}}}" for text in arguments)


def _unwrap(text: str) -> str:
    """Take off what encloses the whole answer: delimiters of formulas, emphasis, boxes; and the full stop after it."""
    previous = None
    while text != previous:
        previous, text = text, re.sub(r"(?<=[^.])[.,;]$", "", text.strip())
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
