"""An artifact's key: versions where a model runs, source elsewhere, and the libraries that the stage names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stub_stages import MODEL_STAGES

from harness.pipeline import keys
from harness.pipeline.keys import library_version, make_key
from harness.sources import closure, module_path
from harness.stages import stage_kinds
from harness.stages.base import Inputs, Log, StageKind, stage
from traceinv.progress import Progress
from traceinv.schema import Closed

PARAMS = {"benchmark": {"tasks": ["lab_chain"]}}


class Params(Closed):
    number: int = 1


def _run(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    return {}


VERSIONED = stage(Params, version=1, libraries=("numpy",))(_run)
HASHED = stage(Params, libraries=("numpy",))(_run)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keys, "has_uncommitted_changes", lambda kind: False)
    library_version.cache_clear()
    yield
    library_version.cache_clear()


def test_stages_that_run_a_model_have_a_version_and_no_others() -> None:
    assert {name for name, kind in stage_kinds().items() if kind.version is not None} == MODEL_STAGES


@pytest.mark.parametrize("kind", [VERSIONED, HASHED], ids=["versioned", "hashed"])
def test_a_key_changes_with_parameters_and_contents_of_inputs(kind: StageKind) -> None:
    key = make_key(kind, {"a": 1, "b": 2}, {"in": "d"})
    assert key == make_key(kind, {"b": 2, "a": 1}, {"in": "d"})
    assert len({key, make_key(kind, {"a": 2, "b": 2}, {"in": "d"}), make_key(kind, {"a": 1, "b": 2}, {"in": "e"})}) == 3


def test_source_counts_only_where_there_is_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {kind: make_key(kind, {}, {}) for kind in (VERSIONED, HASHED)}
    monkeypatch.setattr(keys, "source_fingerprint", lambda kind, params: "other source")
    assert make_key(VERSIONED, {}, {}) == before[VERSIONED]
    assert make_key(HASHED, {}, {}) != before[HASHED]


def test_another_version_is_another_key() -> None:
    assert make_key(stage(Params, version=2, libraries=("numpy",))(_run), {}, {}) != make_key(VERSIONED, {}, {})


def test_how_often_a_checkpoint_is_saved_retrains_nothing() -> None:
    kind = stage_kinds()["student"]
    keys = {make_key(kind, {"training": {"epochs": 1, "save_every": every}, "seed": 0}, {}) for every in (None, 5)}
    assert len(keys) == 1
    assert make_key(kind, {"training": {"epochs": 2, "save_every": None}, "seed": 0}, {}) not in keys


def test_a_mirror_of_the_data_asks_no_model_again() -> None:
    kind = stage_kinds()["responses"]
    inputs = {"model": "m", "items": "i"}
    assert make_key(kind, {}, inputs) == make_key(kind, {}, inputs | {"data": "d"})
    assert make_key(kind, {}, inputs) != make_key(kind, {}, inputs | {"items": "j"})
    grades = stage_kinds()["grades"]
    assert make_key(grades, PARAMS, {"data": "d"}) != make_key(grades, PARAMS, {"data": "e"})


@pytest.mark.parametrize(
    ("module", "stages"),
    [
        ("traceinv.engines.transformers", {"transcripts", "inversions", "responses", "likelihood"}),
        ("traceinv.engines.mock", {"transcripts", "inversions", "responses"}),
        ("traceinv.targets.lab", {"reasoning_model"}),
        ("traceinv.policies.every_kth_step", {"disclosures"}),
        ("traceinv.lab.families.chain", {"reasoning_model", "questions", "items", "grades", "faithfulness", "ceiling"}),
        ("harness.grading.worker", {"grades", "faithfulness", "ceiling"}),
        ("harness.sandbox.inside.worker", {"grades"}),
    ],
)
def test_what_is_found_by_name_counts_as_source(module: str, stages: set[str]) -> None:
    path = module_path(module)
    having = {
        name
        for name, kind in stage_kinds().items()
        if path in closure(keys._modules(kind), kind.files(PARAMS)).values()
    }
    assert stages <= having, f"missing in {stages - having}"


def test_half_done_edits_have_keys_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_key(VERSIONED, {}, {})
    monkeypatch.setattr(keys, "has_uncommitted_changes", lambda kind: True)
    assert make_key(VERSIONED, {}, {}) != before


def test_another_scikit_learn_changes_its_classifiers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: make_key(kind, PARAMS, {}) for name, kind in stage_kinds().items()}
    monkeypatch.setattr(keys, "version", _other_version_of("scikit-learn", "99.1.0"))
    library_version.cache_clear()
    after = {name: make_key(kind, PARAMS, {}) for name, kind in stage_kinds().items()}
    assert {name for name in before if before[name] != after[name]} == {"decontaminated", "style", "utility"}


def test_a_patch_release_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    minor = library_version("numpy")
    before = make_key(VERSIONED, {}, {})
    monkeypatch.setattr(keys, "version", _other_version_of("numpy", f"{minor}.9999"))
    library_version.cache_clear()
    assert make_key(VERSIONED, {}, {}) == before


def _other_version_of(package: str, other: str):  # type: ignore[no-untyped-def]
    real = keys.version
    return lambda name: other if name == package else real(name)
