"""What asking a model takes: requests, tokens, pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests sent, tokens as the server counts them (0 where it does not say), pictures sent with them.

    `image_tokens` is what the pictures should come to by the model's profile: servers do not say.
    """

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    pictures: int = 0
    image_tokens: int = 0
    untold: int = 0
    """Answers for which the server did not say what they took."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.pictures + other.pictures,
            self.image_tokens + other.image_tokens,
            self.untold + other.untold,
        )


NOTHING = Usage()
"""Nothing was asked."""
