"""`chain` (math): arithmetic over named variables, each defined from the one before it."""

import re
import string
from collections.abc import Sequence

from traceinv.lab.families.base import JudgedLine, judge
from traceinv.lab.families.counting import Counting
from traceinv.lab.families.modular import EQUATION, Operation, equations

LETTERS = string.ascii_lowercase[:10]
_QUESTION = re.compile(
    r"Count modulo 7\. (?P<first>[a-z])=(?P<start>[0-6])(?P<rules>(;[a-z]=[a-z][-+*][1-6])+)\. What is [a-z]\?"
)
_RULE = re.compile(r";(?P<name>[a-z])=[a-z](?P<operator>[-+*])(?P<amount>[1-6])")
_LINE = re.compile(rf"(?P<label>[a-z])=[a-z][-+*][1-6] {EQUATION}")


class Chain(Counting):
    """Questions such as `Count modulo 7. a=3;b=a+4;c=b*2. What is c?`, with the trace `b=a+4 3+4=0`, `c=b*2 0*2=0`."""

    name = "chain"

    def rule(self, number: int, operation: Operation) -> str:
        return f"{LETTERS[number + 1]}={LETTERS[number]}{operation}"

    def question(self, start: int, operations: Sequence[Operation]) -> str:
        rules = [self.rule(number, operation) for number, operation in enumerate(operations)]
        statements = ";".join([f"{LETTERS[0]}={start}", *rules])
        return f"Count modulo 7. {statements}. What is {LETTERS[len(operations)]}?"

    def read(self, question: str, trace: str) -> list[JudgedLine]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        rules = list(_RULE.finditer(match["rules"]))
        lines, _ = equations(int(match["start"]), [Operation(rule["operator"], int(rule["amount"])) for rule in rules])
        truth = {rule["name"]: f"{rule[0][1:]} {line}" for rule, line in zip(rules, lines, strict=True)}
        return judge(trace, _LINE, truth)
