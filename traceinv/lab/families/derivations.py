"""What `chain` and `dials` share: named values, each given or derived from earlier ones by one rule."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from traceinv.lab.families.base import Drill, Problem, Step, lines_of
from traceinv.lab.families.modular import (
    EXPRESSION,
    MODULUS,
    Expression,
    derivation,
    needed_names,
    sample_expression,
)

_LINE = re.compile(rf"(?P<name>\w+)={EXPRESSION} [0-6][-+*][0-6] (?P=name)=[0-6]")


@dataclass(frozen=True)
class System:
    """Given values and, in order, the rules for the others; the last name is the one asked for."""

    given: dict[str, int]
    rules: dict[str, Expression]

    @property
    def asked(self) -> str:
        return list(self.rules)[-1]

    def solve(self) -> tuple[dict[str, str], dict[str, int]]:
        """The true line for each rule, and the value of every name."""
        values = dict(self.given)
        lines = {}
        for name, rule in self.rules.items():
            lines[name] = derivation(name, rule, values)
            values[name] = rule.value(values)
        return lines, values

    def judge(self, trace: str) -> list[Step]:
        """Judge each line of a trace against the true ones."""
        true_lines, _ = self.solve()
        needed = needed_names(self.asked, self.rules)
        return [_judge(line, true_lines, needed) for line in lines_of(trace)]


def as_problem(family: str, system: System, described: str, question: str, key: str) -> Problem:
    """A system as a problem: its description followed by what is asked of it."""
    lines, values = system.solve()
    answer = str(values[system.asked])
    return Problem(
        family=family,
        steps=len(lines),
        question=f"{described} {question}",
        trace="\n".join(lines.values()),
        answer=answer,
        reference=answer,
        key=key,
    )


def sample_system(rng: Random, names: list[str]) -> System:
    """A system over these names: the first is given, each later one has a rule over those before it."""
    rules = {name: sample_expression(rng, names[:i]) for i, name in enumerate(names) if i}
    return System({names[0]: rng.randrange(MODULUS)}, rules)


def sample_drill(rng: Random, names: list[str], describe: Callable[[System], str]) -> Drill:
    """Single steps: about half of the names are given and each rule reads given names alone.

    A part of the given values stands as lines below the description, in the form that a trace states them in.
    """
    count = rng.randint(1, len(names) - 1)
    given = {name: rng.randrange(MODULUS) for name in names[:count]}
    known = list(given)
    rules = {}
    for name in names[count:]:
        rng.shuffle(known)
        rules[name] = sample_expression(rng, known)
    told = [name for name in given if rng.random() < 0.5]
    lines, _ = System(given, rules).solve()
    shown = System({name: value for name, value in given.items() if name not in told}, rules)
    rng.shuffle(told)
    context = "\n".join([describe(shown)] + [f"{name}={given[name]}" for name in told])
    asked = list(rules)
    rng.shuffle(asked)
    return Drill(context, tuple((f"{name}?", lines[name]) for name in asked))


def _judge(line: str, true_lines: dict[str, str], needed: set[str]) -> Step:
    match = _LINE.fullmatch(line)
    if match is None:
        return Step.malformed(line)
    name = match["name"]
    return Step(line, well_formed=True, true=line == true_lines.get(name), needed=name in needed)
