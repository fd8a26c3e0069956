"""Playing needs no network: models come inside packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
