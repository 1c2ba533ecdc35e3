"""Records of schema 1, converted to schema 2 in memory.

A record of schema 1 had one cell without names, one comparability key for all rows, and found the runs of a row by the names
of its stages. This module is the only one that takes such names apart.
"""

import re
from typing import Any, Literal

from pydantic import Field

from harness.results import schema
from harness.results.items import ItemFile, RunStates
from traceinv.inversion import Shown
from traceinv.schema import Closed

UNKNOWN = "unknown"

SEED = re.compile(r"(?P<name>.*), seed (?P<seed>\d+)")
KINDS = {
    r"(?P<role>target|surrogate)": "model",
    r"questions for the (?P<role>target|surrogate)": "questions",
    r"(?P<role>target|surrogate) answers .*": "transcripts",
    r"(?P<role>target|surrogate)'s disclosures": "disclosures",
    r"inverter .*": "inverter",
    r"inversion .*": "inversions",
    r"lesson (?P<regime>\w+)": "lesson",
    r"shared rows": "shared_rows",
    r"student (?P<regime>\w+)": "student",
    r"scores of (?P<regime>\w+)": "scores",
    r"faithfulness of (?P<regime>\w+)": "faithfulness",
    r"calibrated faithfulness of (?P<regime>\w+)": "calibration",
    r"ceiling of faithfulness": "ceiling",
    r"likelihood under (?P<regime>\w+)": "likelihood",
    r"style of the summaries": "style",
}
"""The kind of stage by the form of its name; named groups are labels."""


class Conditions(Closed):
    """What all rows of the record share; the stages had no versions."""

    target: str
    student: str
    data: str
    tasks: dict[str, str]
    prompts: str
    sampling: dict[str, dict[str, Any]]


class Row(Closed):
    name: str
    kind: Literal["regime", "reference"]
    seeds: list[int]
    scores: dict[str, schema.Score]


class Contrast(schema.TestedDifference):
    first: str
    second: str
    group: str


class RecoveryRow(Closed):
    regime: str
    group: str
    gap: schema.Interval
    recovered: schema.Interval | None


class FaithfulnessRow(schema.FaithfulnessFigures):
    regime: str


class LikelihoodRow(Closed):
    inverter: str
    taught: list[Shown]
    traces: int
    tokens: float
    bits: dict[Shown, schema.Interval]
    bits_per_token: dict[Shown, schema.Interval]
    leaked: dict[Shown, schema.Interval]
    leaked_per_token: dict[Shown, schema.Interval]


class Ledger(Closed):
    seed: int
    asked: int
    rows: dict[str, int]
    too_long: dict[str, int]
    shared: int


class StageTime(Closed):
    """A stage of the run; its name says what it is."""

    name: str
    key: str
    seconds: float


class Provenance(Closed):
    command: str
    created: str
    commit: str
    packages: dict[str, str]
    hardware: dict[str, Any]
    stages: list[StageTime]


class Record(Closed):
    """A record as it stands in the file."""

    schema_version: Literal[1]
    id: str
    recipe: dict[str, Any]
    seeds: list[int]
    conditions: Conditions
    rows: list[Row]
    contrasts: list[Contrast]
    recovery: list[RecoveryRow]
    faithfulness: list[FaithfulnessRow]
    likelihood: list[LikelihoodRow]
    style: schema.StyleDistance | None
    ledger: list[Ledger]
    gates: list[schema.Gate]
    verdict: str
    provenance: Provenance


class Items(Closed):
    """An item file as it stands on disk: states by run (`inverted/0`) and task."""

    letters: dict[str, str]
    ids: dict[str, list[str]]
    repeats: dict[str, int] = Field(default_factory=dict)
    states: dict[str, dict[str, str]]


def convert_record(record: Record) -> schema.ResultRecord:
    """Convert a record.

    Raises:
        ValidationError: the result breaks a rule of schema 2.
    """
    cell = cell_of(record.recipe)
    return schema.ResultRecord(
        id=record.id,
        recipe=record.recipe,
        seeds=record.seeds,
        rows=[_row(row, record, cell) for row in record.rows],
        contrasts=[schema.Contrast(cell=cell, **dict(contrast)) for contrast in record.contrasts],
        recovery=[schema.RecoveryRow(cell=cell, **dict(row)) for row in record.recovery],
        faithfulness=[schema.FaithfulnessRow(cell=cell, **dict(row)) for row in record.faithfulness],
        likelihood=[schema.LikelihoodRow(cell=cell, **dict(row)) for row in record.likelihood],
        style=[] if record.style is None else [schema.StyleRow(cell=cell, **dict(record.style))],
        ledger=[schema.Ledger(cell=cell, **dict(ledger)) for ledger in record.ledger],
        gates=record.gates,
        verdict=record.verdict,
        provenance=schema.Provenance(
            **{**dict(record.provenance), "stages": [_stage(stage) for stage in record.provenance.stages]}
        ),
    )


def convert_items(items: Items, cell: schema.Cell) -> ItemFile:
    """Convert an item file; `cell` is the one of its record.

    Raises:
        ValidationError: the result breaks a rule of version 2.
    """
    return ItemFile(
        letters=items.letters,
        ids=items.ids,
        repeats=items.repeats,
        runs=[_run(name, states, cell) for name, states in items.states.items()],
    )


def cell_of(recipe: dict[str, Any]) -> schema.Cell:
    """Name the only cell of a recipe of that time by the kinds of its target, surrogate and policy."""

    def kind(part: str) -> str:
        content = recipe.get(part)
        return str(content.get("kind", UNKNOWN)) if isinstance(content, dict) else UNKNOWN

    return schema.Cell(target=kind("target"), surrogate=kind("surrogate"), policy=kind("policy"), student="student")


def _row(row: Row, record: Record, cell: schema.Cell) -> schema.Row:
    conditions = dict(record.conditions)
    comparability = schema.Comparability(questions=conditions.pop("data"), stages={}, **conditions)
    scores = f"scores of {row.name}"
    runs = [
        stage.key
        for stage in record.provenance.stages
        if stage.name == scores or stage.name.startswith(f"{scores}, seed ")
    ]
    return schema.Row(cell=cell, comparability=comparability, runs=runs, **dict(row))


def _stage(stage: StageTime) -> schema.StageEntry:
    match = SEED.fullmatch(stage.name)
    name = match["name"] if match else stage.name
    labels: dict[str, schema.Label] = {"seed": int(match["seed"])} if match else {}
    kind = UNKNOWN
    for form, known in KINDS.items():
        if parts := re.fullmatch(form, name):
            kind, labels = known, {**parts.groupdict(), **labels}
    return schema.StageEntry(
        kind=kind, labels=labels, key=stage.key, version=None, fingerprint=UNKNOWN, seconds=stage.seconds
    )


def _run(name: str, states: dict[str, str], cell: schema.Cell) -> RunStates:
    row, slash, seed = name.rpartition("/")
    if slash and seed.isdigit():
        return RunStates(row=row, cell=cell, seed=int(seed), states=states)
    return RunStates(row=name, cell=cell, seed=None, states=states)
