"""An error names a place and a reason; what it quotes of a file of others does not make it long."""

import copy

import pytest

from traceinv.errors import MAX_MESSAGE, GateError, InputError


@pytest.mark.parametrize("kind", [InputError, GateError])
def test_a_message_keeps_its_beginning_and_its_end(kind: type[Exception]) -> None:
    assert str(kind("recipe.yaml: a: expected a number")) == "recipe.yaml: a: expected a number"
    long = str(kind(f"recipe.yaml: unknown key '{'x' * 10_000_000}' (known: name)"))
    assert len(long) <= MAX_MESSAGE
    assert long.startswith("recipe.yaml: unknown key 'xxx")
    assert long.endswith("xxx' (known: name)")
    assert "characters left out" in long


@pytest.mark.parametrize("kind", [InputError, GateError])
def test_an_error_can_be_copied_to_another_process(kind: type[Exception]) -> None:
    error = copy.copy(kind("x" * 10_000))  # by its arguments, as pickle does
    assert str(error) == str(kind("x" * 10_000))
