"""The fields of a prompt that stands in a file: what is in braces."""

from collections.abc import Sequence
from string import Formatter

from traceinv.errors import InputError, nearest


def prompt_fields(prompt: str, known: Sequence[str]) -> list[str]:
    """List the fields of a prompt, in order and as often as they stand in it.

    Args:
        known: the fields that it may have. A field with a format or a part of its value, such as `{trace!r}` or `{trace.x}`, is
            none of them.

    Raises:
        InputError: a brace is not closed, or a field is not known.
    """
    try:
        named = [
            (field, spec, conversion) for _, field, spec, conversion in Formatter().parse(prompt) if field is not None
        ]
    except ValueError as error:
        raise InputError(f"not a prompt: {error}; write {{{{ and }}}} for braces") from None
    for field, spec, conversion in named:
        if field not in known or spec or conversion:
            raise InputError(f"unknown field {{{field}}}{nearest(field, known)}")
    return [field for field, _, _ in named]
