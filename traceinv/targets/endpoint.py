"""A reasoning model behind a server that speaks OpenAI's chat protocol."""

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from traceinv.engines.budget import Budget
from traceinv.targets.base import Answering, ModelWithoutWeights


class EndpointModel(ModelWithoutWeights):
    """A model behind a server, whose owner agrees to the test or whose weights are open.

    Attributes:
        base_url: such as `http://localhost:8000/v1`.
        model: the server's name for it.
        key_variable: the environment variable that holds the key; none is sent where it is left out. The key itself stands
            nowhere in a recipe, a record or a log.
        concurrency: requests under way at a time.
        timeout: seconds without an answer after which a request is sent again.
        retries: how often.
        body: fields that every request carries besides the protocol's, such as vLLM's `top_k`.
    """

    answers_from: ClassVar[Answering] = "endpoint"

    kind: Literal["endpoint"] = "endpoint"
    base_url: str = Field(pattern=r"^https?://[^\s@]+$")
    model: str = Field(min_length=1)
    key_variable: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    traces: Literal["known", "hidden"] = "hidden"
    budget: Budget = Budget()
    concurrency: int = Field(8, gt=0, le=256)
    timeout: float = Field(600.0, gt=0)
    retries: int = Field(5, ge=0, le=20)
    body: dict[str, Any] = Field(default_factory=dict)

    @field_validator("body")
    @classmethod
    def _holds_no_key(cls, body: dict[str, Any]) -> dict[str, Any]:
        secret = next((name for name in body if "key" in name.lower() or "authorization" in name.lower()), None)
        if secret is not None:
            raise ValueError(f"{secret!r} looks like a key; name the variable that holds it in `key_variable`")
        return body

    @property
    def has_own_summaries(self) -> bool:
        return self.traces == "hidden"
