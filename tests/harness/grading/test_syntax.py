"""Python text is read without being run: programs are told from prose, and nothing takes long."""

import pytest

from harness.grading.syntax import (
    compiles,
    definitions_of,
    error_line,
    longest_prefix,
    longest_program,
    put_before,
    without_last_words,
)


def _any(code: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("Prose.\n\nx = 1\nprint(x)\n\nMore (prose", "x = 1\nprint(x)\n"),
        ("import a\n\nIt's\n\nimport b\nimport c", "import b\nimport c\n"),
        ("x = 1\n\nIt's\n\ny = 1", "y = 1\n"),
        ("def f():\n    return (1,\n\nIt's open", None),
        ("x = 1\ndef f():\n    return (1,\n\nIt's open", "x = 1\n"),
        ("if x:\n    y = 1\nelse\n    y = 2", "if x:\n    y = 1\n"),
        ("try:\n    y = 1\n\nThat is it.", None),
        (
            "def f():\n    '''It's\n\nprose'''\n    return 1\nEnd of it.",
            "def f():\n    '''It's\n\nprose'''\n    return 1\n",
        ),
        ("@cache\ndef f(): return 1\nDone", "@cache\ndef f(): return 1\n"),
        ("x = 1\nDone\nNote: simple\nok", "x = 1\n"),
        ("", None),
        ("only prose here", None),
    ],
)
def test_the_longest_program_in_prose(text: str, program: str | None) -> None:
    assert longest_program(text, _any) == program


def test_no_longer_prefix_compiles() -> None:
    program = ["def f(x):", "    if x:", "        return (1,", "            2)", "    return 3"]
    lines = [*program, "", "It's prose ( here", "'''and", "more"]
    count = longest_prefix(lines)
    assert compiles("\n".join(lines[:count]))
    assert not any(compiles("\n".join(lines[:longer])) for longer in range(count + 1, len(lines) + 1))
    assert longest_prefix(["    return x", "", "prose it is"], "def f(x):\n") == 2


@pytest.mark.parametrize(
    ("code", "kept"),
    [("x = 1\nDone", "x = 1\n"), ("x = 1\nf()", "x = 1\nf()"), ("Done", "Done"), ("x = 1\ny: int", "x = 1\n"),
     ("'''text'''\nx = 1\n'the end'", "'''text'''\nx = 1\n'the end'"), ("x = (", "x = ("), ("x = 1\na > b", "x = 1\n")],
)  # fmt: skip
def test_words_at_the_end_are_left_out(code: str, kept: str) -> None:
    assert without_last_words(code) == kept


@pytest.mark.parametrize(
    ("code", "whole"),
    [
        ("x = 1", "import a\nx = 1"),
        ("from __future__ import annotations\nx = 1", "from __future__ import annotations\nimport a\nx = 1"),
        ("# __future__\nx = 1", "import a\n# __future__\nx = 1"),
        (
            '"""Doc."""\nfrom __future__ import (\n annotations)\nx',
            '"""Doc."""\nfrom __future__ import (\n annotations)\nimport a\nx',
        ),
        ("from __future__ import (", "import a\nfrom __future__ import ("),
        ("x = 1\nfrom __future__ import annotations", "import a\nx = 1\nfrom __future__ import annotations"),
        ("from __future__ import annotations; x = 1", "from __future__ import annotations; x = 1\nimport a"),
    ],
)  # fmt: skip
def test_a_future_import_stays_first(code: str, whole: str) -> None:
    assert put_before("import a\n", code) == whole


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("import a\nx = 1\ny = 2\ndef f(): return g() + x\ndef g(): return a\nassert f() == 3\nprint(input())",
         "import a\nx = 1\n\ndef f():\n    return g() + x\n\ndef g():\n    return a\n"),
        ("@a.b\nclass f:\n    pass\nif 1:\n    f()", "@a.b\nclass f:\n    pass\n"),
        ("f = lambda: h\nh: int = 3\nk: int", "f = lambda: h\nh: int = 3\n"),
        ("def g(): return 1", None),
        ("def f(: return 1", None),
    ],
)  # fmt: skip
def test_the_definitions_of_a_name_are_what_it_uses(code: str, kept: str | None) -> None:
    assert definitions_of(code, ["f"]) == kept


HUGE = [
    "(" * 200_000,
    "-" * 200_000 + "1",
    "a+" * 200_000 + "a",
    "\x00",
    "x = 1\n" * 100_000 + "It's",
    "import (\n" * 20_000,
    "x = '''\n" * 3_001,
    "for example, it's\n" * 50_000,
    "if a:\n" * 3_000,
    "if a:\n prose it is\n" * 1_500,
    "x = 9**9**9**9",
    "def f(x):\n" + "    if x:\n" * 90 + "prose it is",
    "[" + "[0]," * 300_000,
    "\ud800 = 1",
]


@pytest.mark.parametrize("text", HUGE, ids=lambda text: repr(text[:12]))
@pytest.mark.timeout(120)  # it takes seconds; a search without bounds would take hours
def test_huge_and_broken_texts_are_read(text: str) -> None:
    error_line(text)
    longest_program(text, _any)
    without_last_words(text)
    put_before("import a\n", "from __future__ import annotations\n" + text)
    definitions_of(text, ["f"])
