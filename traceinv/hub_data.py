"""Rows of a data set of the Hugging Face hub, at a revision that the recipe pins, or of a folder with one."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from traceinv.errors import InputError
from traceinv.hub import OFFLINE_VARIABLE, is_offline
from traceinv.schema import Closed, FieldFault

COMMIT = re.compile(r"[0-9a-f]{40}")
FOLDER_STARTS = ("/", "./", "../", "~")
"""What the name of a folder begins with; any other name is one of the hub."""


class HubDataset(Closed):
    """A split of a data set.

    Attributes:
        dataset: `OWNER/NAME` on the hub, or a folder with a data set; a folder's name begins with `/`, `./`, `../` or `~`.
        config: the configuration, where the data set has several.
        revision: the commit, 40 hexadecimal digits; a name or branch may stand for other rows tomorrow.
    """

    dataset: str = Field(min_length=1)
    config: str | None = Field(None, min_length=1)
    split: str = Field("train", min_length=1)
    revision: str | None = None

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.is_folder and self.revision is not None:
            raise FieldFault("revision", "a folder has none; expected it with OWNER/NAME alone")
        if not self.is_folder and not COMMIT.fullmatch(self.revision or ""):
            raise FieldFault("revision", f"expected a commit of 40 hexadecimal digits, got {self.revision!r}")
        return self

    @property
    def is_folder(self) -> bool:
        """Whether the data set lies in a folder of this machine."""
        return self.dataset.startswith(FOLDER_STARTS)

    def rows(self, folder: Path | None = None) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Load the split and yield (place, row), each place for messages.

        Args:
            folder: where the data set lies, in place of `dataset`.

        Raises:
            InputError: the hub cannot be reached, or there is no such data set, configuration or split.
        """
        where = self.dataset if self.config is None else f"{self.dataset} ({self.config})"
        for number, row in enumerate(self._load(str(folder or Path(self.dataset).expanduser()), where)):
            yield f"{where} {self.split} row {number}", row

    def _load(self, folder: str, where: str) -> Any:
        offline = not self.is_folder and is_offline()
        from datasets import load_dataset
        from datasets.exceptions import DatasetsError

        try:
            if self.is_folder:
                return load_dataset(folder, self.config, split=self.split)
            return load_dataset(self.dataset, self.config, split=self.split, revision=self.revision)
        except (OSError, ValueError, DatasetsError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            if offline:
                reason = f"the hub does not answer, or {OFFLINE_VARIABLE} is set, and the data set is not in its cache"
            raise InputError(f"{where}: the split {self.split!r} cannot be loaded: {reason}") from None
