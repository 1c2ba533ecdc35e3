"""Changes of a chat template's source: the day that it prints, and variables that it reads."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from traceinv.errors import GateError

_DATE_CALL = re.compile(r"""strftime_now\(\s*(["'])(?P<format>.*?)\1\s*\)""")


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
    """Set variables at the start of a template; its own text stays as it is."""
    sets = "".join(f"{{% set {name} = {value!r} +%}}" for name, value in variables.items())
    return template if template.startswith(sets) else sets + template


def change_each(template: Any, change: Callable[[str], str]) -> Any:
    """Change the text of a chat template; some tokenizers have several by name, some none."""
    if isinstance(template, dict):
        return {name: change(text) for name, text in template.items()}
    return template and change(template)
