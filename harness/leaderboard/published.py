"""Figures that others published: shown once, apart from our own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.results.files import read_as
from harness.views.markdown import folded, link, render_table, text
from harness.views.tables import Column, Table

FOLDER = "published"
"""Inside the folder of records."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PublishedRow(_Part):
    """One row of theirs, under our name of the regime; `detail` says which of theirs it was. Figures are percentages."""

    regime: str
    detail: str
    figures: dict[str, float]


class Published(_Part):
    """One table of theirs.

    Attributes:
        place: where in the source it stands.
        setting: target, student and whatever else must be known of it.
        runs: how many runs stand behind a figure.
        columns: by key, what a reader sees.
        note: what a reader must know before comparing.
    """

    schema_version: Literal[1]
    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    source: str
    url: str = Field(pattern=r"^https://[A-Za-z0-9./_-]+$")
    place: str
    setting: dict[str, str]
    runs: str
    columns: dict[str, str] = Field(min_length=1)
    rows: list[PublishedRow] = Field(min_length=1)
    note: str

    @model_validator(mode="after")
    def _has_columns_for_its_figures(self) -> "Published":
        for row in self.rows:
            for key in row.figures:
                if key not in self.columns:
                    raise ValueError(f"{row.regime}: {key!r} is not one of the columns {list(self.columns)}")
        return self


def read_published(path: Path) -> Published:
    """Read a table of published figures.

    Raises:
        InputError: it is not one; the message names file and field.
    """
    return read_as(path, Published)


def published_section(published: Sequence[Published]) -> str:
    """Render all published figures as one table whose first column names the source."""
    columns = dict.fromkeys(name for each in published for name in each.columns.values())
    rows = [(each, row) for each in published for row in each.rows]
    table = Table(
        title="Published figures, in %",
        columns=(Column("source", "name"), Column("regime", "words"), *(Column(name) for name in columns)),
        rows=tuple(
            (
                each.id,
                f"{row.regime} ({row.detail})" if row.detail else row.regime,
                *(_figure(each, row, name) for name in columns),
            )
            for each, row in rows
        ),
    )
    sources = "\n".join(f"- {_source(each)}" for each in published)
    paragraphs = (
        "## Published elsewhere, not run here",
        "These figures must not be compared with any table above: other targets, students and questions.",
        folded("Sources and figures", f"{sources}\n\n{render_table(table, [each.url for each, _ in rows])}"),
    )
    return "\n\n".join(paragraphs) + "\n"


def _figure(published: Published, row: PublishedRow, name: str) -> str:
    found = (row.figures[key] for key, column in published.columns.items() if column == name and key in row.figures)
    return str(next(found, ""))


def _source(published: Published) -> str:
    setting = ", ".join(f"{key} {value}" for key, value in published.setting.items())
    return (
        f"**{text(published.id)}**: {link(published.source, published.url)} ({text(published.place)}); {text(setting)}; "
        f"{text(published.runs)}. {text(published.note)}"
    )
