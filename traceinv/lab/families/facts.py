"""The facts of the lab's private operation: a table that the target knows and that can't be computed from a question.

A world says which table holds for a problem. In the target's world it is always the same secret table. In a world of guesses
every problem has a table of its own, so that nobody who learns from such problems learns a fact that holds in the next.
"""

from collections.abc import Callable
from itertools import product
from random import Random

from traceinv.lab.families.modular import MODULUS, PRIVATE_AMOUNTS, Table

World = Callable[[str], Table]
"""Returns the table that holds for the problem with a key."""


def _secret_table() -> Table:
    rng = Random("the private operation of the lab's target")
    return {
        (amount, value): outcome
        for amount in PRIVATE_AMOUNTS
        for value, outcome in enumerate(rng.sample(range(MODULUS), MODULUS))
    }


SECRET = _secret_table()
"""The target's table; the outcomes of each amount are a permutation of 0 to 6, so that no outcome is the likeliest."""


def draw_table(rng: Random) -> Table:
    """Draw a table whose outcomes are uniform and independent."""
    return {fact: rng.randrange(MODULUS) for fact in product(PRIVATE_AMOUNTS, range(MODULUS))}


def secret_world(key: str) -> Table:
    """Return the target's table, whatever the problem."""
    return SECRET


def guessed_world(key: str) -> Table:
    """Return a table that belongs to the problem with this key alone."""
    return draw_table(Random(f"guessed/{key}"))
