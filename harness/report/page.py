"""Make the page from records and the store of a run."""

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.leaderboard.folder import load_records
from harness.pipeline.artifacts import RunArtifacts, find_artifacts, store_of
from harness.report.budget import budget_figures
from harness.report.curve import calibration
from harness.report.payload import Payload, pack
from harness.report.section import make_section
from harness.report.traces import Case, read_cases
from harness.results.curve import CalibrationCurve
from harness.results.schema import ResultRecord
from traceinv.errors import InputError

MAX_BYTES = 14_500_000
"""The most bytes of a page."""
Records = dict[str, tuple[Path, ResultRecord]]
"""Records with their files, by id."""


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


def build(results: Path | None, run: Path | None, store: Path | str | None = None, out: Path | None = None) -> Built:
    """Make the page of a folder of records, of a run with its traces, or of both.

    Args:
        results: a folder of records, such as results/.
        run: the folder that `traceinv run --out` wrote its record to.
        store: the store of that run; by default the folder `store` in the run's folder or beside it.
        out: where the page will lie; its links to the records are relative to this file, and without it there are none.

    Raises:
        InputError: a folder is missing, or nothing in it can be shown.
    """
    refused: list[str] = []
    own, curves = _read(run, refused) if run else ({}, [])
    others, more = _read(results, refused) if results else ({}, [])
    records, curves = {**others, **own}, [*curves, *more]
    if run and not own:
        raise InputError(
            refused[0] if refused else f"--run {run}: no record there; expected a folder that `traceinv run` wrote to"
        )
    if not records and not curves:
        missing = f"--results {results}: no record there; expected a folder that `traceinv run --out` wrote to"
        raise InputError(refused[0] if refused else missing)
    artifacts = {name: find_artifacts(own[name][1], store or store_of(run)) for name in own if run}
    if store and (wrong := [reason for reason in artifacts.values() if isinstance(reason, str)]):
        raise InputError(f"--store {store}: {wrong[0]}")
    refused += [line for found in artifacts.values() if isinstance(found, RunArtifacts) for line in found.damaged]
    cases, no_traces = _cases(artifacts)
    absent = "a record alone does not hold the losses"
    sections = [make_section(record, artifacts.get(name, absent)) for name, (_, record) in records.items()]
    parts = {
        "sections": sections,
        "calibration": calibration(curves),
        "across": budget_figures([record for _, record in records.values()]),
        "no_traces": no_traces,
        "refused": refused,
        "places": {name: _address(path, out) for name, (path, _) in records.items()} if out else {},
    }
    return _page(parts, cases, len(sections), refused)


def _read(folder: Path, refused: list[str]) -> tuple[Records, list[CalibrationCurve]]:
    """Read the records of a folder by id, and its calibration curves; add a line to `refused` for each unreadable file."""
    content = load_records(folder)
    refused += content.refused
    return {record.id: (path, record) for path, record in content.records.items()}, list(content.curves.values())


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


def _page(parts: dict[str, Any], cases: Sequence[Case], records: int, refused: Sequence[str]) -> Built:
    """Render the page; the traces get the room that the rest leaves."""
    empty = _render(parts, Payload("", 0, 0, None))
    payload = pack(cases, MAX_BYTES - len(empty.encode())) if cases else Payload("", 0, 0, None)
    return Built(_render(parts, payload), records, payload.shown, refused)


def _render(parts: dict[str, Any], payload: Payload) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = PackageLoader("harness.report")
    environment = Environment(
        loader=templates, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = _asset("style.css"), _asset("page.js") + _asset("browser.js")
    page = environment.get_template("page.html.jinja")
    hashes = {"style_hash": _hash(style), "script_hash": _hash(script)}
    return page.render(**parts, payload=payload, style=style, script=script, **hashes)


def _address(path: Path, out: Path) -> str:
    """Return the address of a file relative to the folder of the page."""
    return quote(os.fsencode(Path(os.path.relpath(path, out.parent)).as_posix()))


def _asset(name: str) -> str:
    return (files("harness.report") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy allows an inline text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
