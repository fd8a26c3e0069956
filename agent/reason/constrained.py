"""Holds generation to a JSON schema, token by token, with llguidance."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from llguidance import LLMatcher, LLTokenizer
from transformers import LogitsProcessor, StoppingCriteria

from groundup.agent.reason.reasoner import Stop


class Constrained(LogitsProcessor):  # type: ignore[misc,unused-ignore]
    """Allows only tokens with which the text can still become what the schema describes; for one text."""

    def __init__(self, tokenizer: LLTokenizer, schema: dict[str, Any], start: int) -> None:
        """`start`: the number of tokens of the prompt."""
        # Without this a model may write spaces for ever.
        grammar = LLMatcher.grammar_from_json_schema(
            json.dumps(schema), defaults={"whitespace_flexible": False}
        )
        self._matcher = LLMatcher(tokenizer, grammar)
        self._seen = start
        if self._matcher.is_error():
            raise ValueError(self._matcher.get_error())

    @property
    def done(self) -> bool:
        """Whether the text is whole."""
        return bool(self._matcher.is_accepting() or self._matcher.is_stopped())

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores, with minus infinity for what is not allowed."""
        new = input_ids[0, self._seen :].tolist()
        self._seen += len(new)
        if new and not self._matcher.is_stopped():
            self._matcher.consume_tokens(new)
        bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), np.uint8), bitorder="little")
        allowed = np.zeros(scores.shape[-1], bool)
        count = min(len(bits), len(allowed))
        allowed[:count] = bits[:count] > 0
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))


class Stopping(StoppingCriteria):  # type: ignore[misc,unused-ignore]
    """Ends generation when the run is to stop."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:  # noqa: ARG002
        """Asked after each token."""
        return torch.full((input_ids.shape[0],), self._stop(), dtype=torch.bool, device=input_ids.device)
