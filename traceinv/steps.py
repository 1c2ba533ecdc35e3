r"""Read a trace as steps.

Questions of the lab's families have an exact reader, which also says whether a step is true. Every other trace is read as
prose: its steps are its sentences and the rows of its displayed equations (`\[`, `$$`, `align` and the like).
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from traceinv.lab.families import FAMILIES
from traceinv.lab.families.drills import solve
from traceinv.records import Disclosure, Question

if TYPE_CHECKING:
    from traceinv.inversion import Shown
    from traceinv.lab.ideal import Posterior

_DISPLAYS = {r"\[": r"\]", "$$": "$$"} | {
    rf"\begin{{{name}{star}}}": rf"\end{{{name}{star}}}"
    for name in ("align", "equation", "gather", "multline", "eqnarray")
    for star in ("", "*")
}
"""What opens a displayed equation, and what closes it."""
_OPENS = re.compile("|".join(map(re.escape, _DISPLAYS)))
_CJK_SENTENCE = re.compile(r"[^。！？]*[。！？]+[」』”’）)]*|[^。！？]+")
"""A sentence of Chinese or Japanese, whose end no white space follows."""
ENDS_KEPT = 50_000
_MEANINGFUL = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Step:
    """One step of a trace.

    Attributes:
        text: the step as written, without white space around it.
        true: whether it holds for the question; None where no exact reader knows.
    """

    text: str
    true: bool | None


def steps_of(question: Question, trace: str) -> list[Step]:
    """Split a trace into its steps, in order; never raises on a trace, whatever it holds."""
    if is_exact(question):
        return [Step(line.text, line.true) for line in FAMILIES[question.kind].read(question.text, trace)]
    return _prose_steps(trace)


def is_exact(question: Question) -> bool:
    """Return whether an exact reader reads the question's traces, one step a line that is not blank."""
    return _is_exact(question.kind, question.text)


def has_exact_reader(kind: str) -> bool:
    """Return whether there is an exact reader for questions of this kind; it may still not read every such question."""
    return kind in FAMILIES


def concludes(question: Question, trace: str, answer: str) -> float | None:
    """Return 1 where the trace's last line comes to the answer, 0 where not, None where no exact reader knows."""
    return float(FAMILIES[question.kind].concludes(trace, answer)) if is_exact(question) else None


def right_answer(question: Question) -> str | None:
    """Return the right answer of a question; None where no exact reader knows."""
    if not is_exact(question):
        return None
    steps = FAMILIES[question.kind].parse(question.text)
    _, value = solve(steps)
    return steps.answer(value)


def exact_bits(disclosure: Disclosure, trace: str) -> "dict[Shown, float] | None":
    """Return the bits of the true trace behind a disclosure, by the last part that a perfect reader is shown.

    The reader knows all that anyone can compute, and for it every outcome of a hidden skill is equally likely.

    Returns:
        None where the traces that the question can have are not known, or where the trace is none of them.
    """
    if not is_exact(disclosure.question):
        return None
    from traceinv.lab.ideal import posterior

    question, answer, summary = disclosure.question, disclosure.answer, disclosure.summary
    known: dict[Shown, Posterior] = {"question": posterior(question), "answer": posterior(question, answer)}
    if summary is not None:
        known["summary"] = posterior(question, answer, summary)
    bits = {part: traces.surprisal(trace) for part, traces in known.items()}
    possible = {part: found for part, found in bits.items() if found is not None}
    return possible if len(possible) == len(bits) else None


def sentences(text: str) -> list[str]:
    """Split a text into sentences with nltk's untrained Punkt (Kiss and Strunk 2006)."""
    split: list[str] = _sentence_tokenizer().tokenize(text)
    return split


@lru_cache(4096)
def _is_exact(kind: str, text: str) -> bool:
    if kind not in FAMILIES:
        return False
    try:
        FAMILIES[kind].read(text, "")
    except ValueError:  # a question from elsewhere whose kind has the name of a family
        return False
    return True


def _prose_steps(trace: str) -> list[Step]:
    """Split prose; pieces without a letter or digit are no steps."""
    pieces = [
        piece for part, is_display in _parts(trace) for piece in (_rows(part) if is_display else _sentences(part))
    ]
    return [Step(piece.strip(), None) for piece in pieces if _MEANINGFUL.search(piece)]


def _parts(text: str) -> list[tuple[str, bool]]:
    """Cut a text at its displayed equations: (part, whether it is one). A display that is never closed is prose."""
    parts, done, position = [], 0, 0
    unclosed: set[str] = set()
    while match := _OPENS.search(text, position):
        position = match.end()
        closer = _DISPLAYS[match[0]]
        end = -1 if closer in unclosed else text.find(closer, position)
        if end < 0:
            unclosed.add(closer)
            continue
        parts += [(text[done : match.start()], False), (text[position:end], True)]
        done = position = end + len(closer)
    return [*parts, (text[done:], False)]


def _sentences(part: str) -> list[str]:
    lines = [sentence for line in part.splitlines() for sentence in sentences(line)]
    return [sentence for line in lines for sentence in _CJK_SENTENCE.findall(line)]


def _rows(display: str) -> list[str]:
    return display.replace("&", " ").split(r"\\")


@cache
def _sentence_tokenizer() -> Any:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    class Remembering(PunktSentenceTokenizer):  # type: ignore[misc]  # nltk is not followed
        """Judges a possible end of a sentence once: untrained, it decides by the words on both sides alone."""

        text_contains_sentbreak = lru_cache(ENDS_KEPT)(PunktSentenceTokenizer.text_contains_sentbreak)

    return Remembering()
