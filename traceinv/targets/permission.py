"""On what ground a target may be tested."""

from typing import Literal, Self

from pydantic import Field, model_validator

from traceinv.schema import Closed, FieldFault

Ground = Literal["own_model", "open_weights", "open_data", "provider_consent"]
WORDS: dict[Ground, str] = {
    "own_model": "the tester's own model",
    "open_weights": "open weights",
    "open_data": "open data",
    "provider_consent": "consent of the provider",
}
NEEDS: dict[Ground, Literal["licence", "reference"]] = {
    "open_weights": "licence",
    "open_data": "licence",
    "provider_consent": "reference",
}
"""What a ground must name besides itself."""


class Permission(Closed):
    """The ground on which a target may be tested, as the person who tests it states it.

    Attributes:
        ground: who allows it.
        licence: of the weights or the data, such as `MIT`.
        reference: where the provider's consent is written down, such as the number of a contract.
    """

    ground: Ground
    licence: str | None = Field(None, min_length=1)
    reference: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _names_what_the_ground_needs(self) -> Self:
        needed = NEEDS.get(self.ground)
        if needed and not getattr(self, needed):
            raise FieldFault(needed, f"field required, because the ground is {self.ground}")
        return self

    def words(self) -> str:
        """State the ground in a few words: `open data (licence MIT)`."""
        named = [f"{name} {value}" for name in ("licence", "reference") if (value := getattr(self, name))]
        return f"{WORDS[self.ground]} ({', '.join(named)})" if named else WORDS[self.ground]
