"""The Minecraft side of MineDojo's own protocol, which cannot be had here: a double of Malmo's server.

It speaks what `minedojo.sim.bridge` says on its socket (messages of four bytes of length and that much data),
writes down the commands that reach it, and shows a picture that turns with the camera. Everything between
groundup's actions and these commands is MineDojo's own code.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLOTS = 41
"""Of a player: 36 of the inventory, the armour, the other hand."""


@dataclass
class Malmo:
    """Listens on `port`; `commands` has what was asked for in each step, by name."""

    inventory: dict[int, tuple[str, int]] = field(default_factory=dict)
    commands: list[dict[str, str]] = field(default_factory=list)
    missions: list[str] = field(default_factory=list)
    done: bool = False
    """Whether the next step says that the mission is over."""
    size: tuple[int, int] = (0, 0)
    yaw: float = 0.0

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._serve, name="malmo", daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def picture(self) -> NDArray[np.uint8]:
        """What it shows, RGB from the top: each pixel says where it is, and red how far it was turned."""
        width, height = self.size
        down, across = np.mgrid[0:height, 0:width]
        return np.stack([np.full_like(down, self.yaw % 256), down % 256, across % 256], axis=-1).astype(
            np.uint8
        )

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                while (message := _receive(connection)) is not None:
                    self._answer(connection, message)

    def _answer(self, connection: socket.socket, message: bytes) -> None:
        if message.startswith((b"<MalmoEnv", b"<StepServer", b"<Disconnect")):
            return
        if message.startswith(b"<Quit"):
            _send(connection, struct.pack("!I", 1))
        elif message.startswith(b"<Peek"):
            _send(connection, self._seen(), self._facts(), struct.pack("!b", 0))
        elif message.startswith(b"<StepClient"):
            self._step(re.sub(r"<[^>]*>", "", message.decode()))
            done, self.done = self.done, False
            _send(connection, self._seen(), struct.pack("!dbb", 0.0, done, 0), self._facts())
        else:
            self.missions.append(message.decode())
            _receive(connection)  # its token
            found = re.search(r"<Width>\s*(\d+)\s*</Width>\s*<Height>\s*(\d+)", self.missions[-1])
            assert found is not None
            self.size = (int(found[1]), int(found[2]))
            _send(connection, struct.pack("!I", 1))

    def _step(self, commands: str) -> None:
        said = dict(line.split(" ", 1) for line in commands.splitlines() if " " in line)
        self.commands.append(said)
        self.yaw += float(said["camera"].split()[1])

    def _seen(self) -> bytes:
        return self.picture()[::-1].tobytes()

    def _facts(self) -> bytes:
        inventory = []
        for slot in range(SLOTS):
            name, quantity = self.inventory.get(slot, ("air", 0))
            inventory.append(
                {"inventory": "inventory", "index": slot, "name": name, "type": name, "quantity": quantity}
                | {"variant": 0, "max_durability": -1, "cur_durability": -1}
            )
        facts: dict[str, Any] = {"inventory": inventory, "xpos": 0.0, "ypos": 64.0, "zpos": 0.0}
        facts |= {"nearby_crafting_table": False, "nearby_furnace": False}
        corners = re.findall(r'<(?:min|max) x="(-?\d+)" y="(-?\d+)" z="(-?\d+)"/>', self.missions[-1])
        if corners:  # blocks around the player, which some tasks ask for: air, and nine facts of each
            low, high = (np.array(corner, int) for corner in corners)
            blocks = int(np.prod(high - low + 1))
            facts["voxels"] = ["air", *[0] * 9] * blocks
        facts |= {"life": 20.0, "food": 20, "oxygen": 300, "armor": 0, "xp": 0, "is_sleeping": False}
        return json.dumps(facts).encode()


def _send(connection: socket.socket, *messages: bytes) -> None:
    for message in messages:
        connection.sendall(struct.pack("!I", len(message)) + message)


def _receive(connection: socket.socket) -> bytes | None:
    head = _exactly(connection, 4)
    return None if head is None else _exactly(connection, struct.unpack("!I", head)[0])


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            return None
        data += part
    return data
