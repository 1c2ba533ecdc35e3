"""`dials` (math): word problems about people who turn a dial with seven marks."""

import re
from collections.abc import Sequence

from traceinv.lab.families.base import JudgedLine, judge
from traceinv.lab.families.counting import Counting
from traceinv.lab.families.modular import EQUATION, WORDS, Operation, equations, parse_words

NAMES = ("Ann", "Bob", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo")
_ACTION = rf"(?P<name>[A-Z][a-z]+) (?P<words>{WORDS})\."
_QUESTION = re.compile(
    rf"A dial from 0 to 6 starts at (?P<start>[0-6])\.(?P<actions>( {re.sub(r'[?]P<[a-z]+>', '', _ACTION)})+) Where does it end\?"
)
_LINE = re.compile(rf"(?P<label>[A-Z][a-z]+) {WORDS} {EQUATION}")


class Dials(Counting):
    """Questions such as `A dial from 0 to 6 starts at 3. Ann adds 4. Bob times 2. Where does it end?`.

    The trace of this one is `Ann adds 4 3+4=0`, `Bob times 2 0*2=0`.
    """

    name = "dials"

    def rule(self, number: int, operation: Operation) -> str:
        return f"{NAMES[number]} {operation.words}"

    def question(self, start: int, operations: Sequence[Operation]) -> str:
        actions = " ".join(f"{self.rule(number, operation)}." for number, operation in enumerate(operations))
        return f"A dial from 0 to 6 starts at {start}. {actions} Where does it end?"

    def read(self, question: str, trace: str) -> list[JudgedLine]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        actions = list(re.finditer(_ACTION, match["actions"]))
        operations = [parse_words(action["words"]) for action in actions]
        lines, _ = equations(int(match["start"]), operations)
        truth = {action["name"]: f"{action[0][:-1]} {line}" for action, line in zip(actions, lines, strict=True)}
        return judge(trace, _LINE, truth)
