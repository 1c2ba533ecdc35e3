"""Plug-ins: found by their kind, and what is wrong with one is said in one line."""

import re
from importlib.metadata import EntryPoint
from typing import Literal

import pytest

from traceinv import registry
from traceinv.errors import InputError
from traceinv.policies.base import Policy
from traceinv.registry import chooser, discover


def test_the_modules_of_a_package_are_found_by_kind() -> None:
    assert {"answer_only", "every_kth_step"} <= discover("traceinv.policies", Policy).keys()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("half", "expected a mapping with a `kind`"),
        ({"k": 2}, "expected a mapping with a `kind`"),
        ({"kind": "every_kth_stp"}, "unknown kind 'every_kth_stp' (did you mean 'every_kth_step'?)"),
        ({"kind": ["every_kth_step"]}, "unknown kind"),
        ({"kind": "every_kth_step", "k": "two"}, "k: input should be"),
    ],
)
def test_a_wrong_choice_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        chooser("traceinv.policies", Policy)(value)


def test_a_plug_in_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint(name="theirs", value="no_such_plug_in", group="traceinv.policies")
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    discover.cache_clear()
    with pytest.raises(InputError, match="the plug-in no_such_plug_in cannot be imported: No module named"):
        discover("traceinv.policies", Policy)


def test_two_plug_ins_of_one_kind_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Base(Policy):
        pass

    class One(Base):
        kind: Literal["same"] = "same"

    class Other(Base):
        kind: Literal["same"] = "same"

    with pytest.raises(ValueError, match="both have the kind 'same'"):
        discover("traceinv.policies", Base)
