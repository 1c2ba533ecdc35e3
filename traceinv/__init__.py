"""Measure how much of a reasoning model's ability leaks through what it discloses.

The names below are the public ones. Each is imported when it is first used, so that `import traceinv` takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from traceinv.inversion import invert
    from traceinv.policies import disclose
    from traceinv.records import Disclosure, Example, Inversion, Question, Transcript
    from traceinv.regimes import REGIMES

    __version__: str
    load_record: Any
    record_schema: Any
    records_to_frame: Any

__all__ = [
    "REGIMES",
    "Disclosure",
    "Example",
    "Inversion",
    "Question",
    "Transcript",
    "__version__",
    "disclose",
    "invert",
    "load_record",
    "record_schema",
    "records_to_frame",
]

_MODULES = {
    "REGIMES": "traceinv.regimes",
    "Disclosure": "traceinv.records",
    "Example": "traceinv.records",
    "Inversion": "traceinv.records",
    "Question": "traceinv.records",
    "Transcript": "traceinv.records",
    "disclose": "traceinv.policies",
    "invert": "traceinv.inversion",
    "load_record": "harness.results.frame",
    "record_schema": "harness.results.frame",
    "records_to_frame": "harness.results.frame",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name == "__version__":
        return import_module("importlib.metadata").version("traceinv")
    if name not in _MODULES:
        raise AttributeError(f"module 'traceinv' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
