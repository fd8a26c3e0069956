"""Drags in the window "A Game" until Ctrl-C ends it, so many times: `python ended_drag.py TIMES`."""

import signal
import sys

from groundup.envs.errors import Stopped
from groundup.envs.types import Drag
from groundup.envs.window import Query
from groundup.envs.window_open import open_window
from groundup.envs.window_profile import Profile

profile = Profile.model_validate({"name": "test", "input": {"drag": True}, "timing": {"drag": 400}})
way = tuple((20 + 580 * (i % 2), 30 + 20 * i) for i in range(12))
for _ in range(int(sys.argv[1])):
    game = open_window(Query("A Game"), profile=profile, patience=60)
    assert game.stop is not None
    signal.signal(signal.SIGINT, lambda *_, end=game.stop: end())
    game.env.observe()
    print("dragging", flush=True)
    try:
        while True:
            game.env.act(Drag(way))
    except Stopped:
        game.env.close()
        print("ended", flush=True)
