"""Playing needs no network: models come inside packages."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from groundup.agent.reason import prompts
from groundup.agent.reason.errors import Unavailable
from groundup.agent.reason.pictures import plain
from groundup.agent.reason.server import ServerReasoner

ROOT = Path(__file__).parents[1]

BLOCKED = """
import socket, sys

def refuse(*arguments, **options):
    raise AssertionError(f"the network was used: {arguments}")

class Socket(socket.socket):
    connect = connect_ex = sendto = bind = refuse

socket.socket = Socket
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse

from groundup.agent.cli import main
main(sys.argv[1:])
"""


def test_play_with_the_network_blocked(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BLOCKED, "play", "spire", "--steps", "20", "--json"]
    # A fresh home: even the converted model is built here, from the packages alone.
    env = os.environ | {"GROUNDUP_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["steps"] >= 20
    assert "floors" in report["truth"]


def test_what_a_test_asks_of_the_outside_is_refused() -> None:
    with pytest.raises(OSError, match="requests to the outside are refused"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    with pytest.raises(socket.gaierror, match="requests to the outside are refused"):
        socket.getaddrinfo("example.org", 443)
    reasoner = ServerReasoner("gpt-4o", "https://api.openai.com/v1", "none", responses=True, retries=0)
    with pytest.raises(Unavailable, match="Nothing answers"):
        reasoner.ask(prompts.probe(plain((9, 9, 9)), 1))
    reasoner.close()
