"""Exchanges with a server that others wrote, recorded once: what it says can be read without it.

`recorded/` holds what `transformers serve` (transformers 5.24) answered to the real client, with the
checkpoint of `test_serve.py`; what was sent is cut out. To record anew: delete a file, start the server,
and run this with its address in GROUNDUP_RECORD.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import vcr

from groundup.agent.reason import prompts
from groundup.agent.reason.errors import Invalid
from groundup.agent.reason.pictures import plain
from groundup.agent.reason.server import ServerReasoner

RECORDED = Path(__file__).parent / "recorded"
QUESTION = prompts.pick(plain((200, 30, 30)), ["a door", "a key"], "", "")


def _without_picture(request: Any) -> Any:
    request.body = b"{}"
    request.headers = {}
    return request


def recorder(name: str) -> Any:
    """Plays a recording; makes it when it is not there and a server is named."""
    mode = "once" if "GROUNDUP_RECORD" in os.environ else "none"
    return vcr.VCR(
        record_mode=mode, match_on=["method", "path"], before_record_request=_without_picture
    ).use_cassette(str(RECORDED / f"{name}.yaml"))


URL = os.environ.get("GROUNDUP_RECORD", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_transformers_serve(api: str) -> None:
    reasoner = ServerReasoner("small", URL, "none", responses=api == "responses", retries=0)
    with recorder(f"transformers-serve-{api}"):
        answer = reasoner.ask(QUESTION)
    reasoner.close()
    assert answer.reply.element == 2
    assert answer.usage.tokens_in > 300


def test_transformers_serve_with_a_model_that_makes_no_sense() -> None:
    reasoner = ServerReasoner("small", URL, "none", retries=0)
    with recorder("transformers-serve-no-sense"), pytest.raises(Invalid):
        reasoner.ask(prompts.goals(["a"], [], []))
    reasoner.close()
