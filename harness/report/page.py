"""Make the page from records and the store of a run."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness.leaderboard.folder import load_records
from harness.pipeline.artifacts import RunArtifacts, find_artifacts, store_of
from harness.report.budget import budget_figures
from harness.report.figure import Figure
from harness.report.figures import record_figures
from harness.report.payload import Payload, pack
from harness.report.traces import Case, read_cases
from harness.results.cells import cell_labels
from harness.results.schema import Ledger, ResultRecord
from harness.results.verdict import ONE_SEED, Finding, findings_of, is_one_seed
from harness.views.audit import audit_lines, threat_lines
from traceinv.errors import InputError

MAX_BYTES = 14_500_000
"""The most bytes of a page."""


@dataclass(frozen=True)
class Built:
    """A finished page.

    Attributes:
        refused: one line for each record that could not be read; the page shows the others.
    """

    html: str
    records: int
    traces: int
    refused: Sequence[str]


@dataclass(frozen=True)
class Section:
    """The part of the page that shows one record.

    Attributes:
        ledgers: the record's ledgers, each with the name of its seed and cell.
        findings: what each cell of the record shows.
        threats: the threat model.
        ranking: what an audit of several policies found; empty for one policy.
        remark: on the limit of a record with one seed; else empty.
    """

    record: ResultRecord
    figures: Sequence[Figure]
    ledgers: Sequence[tuple[str, Ledger]]
    findings: Sequence[Finding]
    remark: str
    threats: Sequence[str]
    ranking: Sequence[str]


def build(results: Path | None, run: Path | None, store: Path | None = None) -> Built:
    """Make the page of a folder of records, of a run with its traces, or of both.

    Args:
        results: a folder of records, such as results/.
        run: the folder that `traceinv run --out` wrote its record to.
        store: the store of that run; by default the folder `store` in the run's folder or beside it.

    Raises:
        InputError: a folder is missing, or nothing in it can be shown.
    """
    refused: list[str] = []
    own = _read(run, refused) if run else {}
    records = {**(_read(results, refused) if results else {}), **own}
    if run and not own:
        raise InputError(
            refused[0] if refused else f"--run {run}: no record there; expected a folder that `traceinv run` wrote to"
        )
    if not records:
        missing = f"--results {results}: no record there; expected a folder that `traceinv run --out` wrote to"
        raise InputError(refused[0] if refused else missing)
    artifacts = {name: find_artifacts(own[name], store or store_of(run)) for name in own if run}
    if store and (wrong := [reason for reason in artifacts.values() if isinstance(reason, str)]):
        raise InputError(f"--store {store}: {wrong[0]}")
    refused += [line for found in artifacts.values() if isinstance(found, RunArtifacts) for line in found.damaged]
    cases, no_traces = _cases(artifacts)
    absent = "a record alone does not hold the losses"
    sections = [
        Section(
            record,
            record_figures(record, artifacts.get(name, absent)),
            _named_ledgers(record),
            findings_of(record),
            ONE_SEED if is_one_seed(record.rows) else "",
            threat_lines(record.threats),
            audit_lines(record) if len(record.policies) > 1 else [],
        )
        for name, record in records.items()
    ]
    return _page(sections, budget_figures(list(records.values())), cases, no_traces, refused)


def _read(folder: Path, refused: list[str]) -> dict[str, ResultRecord]:
    """Read the records of a folder by id; add a line to `refused` for each that cannot be read."""
    content = load_records(folder)
    refused += content.refused
    return {record.id: record for record in content.records.values()}


def _cases(artifacts: dict[str, RunArtifacts | str]) -> tuple[list[Case], str]:
    """Read the traces of all runs; where there are none, also return the reason."""
    cases: list[Case] = []
    reason = "name a run's folder with --run to see its traces"
    for name, run in artifacts.items():
        if isinstance(run, str):
            reason = run
        else:
            cases += read_cases(run, f"{name}: " if len(artifacts) > 1 else "")
            reason = "this run's store holds no inverted traces"
    return cases, "" if cases else reason


def _named_ledgers(record: ResultRecord) -> list[tuple[str, Ledger]]:
    names = cell_labels(ledger.cell for ledger in record.ledger)
    return [(", ".join(filter(None, (f"seed {row.seed}", names[row.cell]))), row) for row in record.ledger]


def _page(
    sections: Sequence[Section], across: Sequence[Figure], cases: Sequence[Case], no_traces: str, refused: Sequence[str]
) -> Built:
    """Render the page; the traces get the room that the rest leaves."""
    parts: dict[str, Any] = {"sections": sections, "across": across, "no_traces": no_traces, "refused": refused}
    empty = _render(parts, Payload("", 0, 0, None))
    payload = pack(cases, MAX_BYTES - len(empty.encode())) if cases else Payload("", 0, 0, None)
    return Built(_render(parts, payload), len(sections), payload.shown, refused)


def _render(parts: dict[str, Any], payload: Payload) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = PackageLoader("harness.report")
    environment = Environment(
        loader=templates, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = (_asset(name) for name in ("style.css", "browser.js"))
    page = environment.get_template("page.html.jinja")
    hashes = {"style_hash": _hash(style), "script_hash": _hash(script)}
    return page.render(**parts, payload=payload, style=style, script=script, **hashes)


def _asset(name: str) -> str:
    return (files("harness.report") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy allows an inline text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
