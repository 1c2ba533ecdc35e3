"""Damage a trace in known ways, to see what each figure of faithfulness notices and what it does not.

`perf/damage.py` makes the table of docs/damage.md from these.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from random import Random

Damage = Callable[[str, Random], str]

_NUMBER = re.compile(r"\d+")
_PIECE = re.compile(r"\S.*?(?:[.?!]+(?=\s)|(?=\n)|$)\s*", re.DOTALL)
_VARIABLE = re.compile(r"(?<![A-Za-z\\])[abmnpqxy](?![A-Za-z])")
_OPERATOR = re.compile(r"(?<=[\w)²³ ])[-+*/×<>](?=[\w( ])")
_AFFIRMED = re.compile(r"\b(?:is|are|can|has|was|will)\b")
_SWAPPED = {"a": "b", "m": "n", "p": "q", "x": "y"}
_OPPOSITE = {"+": "-", "*": "/", "×": "/", "<": ">"}
_SYNONYMS = {
    "so": "thus", "wait": "hmm", "but": "yet", "maybe": "perhaps", "let": "allow", "find": "determine", "think": "believe",
    "because": "since", "need": "require", "check": "verify", "total": "sum", "first": "initially", "also": "moreover",
    "problem": "exercise", "answer": "result", "correct": "right", "get": "obtain", "okay": "alright", "number": "figure",
    "therefore": "hence", "means": "implies", "same": "identical", "each": "every", "gives": "yields", "solve": "work out",
    "question": "task", "using": "with", "start": "begin", "which": "that", "now": "next", "if": "provided",
    "here": "in this case",
}  # fmt: skip


def damages() -> Mapping[str, Damage]:
    """Return the ways to damage a trace by name: first what should change no figure, then what should lower some."""
    return {
        "identical": lambda trace, _: trace,
        "double blanks, single newlines": lambda trace, _: trace.replace("\n\n", "\n").replace(" ", "  "),
        "newlines to blanks": lambda trace, _: re.sub(r"\s*\n\s*", " ", trace),
        "Markdown: bold, bullets": _as_markdown,
        "numbers as $3$": lambda trace, _: re.sub(r"(?<![\w.,$^])\d+(?:\.\d+)?(?![\w^]|[.,]\d)", r"$\g<0>$", trace),
        "synonyms, 30%": partial(_synonyms, share=0.3),
        "synonyms, 100%": partial(_synonyms, share=1.0),
        **{f"numbers changed, {share:.0%}": partial(change_numbers, share=share) for share in (0.03, 0.1, 0.3, 1.0)},
        "last 3 numbers changed": _change_last_numbers,
        "variables swapped": lambda trace, _: _exchange(_VARIABLE, _SWAPPED, trace),
        "+ - * / < > swapped": lambda trace, _: _exchange(_OPERATOR, _OPPOSITE, trace),
        "every `is`, `can`, `has` negated": lambda trace, _: _AFFIRMED.sub(r"\g<0> not", trace),
        "neighbouring sentences swapped": _swap_neighbours,
        "paragraphs shuffled": lambda trace, rng: "\n\n".join(_shuffled(trace.split("\n\n"), rng)),
        "sentences shuffled": lambda trace, rng: " ".join(_shuffled(pieces(trace), rng)),
        "word salad": lambda trace, rng: " ".join(_shuffled(trace.split(), rng)),
        **{f"sentences deleted, {share:.0%}": partial(delete, share=share) for share in (0.1, 0.3, 0.6)},
        **{f"cut to {share:.0%}": partial(cut, share=share) for share in (0.75, 0.5, 0.25)},
        "told twice": lambda trace, _: f"{trace}\n\n{trace}",
    }


def pieces(trace: str) -> list[str]:
    """Split a trace into its sentences and lines."""
    return [piece.strip() for piece in _PIECE.findall(trace) if piece.strip()]


def change_numbers(trace: str, rng: Random, share: float) -> str:
    """Change a share of the numbers into others of as many digits; a larger share changes all that a smaller one does."""
    return _NUMBER.sub(lambda match: _other(match[0], Random(f"{rng.random()}"), share), trace)


def delete(trace: str, rng: Random, share: float) -> str:
    """Delete a share of the sentences; a larger share deletes all that a smaller one does."""
    return "\n".join(piece for piece in pieces(trace) if rng.random() >= share)


def cut(trace: str, _: Random, share: float) -> str:
    """Keep the first characters, to a share of the length."""
    return trace[: int(len(trace) * share)]


def _other(number: str, rng: Random, share: float) -> str:
    if rng.random() >= share:
        return number
    changed = "".join(str((int(digit) + rng.randrange(1, 9)) % 10) for digit in number)
    return changed if len(number) == 1 or changed[0] != "0" else "1" + changed[1:]


def _change_last_numbers(trace: str, rng: Random) -> str:
    last = list(_NUMBER.finditer(trace))[-3:]
    for match in reversed(last):
        trace = trace[: match.start()] + _other(match[0], rng, 1.0) + trace[match.end() :]
    return trace


def _as_markdown(trace: str, rng: Random) -> str:
    words = re.sub(r"\b[A-Za-z]{5,}\b", lambda match: f"**{match[0]}**" if rng.random() < 0.1 else match[0], trace)
    return "\n\n".join(f"- {paragraph}" for paragraph in words.split("\n\n"))


def _synonyms(trace: str, rng: Random, share: float) -> str:
    def other(match: "re.Match[str]") -> str:
        word = match[0]
        found = _SYNONYMS.get(word.lower())
        if found is None or rng.random() >= share:
            return word
        return found.capitalize() if word[0].isupper() else found

    return re.sub(r"(?<![\w'])[A-Za-z]+(?![\w'])", other, trace)


def _exchange(pattern: "re.Pattern[str]", pairs: Mapping[str, str], trace: str) -> str:
    back = {second: first for first, second in pairs.items()}
    return pattern.sub(lambda match: pairs.get(match[0]) or back[match[0]], trace)


def _swap_neighbours(trace: str, _: Random) -> str:
    sentences = pieces(trace)
    for place in range(0, len(sentences) - 1, 2):
        sentences[place : place + 2] = reversed(sentences[place : place + 2])
    return "\n".join(sentences)


def _shuffled(parts: list[str], rng: Random) -> list[str]:
    return rng.sample(parts, len(parts))
