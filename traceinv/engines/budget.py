"""What may be spent on a server, and a ledger of what was, which outlives the process."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from traceinv.errors import GateError, InputError
from traceinv.schema import Closed, FieldFault

MILLION = 1_000_000


class Budget(Closed):
    """What may be spent on a server in one run, over all its questions; a limit that is left out does not bind.

    Attributes:
        queries: HTTP requests, repeated ones included.
        tokens: prompt and reply together.
        money: in the unit of the prices.
        prompt_price, reply_price: of a million tokens.
    """

    queries: int | None = Field(None, gt=0)
    tokens: int | None = Field(None, gt=0)
    money: float | None = Field(None, gt=0)
    prompt_price: float = Field(0.0, ge=0)
    reply_price: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _money_has_prices(self) -> Self:
        if self.money is not None and not (self.prompt_price or self.reply_price):
            raise FieldFault("money", "expected prompt_price and reply_price too")
        return self

    def price(self, prompt: int, reply: int) -> float:
        """Return what so many tokens cost."""
        return (prompt * self.prompt_price + reply * self.reply_price) / MILLION


class BudgetSpent(GateError):
    """The next request might go beyond the budget."""


@dataclass
class _Entry:
    prompt: int
    reply: int


class Ledger:
    """Counts requests before they are sent, so that a budget is never exceeded.

    A request counts with all the tokens that it may need until the server has said how many it had. What a killed process had
    sent and not settled counts in full. Several threads may use a ledger.
    """

    def __init__(self, budget: Budget, path: Path | None = None) -> None:
        """Open a ledger.

        Args:
            path: the file that it is kept in; None to forget it with the process.

        Raises:
            InputError: the file is none of a ledger.
        """
        self.budget, self.path = budget, path
        self._entries: list[_Entry] = []
        self._open: set[int] = set()
        self._changed = threading.Condition()
        if path is not None and path.exists():
            self._read(path)

    @property
    def queries(self) -> int:
        return len(self._entries)

    @property
    def tokens(self) -> int:
        return sum(entry.prompt + entry.reply for entry in self._entries)

    @property
    def money(self) -> float:
        return sum(self.budget.price(entry.prompt, entry.reply) for entry in self._entries)

    def reserve(self, prompt: int, reply: int) -> int:
        """Count a request that is about to be sent, and return its number.

        While others are under way that may turn out cheaper than they count, it waits for them.

        Args:
            prompt, reply: the most tokens that it may need.

        Raises:
            BudgetSpent: it might go beyond the budget.
        """
        with self._changed:
            while (limit := self._exceeded_by(prompt, reply)) is not None:
                if not self._open or limit == "queries":
                    raise BudgetSpent(
                        f"the budget is spent: {self._spent()}; one more request might exceed its {limit}"
                    )
                self._changed.wait()
            self._entries.append(_Entry(prompt, reply))
            number = len(self._entries) - 1
            self._open.add(number)
            self._write({"request": number, "prompt": prompt, "reply": reply})
            return number

    def settle(self, number: int, prompt: int | None, reply: int | None) -> None:
        """Say how many tokens a request had; None where that is not known, and it goes on counting in full."""
        with self._changed:
            entry = self._entries[number]
            entry.prompt = entry.prompt if prompt is None else prompt
            entry.reply = entry.reply if reply is None else reply
            self._open.discard(number)
            self._write({"request": number, "prompt": entry.prompt, "reply": entry.reply})
            self._changed.notify_all()

    def spent(self) -> dict[str, float]:
        """Return what counts as spent."""
        priced = {"money": round(self.money, 6)} if self.budget.prompt_price or self.budget.reply_price else {}
        return {"queries": self.queries, "tokens": self.tokens, **priced}

    def _exceeded_by(self, prompt: int, reply: int) -> str | None:
        """Return the first limit that one more request might exceed."""
        after = {
            "queries": self.queries + 1,
            "tokens": self.tokens + prompt + reply,
            "money": self.money + self.budget.price(prompt, reply),
        }
        limits = {"queries": self.budget.queries, "tokens": self.budget.tokens, "money": self.budget.money}
        return next((name for name, limit in limits.items() if limit is not None and after[name] > limit), None)

    def _spent(self) -> str:
        return ", ".join(f"{value:,} {name}" for name, value in self.spent().items())

    def _write(self, line: dict[str, int]) -> None:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _read(self, path: Path) -> None:
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
                number, entry = line["request"], _Entry(line["prompt"], line["reply"])
            except (ValueError, KeyError, TypeError):
                if text and not text.endswith("}"):  # the last line of a killed process
                    continue
                raise InputError(f"{path}: not a ledger of requests: {text[:60]!r}") from None
            if number == len(self._entries):
                self._entries.append(entry)
            else:
                self._entries[number] = entry
