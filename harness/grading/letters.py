"""Read which options of a multiple-choice question a text chooses.

An option is named by its label: a letter in brackets, or followed by `)`, `.`, `:` or a dash. A bare letter is a label only at
the start of the place that states the answer, or after a word such as "option", since letters are also articles, symbols of
elements and names of variables.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_LENGTH = 1500
_WRAPPED = re.compile(r"\\(?:text(?:bf|it|rm|sf)?|mathrm|mathbf|mathsf|mbox|boxed|fbox|bm|boldsymbol)\s*\{([^{}]*)\}")
_SPACING = re.compile(
    r"\\(?:rm|bf|left|right|displaystyle|q?quad)(?![a-zA-Z])|\\&|\\[()\[\]{},;:! ]|[$*_{}`~\"“”]|<\|?/?\w+\|?>"
)
_VERDICTS_NEGATIVE = (
    r"(?:not\b|n't\b|can(?:not|'t)\b|wrong|incorrect|false|untrue|in(?:valid|applicable|consistent)|impossible|eliminated"
    r"|excluded|ruled|out\b)"
)
_VERDICTS_POSITIVE = r"(?:true|correct|right|valid|consistent|the (?:correct |right |only )?(?:answer|option|choice))\b"
_VERB = r"(?:(?:is|are|was|were|must be|statements?|options?|also|all|both|indeed|therefore|only|definitely)\b[ :]*)*"
_DENIED = re.compile(
    rf"(?!,? ?not (?:the )?(?:options? |statements? )?⟨)[ :,=–—-]*{_VERB}{_VERDICTS_NEGATIVE}"
    r"|.*[:(–—-] ?(?:false|incorrect|wrong|not [a-z]+)[ ).]*$",
    re.I,
)
_AFFIRMED = re.compile(rf"[ :,=–—-]*{_VERB}{_VERDICTS_POSITIVE}|.*[:(–—-] ?(?:true|correct|right)[ ).]*$", re.I)
_DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\bneither|\bnor|\bexcept(?: for)?|\brather than|\binstead of|\bunlike|\bthan|contradicts?|eliminat\w+"
    r"|rul\w+ out|exclud\w+|reject\w*|cannot be|\bno)[ :]*(?:the )?(?:options?|statements?|choices?|both|either)?[ :]*$",
    re.I,
)
_UNDECIDED = re.compile(r"inconclusive|undetermined|(?:can ?not|can't|unable to|impossible to) (?:be )?determine", re.I)
_NOUN = r"(?:options?|choices?|statements?|alternatives?|answers?(?: (?:is|are)\b)?)(?:\(s\))?"
_FILLER = re.compile(
    rf"(?:(?:that|only|both|the|indeed|therefore|thus|clearly|simply|just|definitely|likely|probably|most|{_NOUN})(?!\w)[ :]*)+",
    re.I,
)
_JOINT = r" ?(?:, ?and |,|;|&|/|\band\b|\bor\b|) ?"
_JOINED = re.compile(rf"(?:|.*?(?:,|;|&|\n|\band\b|\bor\b)) ?(?:the )?(?:{_NOUN} )?|.*[\d)\]}}>⟩] ?", re.I | re.S)
_LEFT_OPEN = re.compile(r"\bor ?(?:the )?(?:options?|statements?|choices?)? ?$|\beither\b", re.I)
_SENTENCE_END = re.compile(r"[.!?](?= |\n|$)(?<!\be\.g\.)(?<!\bi\.e\.)")
_ALL = re.compile(
    r"\ball (?:of )?(?:the )?(?:above |given |four )?(?:options|statements|choices)(?: given)? are (?:true|correct|right|valid)\b"
    r"|^all (?:of )?(?:the |them|these|four )?(?:above|options|statements|choices)?[ .]*$",
    re.I,
)
_BULLET = re.compile(r"^(?:[-•]|\d+[.)]) (?=⟨)", re.M)
_LOWER = r"\(? ?[{letters}] ?\)?"


@dataclass(frozen=True)
class Choice:
    """The options that a text chooses.

    Attributes:
        letters: empty where the text names options only to deny them.
        settled: False where the text leaves open which of them it chooses.
    """

    letters: frozenset[str]
    settled: bool = True


@dataclass(frozen=True)
class _Label:
    letter: str
    start: int
    end: int


class OptionReader:
    """Reads the options that texts choose, for one set of option letters."""

    def __init__(self, options: str) -> None:
        """Prepare the patterns for the option letters, such as "ABCD"."""
        self.options = frozenset(options)
        letters = re.escape(options)
        part = r"(?: ?\([ivx]+\))?"  # of an option with several parts, as in `[D(i)]`
        bare = rf"[{letters}](?![A-Za-z0-9'’(\[])"
        label = rf"(?:⟨[{letters}]⟩|{bare})"
        letter = rf"(?:⟨[{letters}]⟩|(?:\( ?)?[{letters}](?![a-z])(?: ?\))?)"
        self._follows = (
            rf"(?= ?$| ?[.:;,)\]\n]| [–—-] (?!{bare})| (?:because|since|as|which|and|but|not|except)\b| (?:is|are)\b)"
        )
        self._run = re.compile(rf"{letter}(?:{_JOINT}{letter})*+")
        self._bare_run = re.compile(rf"{letter}(?:{_JOINT}{letter})*+{self._follows}")
        self._list = re.compile(rf"[(\[] ?({bare}(?: ?(?:, ?and |,|;|&|/|\band\b|\bor\b) ?{bare})+) ?[)\]]")
        self._bracketed = re.compile(
            rf"(?<![\w)\]}}^\\'])(?:\( ?(?P<round>[{letters}]){part} ?\)(?! ?[\^_])"
            rf"|\[ ?(?P<square>[{letters}]){part} ?\](?! ?[=\^_\[]))"
        )
        self._half = re.compile(rf"(?<![\w(\[)\]⟨'])([{letters}])\)(?=\s|$)")
        self._label = re.compile(rf"⟨([{letters}])⟩|\b(?i:options?|statements?|choices?) ({bare})")
        self._more = re.compile(rf"{_JOINT}({label})")
        self._text = re.compile(rf"\\text(?:bf)?\s*\{{\s*([{letters}])\s*\}}(?=\s|\\[ :;,]|\\q?quad)")
        lower = _LOWER.format(letters=letters.lower())
        self._lower = re.compile(rf"{lower}(?: ?(?:, ?(?:and|or) |[,;&/]|\band\b|\bor\b) ?{lower})*[ .]*")
        self._lone = re.compile(rf"(?<![a-z])[{letters.lower()}](?![a-z])")
        self._lower_bracketed = re.compile(rf"\( ?([{letters.lower()}]) ?\)(?= )")

    def plain(self, text: str) -> str:
        """Return a text without its markup, with each bracketed label as `⟨A⟩`; line breaks are kept."""
        text = text[:_MAX_LENGTH]
        for _ in range(3):
            text = _WRAPPED.sub(r" \1 ", text)
        lines = (" ".join(_SPACING.sub(" ", line).split()) for line in text.split("\n"))
        text = "\n".join(line for line in lines if line)
        text = self._list.sub(r"\1", text)
        text = self._bracketed.sub(lambda match: f"⟨{match['round'] or match['square']}⟩", text)
        return _BULLET.sub("", self._half.sub(r"⟨\1⟩", text))

    def read(self, content: str) -> Choice | None:
        """Read the place that states the answer, such as `B`, `(A) 5 cm and (C) 7 cm`, `A, C` or `b`.

        Returns:
            None where the place does not begin with a label.
        """
        text = self.plain(
            self._text.sub(r"(\1) ", content, count=1) if content.lstrip("$ ").startswith("\\text") else content
        )
        if match := _FILLER.match(text):
            text = text[match.end() :]
        if re.match(r"(?:not|n't)\b", text, re.I):
            return Choice(frozenset()) if self._label.search(text) or self._run.match(text[4:]) else None
        if _ALL.match(text):
            return Choice(self.options)
        sentence = text[: end.start()] if (end := _SENTENCE_END.search(text)) else text
        first = sentence.split("\n", 1)[0]
        if self._lower.fullmatch(first):
            return Choice(frozenset("".join(self._lone.findall(first)).upper()), settled=" or " not in first)
        if lower := self._lower_bracketed.match(text):
            return Choice(frozenset(lower.group(1).upper()))
        run = self._run.match(text) if text.startswith("⟨") else self._bare_run.match(text)
        if run is None:
            return None
        listed = text.startswith("⟨") and content.lstrip(" *$").startswith("\n")
        choice = self._chosen(text if listed else sentence, run)
        restated = listed and choice.letters == self.options and not self.verdicts(text)
        return None if restated else choice

    def read_sentence(self, sentence: str) -> Choice | None:
        """Read a sentence that states the answer with labels anywhere in it, such as "the roots are those of (B) and (D)".

        Returns:
            None where the sentence has no label, or says that the question is undecided.
        """
        text = self.plain(sentence)
        if _ALL.search(text):
            return Choice(self.options)
        labels = list(self._labels(text))
        if not labels or _UNDECIDED.search(text):
            return None
        return self._settle(text, labels)

    def is_bare(self, line: str) -> bool:
        """Return whether a line has nothing but labels."""
        bare = re.sub(r"[⟨⟩().]", "", line).strip()
        return bool(bare) and bool(re.fullmatch(rf"{self._run.pattern}", bare))

    def verdicts(self, text: str) -> frozenset[str]:
        """Return all options that a text calls right, such as "So option (B) is correct"."""
        plain = self.plain_long(text)
        labels = list(self._labels(plain))
        return frozenset(label.letter for label, after in _with_after(plain, labels) if _AFFIRMED.match(_clause(after)))

    def plain_long(self, text: str) -> str:
        """Return a whole response as `plain` does for the places in it."""
        return "\n".join(filter(None, (self.plain(line) for line in text.split("\n"))))

    def _chosen(self, text: str, run: re.Match[str]) -> Choice:
        """Return the choice of a text that begins with a run of labels."""
        letters = [character for character in run.group() if character in self.options]
        first = [_Label(letter, run.start(), run.end()) for letter in letters]
        open_run = bool(re.search(r"\bor\b", run.group()))
        labels = list(first)
        for label in self._labels(text, run.end()):
            if not _JOINED.fullmatch(text[labels[-1].end : label.start]) or text[label.start] != "⟨":
                break
            labels.append(label)
        choice = self._settle(text, labels)
        return Choice(choice.letters, choice.settled and not open_run)

    def _settle(self, text: str, labels: list[_Label]) -> Choice:
        """Return the labels that a text affirms or, where it affirms none, those that it does not deny."""
        affirmed: set[str] = set()
        plain: set[str] = set()
        group: list[_Label] = []
        settled = True
        previous = 0
        for label, after in _with_after(text, labels):
            before = text[previous : label.start]
            previous = label.end
            settled = settled and not (_LEFT_OPEN.search(before) and before)
            if not _DENIED_BEFORE.search(before):
                group.append(label)
            if _is_joint(after):
                continue
            clause = _clause(after)
            letters = {member.letter for member in group}
            if _AFFIRMED.match(clause):
                affirmed |= letters
            elif not _DENIED.match(clause):
                plain |= letters
            group = []
        plain |= {member.letter for member in group}
        return Choice(frozenset(affirmed or plain), settled)

    def _labels(self, text: str, start: int = 0) -> Iterator[_Label]:
        """Yield the labels in a text: bracketed letters, and bare letters after a word such as "option"."""
        position = start
        while match := self._label.search(text, position):
            yield _Label(match.group(1) or match.group(2), match.start(), match.end())
            position = match.end()
            while match.group(2) and (more := self._more.match(text, position)):
                yield _Label(more.group(1).strip("⟨⟩"), more.start(1), more.end())
                position = more.end()


def _with_after(text: str, labels: list[_Label]) -> Iterator[tuple[_Label, str]]:
    """Yield each label with the text between it and the next one."""
    for i, label in enumerate(labels):
        same = i + 1 < len(labels) and labels[i + 1].end == label.end  # labels of one run
        end = labels[i + 1].start if i + 1 < len(labels) else len(text)
        yield label, "" if same else text[label.end : end]


def _is_joint(text: str) -> bool:
    """Return whether nothing but a joint stands between two labels."""
    return not text or bool(re.fullmatch(rf"{_JOINT}(?:the )?(?:{_NOUN})? ?", text))


def _clause(text: str) -> str:
    """Return a text up to the end of its first sentence or line."""
    end = _SENTENCE_END.search(text)
    return text[: end.start() if end else len(text)].strip("\n").split("\n", 1)[0]
