"""Changes of a chat template's source: the day that it prints, and variables that it reads."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from traceinv.errors import GateError, InputError

_DATE_CALL = re.compile(r"""strftime_now\(\s*(["'])(?P<format>.*?)\1\s*\)""")
_SETS = re.compile(r"(?:\{% set \w+ = (?:(?!%\}).)* \+%\})*")


def pin_date(template: str, today: date) -> str:
    """Write the day into a template that prints the date of the day.

    Raises:
        GateError: the template prints the date in a format that is not written out.
    """
    pinned = _DATE_CALL.sub(lambda call: repr(today.strftime(call["format"])), template)
    if re.search(r"strftime_now\s*\(", pinned):
        raise GateError(
            "the chat template prints the date in a format that it computes; prompts would change by the day"
        )
    return pinned


def with_variables(template: str, variables: Mapping[str, bool | int | str]) -> str:
    """Set variables at the start of a template, after those that were set there before; its own text stays as it is."""
    sets = "".join(f"{{% set {name} = {value!r} +%}}" for name, value in variables.items())
    before = _SETS.match(template)
    at = before.end() if before else 0
    return template if template[:at].endswith(sets) else template[:at] + sets + template[at:]


def check_variables(template: Any, variables: Iterable[str]) -> None:
    """Check that a chat template reads variables: one that it does not know would change nothing, without a word.

    Args:
        template: its source, or several by name; None for a model that has none.

    Raises:
        InputError: it does not read one, or there is no template.
    """
    words = set(re.findall(r"[A-Za-z]\w*", str(template)))
    for name in variables:
        if not template:
            raise InputError(f"template variable {name!r}: the model has no chat template")
        if name not in words:
            close = get_close_matches(name, words, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise InputError(f"template variable {name!r}: the model's chat template does not read it{hint}")


def change_each(template: Any, change: Callable[[str], str]) -> Any:
    """Change the text of a chat template; some tokenizers have several by name, some none."""
    if isinstance(template, dict):
        return {name: change(text) for name, text in template.items()}
    return template and change(template)
