"""Figures that others published: shown beside our own, never mixed with them."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.results.files import read_json
from traceinv.errors import InputError
from traceinv.schema import describe

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
    try:
        return Published.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, Published)}") from None
