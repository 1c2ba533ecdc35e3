"""Tests of the public names of the package."""

import subprocess
import sys
from pathlib import Path

import pytest

import traceinv


def test_the_public_names_are_these() -> None:
    assert traceinv.__all__ == [
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
    assert dir(traceinv) == sorted(traceinv.__all__)


@pytest.mark.parametrize("name", traceinv.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(traceinv, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'inverted'"):
        traceinv.inverted  # noqa: B018


def test_importing_the_package_imports_the_standard_library_alone() -> None:
    script = "import sys; import traceinv; print(*{name.partition('.')[0] for name in sys.modules})"
    root = Path(traceinv.__file__).parents[1]
    command = [sys.executable, "-S", "-c", script]
    imported = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    assert set(imported.split()) - sys.stdlib_module_names == {"traceinv", "__main__"}
