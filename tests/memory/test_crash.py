"""kill -9 at random moments: the library opens, agrees with itself, and lost at most the step in progress."""

import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from groundup.memory.store import Store
from groundup.skills.library import TEXT_SPACE, Library

DRIVER = Path(__file__).with_name("crash_driver.py")
ROUNDS = 20


def embed(text: str) -> np.ndarray:
    return np.array([len(text), sum(map(ord, text)) % 97 + 1, 1.0], np.float32)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crashed")
    seed = zlib.crc32(str(folder).encode())
    subprocess.run([sys.executable, str(DRIVER), str(folder), str(seed), str(ROUNDS)], check=True)
    return folder


@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_at_a_random_moment(crashed: Path, number: int) -> None:
    left = crashed / f"left-{number}"
    acknowledged = int((left / "acknowledged").read_bytes() or b"0")
    with Library.open(left / "library.db", frame_size=(64, 48), embed=embed) as library:
        store = library.store
        run = store.get_run("run")
        steps = 0 if run is None else run.steps
        assert acknowledged <= steps <= acknowledged + 1
        if steps == 0:
            return
        assert run is not None
        assert run.state == {"step": steps}
        assert store.get_knowledge("counter") == {"steps": {"steps": steps}}
        events = store.events("run", limit=10 * steps)
        assert [event.seq for event in events] == list(range(2 * steps))
        assert [event.data["step"] for event in events if event.kind == "step"] == list(range(steps))
        uses = store.uses("s", limit=10 * steps)
        assert [use.step for use in uses] == list(range(steps))
        skill = library.get("s")
        assert skill is not None
        assert skill.statistics.uses == steps
        assert len(library) == steps + 1
        assert store.vectors.count(TEXT_SPACE) == steps + 1
        found = [skill.id for skill, _ in library.nearest(embed(f"skill {steps - 1}. "), steps + 1)]
        assert len(found) == steps + 1
        assert f"skill-{steps - 1}" in found


def test_the_killed_run_goes_on(crashed: Path) -> None:
    path = crashed / f"left-{ROUNDS - 1}" / "library.db"
    with Store.open(path) as store:
        run = store.latest_run(status="running")
        assert run is not None
        before = len(store.events(run.id, limit=1_000_000))
        assert store.append_event(run.id, "resumed", {}) == before
