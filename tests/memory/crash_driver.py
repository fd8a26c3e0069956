"""Forks a process that writes steps, kills it at a random moment, copies what it left; twenty times.

Run as: python crash_driver.py FOLDER SEED ROUNDS
"""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np

from groundup.memory.records import UseRecord
from groundup.skills.library import Library
from groundup.skills.types import Skill

RUN = "run"


def embed(text: str) -> np.ndarray:
    return np.array([len(text), sum(map(ord, text)) % 97 + 1, 1.0], np.float32)


def write_steps(path: Path, acknowledged: int, last: int) -> None:
    library = Library.open(path, frame_size=(64, 48), game="test", embed=embed, wait=5)
    store = library.store
    run = store.get_run(RUN) or store.start_run("test", "local", run_id=RUN)
    skill = library.get("s") or library.add(Skill("s", "the skill", "", "scene", ()))
    for step in range(run.steps, last):
        with store.step():
            store.append_event(RUN, "step", {"step": step, "padding": "x" * 500})
            store.append_event(RUN, "reward", {"step": step})
            store.add_use(UseRecord("s", RUN, step, 1.0, True))
            statistics = skill.statistics.after(1.0, True, step=step)
            skill = Skill("s", "the skill", "", "scene", (), statistics=statistics)
            store.put_statistics("s", skill.to_json()["statistics"])
            store.put_knowledge("counter", "steps", {"steps": step + 1})
            library.add(Skill(f"skill-{step}", f"skill {step}", "", "scene", ()))
            store.put_frame(b"picture %d" % step)
            store.save_run_state(RUN, {"step": step + 1}, steps=step + 1)
        os.pwrite(acknowledged, b"%10d" % (step + 1), 0)
    library.close()


def main() -> None:
    folder, seed, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    live = folder / "live"
    live.mkdir()
    acknowledged = os.open(folder / "acknowledged", os.O_RDWR | os.O_CREAT)
    # What is prepared once in a process (statements, types) is there before the first fork.
    write_steps(folder / "warm" / "library.db", acknowledged, 5)
    os.ftruncate(acknowledged, 0)
    for number in range(rounds):
        child = os.fork()
        if child == 0:
            write_steps(live / "library.db", acknowledged, 1_000_000)
        # Sometimes while the file is being made or opened, mostly in the midst of steps.
        time.sleep(chance.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        left = folder / f"left-{number}"
        shutil.copytree(live, left)
        (left / "acknowledged").write_bytes(os.pread(acknowledged, 10, 0))


main()
