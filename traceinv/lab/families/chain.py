"""`chain` (math): arithmetic over named variables, each defined from the one before it."""

import re
import string
from collections.abc import Sequence

from traceinv.lab.families.counting import Counting
from traceinv.lab.families.modular import ANY_EQUATION, SIGNED, Operation, parse_signed

LETTERS = string.ascii_lowercase[:10]
_QUESTION = re.compile(
    rf"Count modulo 7\. (?P<first>[a-z])=(?P<start>[0-6])(?P<rules>(;[a-z]=[a-z]{SIGNED})+)\. What is [a-z]\?"
)
_RULE = re.compile(rf";(?P<rule>[a-z]=[a-z](?P<operation>{SIGNED}))")


class Chain(Counting):
    """Questions such as `Count modulo 7. a=3;b=a+4;c=b*2. What is c?`, with the trace `b=a+4 3+4=0`, `c=b*2 0*2=0`.

    A private step is written `c=b#2`.
    """

    name = "chain"
    form = re.compile(rf"(?P<label>[a-z])=[a-z]{SIGNED} {ANY_EQUATION}")

    def rule(self, number: int, operation: Operation) -> str:
        return f"{LETTERS[number + 1]}={LETTERS[number]}{operation}"

    def question(self, start: int, operations: Sequence[Operation]) -> str:
        rules = [self.rule(number, operation) for number, operation in enumerate(operations)]
        statements = ";".join([f"{LETTERS[0]}={start}", *rules])
        return f"Count modulo 7. {statements}. What is {LETTERS[len(operations)]}?"

    def statements(self, question: str) -> tuple[int, list[tuple[str, Operation]]]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        rules = _RULE.finditer(match["rules"])
        return int(match["start"]), [(rule["rule"], parse_signed(rule["operation"])) for rule in rules]
