"""`dials` (math): word problems about people who turn a dial with seven marks."""

import re
from collections.abc import Sequence

from traceinv.lab.families.counting import Counting
from traceinv.lab.families.modular import ANY_EQUATION, PRIVATE_AMOUNT, PRIVATE_VERB, WORDS, Operation, parse_words

NAMES = ("Ann", "Bob", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo")
_WORDS = rf"(?:{WORDS}|{PRIVATE_VERB} {PRIVATE_AMOUNT})"
_ACTION = rf"[A-Z][a-z]+ {_WORDS}"
_QUESTION = re.compile(
    rf"A dial from 0 to 6 starts at (?P<start>[0-6])\.(?P<actions>( {_ACTION}\.)+) Where does it end\?"
)


class Dials(Counting):
    """Questions such as `A dial from 0 to 6 starts at 3. Ann adds 4. Bob times 2. Where does it end?`.

    The trace of this one is `Ann adds 4 3+4=0`, `Bob times 2 0*2=0`. A private step is written `Cy folds 2`.
    """

    name = "dials"
    form = re.compile(rf"(?P<label>[A-Z][a-z]+) {_WORDS} {ANY_EQUATION}")

    def rule(self, number: int, operation: Operation) -> str:
        return f"{NAMES[number]} {operation.words}"

    def question(self, start: int, operations: Sequence[Operation]) -> str:
        actions = " ".join(f"{self.rule(number, operation)}." for number, operation in enumerate(operations))
        return f"A dial from 0 to 6 starts at {start}. {actions} Where does it end?"

    def statements(self, question: str) -> tuple[int, list[tuple[str, Operation]]]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        rules: list[str] = re.findall(_ACTION, match["actions"])
        return int(match["start"]), [(rule, parse_words(rule.partition(" ")[2])) for rule in rules]
