"""The `openai` backend against a server that others wrote: `transformers serve`, on a checkpoint of ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from groundup.agent.reason import prompts
from groundup.agent.reason.errors import Invalid
from groundup.agent.reason.pictures import plain
from groundup.agent.reason.server import ServerReasoner
from tests.agent.reason.checkpoint import make_checkpoint, teach

QUESTION = prompts.pick(plain((200, 30, 30)), ["a door", "a key"], "", "")
REPLY = '{"because": "it fits", "element": 2}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that knows one answer."""
    made = make_checkpoint(tmp_path_factory.mktemp("checkpoint") / "small")
    teach(made, f"{QUESTION.system}\n{QUESTION.text}", REPLY)
    return made


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `transformers serve`."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / "hub").mkdir()  # without it /v1/models fails
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("transformers"))
    command = [program, "serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    env = os.environ | {
        "HF_HOME": str(cache),
        "HF_HUB_CACHE": str(cache / "hub"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    with (cache / "log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}/v1"
        client = openai.OpenAI(base_url=address, api_key="none", max_retries=0)
        end = time.monotonic() + 240
        while True:
            try:
                client.models.list()
                break
            except openai.OpenAIError:
                assert server.poll() is None, (cache / "log").read_text()
                assert time.monotonic() < end, (cache / "log").read_text()
                time.sleep(0.5)
        client.close()
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("responses", [False, True], ids=["chat", "responses"])
def test_a_real_server_answers_with_a_picture(url: str, folder: Path, responses: bool) -> None:
    reasoner = ServerReasoner(str(folder), url, "none", responses=responses)
    try:
        answer = reasoner.ask(QUESTION)
    finally:
        reasoner.close()
    assert answer.reply.element == 2
    assert answer.usage.pictures == 1
    assert answer.usage.tokens_in > 300  # counted by the server: the rules, the question, 16 for the picture
    assert answer.usage.tokens_out > 5


def test_a_real_server_whose_model_makes_no_sense_is_not_believed(url: str, folder: Path) -> None:
    reasoner = ServerReasoner(str(folder), url, "none")
    try:
        # It has learnt one answer, which fits no other question; the server ignores `response_format`.
        with pytest.raises(Invalid, match="did not reply in the form asked for"):
            reasoner.ask(prompts.goals(["a", "b"], [], []))
    finally:
        reasoner.close()
