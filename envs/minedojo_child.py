"""MineDojo's end of `minedojo_link`: a script for MineDojo's own Python, which imports nothing of groundup.

Requests come on the standard input, replies go to the standard output. Both are four bytes of length (big
endian) and that much JSON; a reply is followed by as many raw bytes as its key `bytes` says. A request that
fails is answered by its key `error`. The end of the input ends the program, and the Minecraft with it.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

Reply = tuple[dict[str, Any], bytes]


class Server:
    """Answers requests; holds one task of MineDojo at a time."""

    def __init__(self) -> None:
        self._env: Any = None
        self._masks: Any = None

    def tasks(self) -> Reply:
        """The prompt of each task by its name."""
        from minedojo.tasks import ALL_TASK_INSTRUCTIONS

        return {"tasks": {name: str(told[0]) for name, told in ALL_TASK_INSTRUCTIONS.items()}}, b""

    def make(self, task: str, size: list[int], seed: int, degrees: float) -> Reply:
        """Set up a task, in frames of `size` (width, height), with a camera in steps of `degrees`.

        Says how its actions are numbered. Starts nothing yet.
        """
        import minedojo
        from minedojo.sim.mc_meta import mc
        from minedojo.tasks import ALL_TASKS_SPECS

        self.close()
        options = {"image_size": (size[1], size[0]), "seed": seed, "world_seed": str(seed)}
        # MineDojo 0.1 takes a task to pieces as it makes it, and so makes each only once.
        whole = copy.deepcopy(ALL_TASKS_SPECS.get(task))
        try:
            self._env = minedojo.make(task, cam_interval=degrees, **options)
        finally:
            if whole is not None:
                ALL_TASKS_SPECS[task] = whole
        space = self._env.action_space
        return {
            "numbers": [int(count) for count in space.nvec],
            "nothing": [int(value) for value in space.no_op()],
            "crafts": [str(item) for item in mc.ALL_CRAFT_SMELT_ITEMS],
        }, b""

    def reset(self) -> Reply:
        """Begin the task, in a Minecraft that is started for it the first time."""
        return self._seen(self._env.reset(), 0.0, done=False)

    def step(self, action: list[int]) -> Reply:
        """Take one step of the game, 1/20 s; what the inventory does not allow does nothing."""
        import numpy as np

        kind, craft, slot = action[5], action[6], action[7]
        names = {4: ("craft_smelt", craft), 5: ("equip", slot), 6: ("place", slot), 7: ("destroy", slot)}
        if kind in names and not self._masks[names[kind][0]][names[kind][1]]:
            action = [*action[:5], 0, 0, 0]
        obs, reward, done, _ = self._env.step(np.array(action))
        return self._seen(obs, float(reward), bool(done))

    def close(self) -> Reply:
        """Let go of the task."""
        if self._env is not None:
            self._env.close()
            self._env = None
        return {}, b""

    def _seen(self, obs: Any, reward: float, done: bool) -> Reply:
        import numpy as np

        self._masks = obs["masks"]
        rgb = np.ascontiguousarray(obs["rgb"])
        return {"shape": list(rgb.shape), "reward": reward, "done": done}, rgb.tobytes()


def serve(server: Server, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until the requests end."""
    while (request := _read(requests)) is not None:
        name = request.pop("do")
        try:
            reply, raw = getattr(server, name)(**request)
        except Exception as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            reply, raw = {"error": "{}: {}".format(type(error).__name__, lines[-1] if lines else "")}, b""
        text = json.dumps({**reply, "bytes": len(raw)}).encode()
        replies.write(struct.pack(">I", len(text)) + text + raw)
        replies.flush()


def _read(requests: BinaryIO) -> dict[str, Any] | None:
    head = requests.read(4)
    if len(head) < 4:
        return None
    request: dict[str, Any] = json.loads(requests.read(struct.unpack(">I", head)[0]))
    return request


def _apart(descriptor: int, instead: int, mode: str) -> BinaryIO:
    """The stream at `descriptor`, to which others who use that number have no way any more."""
    kept = os.fdopen(os.dup(descriptor), mode)
    os.dup2(instead, descriptor)
    return kept  # type: ignore[return-value]


def main() -> None:
    """Serve on the standard streams; what MineDojo and Minecraft print goes to the standard error."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    requests, replies = _apart(0, nothing, "rb"), _apart(1, 2, "wb")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server()
    try:
        serve(server, requests, replies)
    finally:
        with contextlib.suppress(Exception):
            server.close()


if __name__ == "__main__":
    main()
