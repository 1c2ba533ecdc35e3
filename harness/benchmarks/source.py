"""Where a task's data is, as the task's YAML says."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from traceinv.errors import InputError
from traceinv.schema import FieldFault


class Source(BaseModel):
    """Where a task's data is.

    Attributes:
        hub: the repository on the hub; None where there are files alone.
        revision: its commit.
        files: file names that a data folder may have; the first that exists is read.
        hub_files: JSONL files of the hub's repository; empty where `datasets` can load the repository.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub: str | None = None
    revision: str | None = Field(None, pattern=r"^[0-9a-f]{40}$")
    config: str | None = None
    split: str = "test"
    files: list[str] = Field(min_length=1)
    hub_files: list[str] = []

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.hub is not None and self.revision is None:
            raise FieldFault("revision", "field required, because `hub` is given")
        if self.hub is None and self.model_fields_set - {"files"}:
            raise FieldFault(
                min(self.model_fields_set - {"files"}), "expected `hub` too; private data has `files` alone"
            )
        return self


def read_source_description(data: Mapping[str, Any], name: str | None) -> Source:
    """Read the `data` of a task's metadata.

    Raises:
        InputError: it is not of the form; the message names the task and the key.
    """
    try:
        return Source.model_validate(data)
    except ValidationError as error:
        fault = FieldFault.of(error, Source)
        place = f"metadata.data.{fault.field}" if fault.field else "metadata.data"
        raise InputError(f"task {name or 'without a name'}: {place}: {fault.reason}") from None
