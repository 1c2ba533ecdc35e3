"""`prints` (code): what does this Python program print? The trace is what the interpreter really did.

A problem's program is made here, never taken from a model or a file, and is run to record its trace.
"""

import re
import string
import sys
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import Any

from traceinv.lab.families.base import Domain, Drill, Problem, Step, lines_of
from traceinv.lab.families.modular import (
    EXPRESSION,
    MODULUS,
    Expression,
    derivation,
    needed_names,
    parse_expression,
    sample_expression,
)

_HEADER = "What does this Python program print?\n"
_ASSIGNMENT = re.compile(r"(?P<number>\d+) (?P<name>[a-z])=(?:(?P<given>[0-6])|\((?P<body>[^()]+)\)%7)")
_CHOICE = re.compile(r"(?P<yes>\S+) if (?P<tested>[a-z])>(?P<bound>[0-6]) else (?P<no>\S+)")
_PRINT = re.compile(r"(?P<number>\d+) print\((?P<name>[a-z])\)")
_STEP = re.compile(
    rf"(?P<number>\d+) (?:[a-z]>[0-6] [0-6]>[0-6] (?:yes|no) )?(?P<name>[a-z])={EXPRESSION} [0-6][-+*][0-6] (?P=name)=[0-6]"
)


@dataclass(frozen=True)
class Rule:
    """The right-hand side of an assignment: one expression, or a choice between two by `tested > bound`."""

    yes: Expression
    tested: str | None = None
    bound: int = 0
    no: Expression | None = None

    def source(self) -> str:
        choice = f" if {self.tested}>{self.bound} else {self.no}" if self.no else ""
        return f"({self.yes}{choice})%{MODULUS}"

    def branch(self, values: dict[str, int]) -> Expression:
        """The expression that is evaluated when the names have these values."""
        return self.no if self.no and self.tested and values[self.tested] <= self.bound else self.yes


@dataclass(frozen=True)
class Program:
    """Numbered lines: given values first, then a rule a line, then `print` of the last name; no name is set twice."""

    given: dict[str, int]
    rules: dict[str, Rule]

    def source_lines(self) -> list[str]:
        given = [f"{name}={value}" for name, value in self.given.items()]
        rules = [f"{name}={rule.source()}" for name, rule in self.rules.items()]
        return [*given, *rules, f"print({list(self.rules)[-1]})"]

    def listing(self) -> str:
        return _HEADER + "\n".join(f"{i} {line}" for i, line in enumerate(self.source_lines(), 1))

    def trace(self) -> dict[str, str]:
        """For each name with a rule, the line that says what the interpreter did there."""
        states = _execute(self.source_lines())
        lines = {}
        for number, (name, rule) in enumerate(self.rules.items(), len(self.given) + 1):
            before, after = states[number - 1], states[number]
            lines[name] = f"{number} {_describe(name, rule, before, after[name])}"
        return lines

    def needed(self) -> set[str]:
        """The names that the printed value depends on, in the branches that were taken."""
        values = _execute(self.source_lines())[-1]
        taken = {name: rule.branch(values) for name, rule in self.rules.items()}
        needed = {list(self.rules)[-1]}
        while True:
            tests = {tested for name in needed if name in self.rules and (tested := self.rules[name].tested)}
            more = set().union(*(needed_names(name, taken) for name in needed | tests))
            if more == needed:
                return needed
            needed = more


class Prints:
    """Numbered Python with conditional expressions; the trace has a line for each rule that the interpreter evaluated."""

    name = "prints"
    domain: Domain = "code"

    def sample(self, rng: Random, steps: int) -> Problem:
        names = rng.sample(string.ascii_lowercase, steps + 1)
        rules = {name: _sample_rule(rng, names[:i]) for i, name in enumerate(names) if i}
        program = Program({names[0]: rng.randrange(MODULUS)}, rules)
        answer = str(_execute(program.source_lines())[-1][names[-1]])
        return Problem(
            family=self.name,
            steps=steps,
            question=program.listing(),
            trace="\n".join(program.trace().values()),
            answer=answer,
            reference=answer,
            key=_renamed(program.listing()),
        )

    def drill(self, rng: Random) -> Drill:
        names = rng.sample(string.ascii_lowercase, rng.randint(3, 9))
        count = rng.randint(1, len(names) - 1)
        known = names[:count]
        program = Program(
            {name: rng.randrange(MODULUS) for name in known},
            {name: _sample_rule(rng, rng.sample(known, count)) for name in names[count:]},
        )
        asked = [(str(i), line) for i, line in enumerate(program.trace().values(), count + 1)]
        rng.shuffle(asked)
        return Drill(program.listing(), tuple((f"{number}?", line) for number, line in asked))

    def read(self, question: str, trace: str) -> list[Step]:
        program = _parse(question)
        true_lines, needed = program.trace(), program.needed()
        return [_judge(line, true_lines, needed) for line in lines_of(trace)]


def _sample_rule(rng: Random, names: list[str]) -> Rule:
    """A rule over names that are set before it, the latest last."""
    if rng.random() < 0.7:
        return Rule(sample_expression(rng, names))
    tested, bound = rng.choice(names), rng.randint(1, 5)
    return Rule(sample_expression(rng, names), tested, bound, sample_expression(rng, names))


def _execute(source_lines: list[str]) -> list[dict[str, int]]:
    """Run the program under `sys.settrace`; the values of all names before line 1, after line 1, and so on."""
    before: dict[int, dict[str, int]] = {}
    environment: dict[str, Any] = {"__builtins__": {"print": lambda value: None}}

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            before[frame.f_lineno] = {k: v for k, v in frame.f_globals.items() if k != "__builtins__"}
        return watch

    code = compile("\n".join(source_lines), "<lab>", "exec")
    previous = sys.gettrace()
    sys.settrace(watch)
    try:
        exec(code, environment)  # noqa: S102  the program was made above, from a closed grammar
    finally:
        sys.settrace(previous)
    return [before[number] for number in range(1, len(source_lines) + 1)]


def _describe(name: str, rule: Rule, before: dict[str, int], result: int) -> str:
    expression = rule.branch(before)
    line = derivation(name, expression, before)
    if not line.endswith(f"={result}"):
        raise AssertionError(f"the interpreter set {name} to {result}, but the derivation says {line}")
    if rule.tested is None:
        return line
    verdict = "yes" if expression is rule.yes else "no"
    return f"{rule.tested}>{rule.bound} {before[rule.tested]}>{rule.bound} {verdict} {line}"


def _parse(question: str) -> Program:
    """Read a question's program back.

    Raises:
        ValueError: it is not a program of this family.
    """
    *lines, last = question.removeprefix(_HEADER).splitlines() or [""]
    given: dict[str, int] = {}
    rules: dict[str, Rule] = {}
    for line in lines:
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            raise ValueError(f"not a line of the family prints: {line!r}")
        if match["given"]:
            given[match["name"]] = int(match["given"])
        else:
            rules[match["name"]] = _parse_rule(match["body"])
    program = Program(given, rules)
    if not rules or not _PRINT.fullmatch(last) or program.listing() != question:
        raise ValueError(f"not a question of the family prints: {question!r}")
    return program


def _parse_rule(body: str) -> Rule:
    choice = _CHOICE.fullmatch(body)
    yes = parse_expression(choice["yes"] if choice else body)
    no = parse_expression(choice["no"]) if choice else None
    if yes is None or (choice and no is None):
        raise ValueError(f"not an expression of the family prints: {body!r}")
    return Rule(yes, choice["tested"], int(choice["bound"]), no) if choice else Rule(yes)


def _judge(line: str, true_lines: dict[str, str], needed: set[str]) -> Step:
    match = _STEP.fullmatch(line)
    if match is None:
        return Step.malformed(line)
    name = match["name"]
    return Step(line, well_formed=True, true=true_lines.get(name) == line, needed=name in needed)


def _renamed(listing: str) -> str:
    """The program with its variables renamed in order of appearance, so that a renamed problem is the same one."""
    order: dict[str, str] = {}
    program = listing.removeprefix(_HEADER)
    return re.sub(r"\b[a-z]\b", lambda m: order.setdefault(m[0], f"v{len(order)}"), program)
