"""Money: what tokens cost by genai-prices' list, which comes with the package and is not fetched."""

from __future__ import annotations

from dataclasses import dataclass

from groundup.agent.reason.usage import Usage
from groundup.envs.errors import UsageError

Price = float | None
"""Dollars; None when the price is not known."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one model: `free` for what runs here, else by the list of the provider at `url`."""

    model: str
    url: str | None = None
    free: bool = False

    def of(self, usage: Usage) -> Price:
        """What `usage` costs; None where a server did not say or the list holds no price."""
        if self.free:
            return 0.0
        if usage.untold:
            return None
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price

        tokens = Tokens(input_tokens=usage.tokens_in, output_tokens=usage.tokens_out)
        try:
            price = calc_price(tokens, self.model, provider_api_url=self.url)
        except (LookupError, ValueError):
            return None
        return float(price.total_price)

    @property
    def known(self) -> bool:
        """Whether there is a price."""
        return self.of(Usage(1, 1000, 1000)) is not None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend at the most; None for no limit."""

    calls: int | None = None
    cost: float | None = None

    def check(self, prices: Prices) -> None:
        """Raise `UsageError` for limits that are none, or that could not be held."""
        if self.calls is not None and self.calls < 0:
            raise UsageError(f"--max-calls {self.calls} is no number of calls: give 0 or more.")
        if self.cost is not None and not 0 <= self.cost < float("inf"):
            raise UsageError(f"--max-cost {self.cost:g} is no amount: give dollars, 0 or more.")
        if self.cost is not None and not prices.known:
            raise UsageError(
                f"The price of {prices.model} is not known, so --max-cost cannot be held: use --max-calls."
            )

    def spent(self, calls: int, cost: Price) -> str | None:
        """Which limit ends asking, in a few words; None while there is something left."""
        if self.calls is not None and calls >= self.calls:
            return f"--max-calls {self.calls} is reached"
        if self.cost is not None and cost is None:
            return f"--max-cost {self.cost:g} cannot be held, since the server does not say what it took"
        if self.cost is not None and cost is not None and cost >= self.cost:
            return f"--max-cost {self.cost:g} is reached"
        return None


def both(one: Price, other: Price) -> Price:
    """What two things cost together."""
    return None if one is None or other is None else one + other
