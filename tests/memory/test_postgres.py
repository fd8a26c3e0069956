"""The same store on a real PostgreSQL server, started for the test."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from groundup.envs.errors import LibraryUnusable
from groundup.memory.derived import SpaceIndex
from groundup.memory.records import SceneRecord, SkillRecord, UseRecord
from groundup.memory.store import Store
from groundup.skills.library import Library
from tests import needs


def _programs() -> Path:
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        needs.missing("PostgreSQL is missing: run apt-get install postgresql.")
    return folders[-1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs.package("psycopg", "postgres")
    programs = _programs()
    folder = tmp_path_factory.mktemp("postgres")
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chown(folder, 65534, 65534)
        for parent in folder.parents:
            if parent.name.startswith(("pytest", "popen")):
                parent.chmod(0o755)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*as_user, str(programs / program), *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )

    run("initdb", "-D", str(data), "-U", "groundup", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    yield f"postgresql+psycopg://groundup@/postgres?host={folder}"
    run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def test_a_library_on_a_server(server: str) -> None:
    with pytest.raises(LibraryUnusable, match="There is no library at"):
        Store.open(server, create=False)
    with Library.open(server, frame_size=(64, 48), game="game") as library:
        store = library.store
        run = store.start_run("game", "local", seed=2**40)
        skill = SkillRecord("s", "Play", steps=[{"action": "click"}], statistics={"uses": 0}, frames=("x",))
        with store.step():
            store.put_skill(skill)
            store.put_scene(SceneRecord("fight", "a fight", {"look": [1]}))
            for number in range(3):
                store.append_event(run.id, "step", {"number": number})
                store.add_use(UseRecord("s", run.id, number, 0.5, True, {"hp": -6}))
                store.put_knowledge("effects", "Strike", {"n": number})
            store.put_statistics("s", {"uses": 3})
            store.save_run_state(run.id, {"step": 3}, steps=3)
            sha = store.put_frame(b"picture")
            store.vectors.put("space", {"a": np.ones(3, np.float32), "b": np.eye(3, dtype=np.float32)[0]})
        store.vectors.put("space", {"a": np.eye(3, dtype=np.float32)[1]})
        with pytest.raises(LibraryUnusable, match="learnt on frames of 64x48"):
            Library.open(server, frame_size=(1, 1))
    with Store.open(server, readonly=True) as store:
        kept = store.get_skill("s")
        assert kept is not None
        assert (kept.steps, kept.statistics, kept.frames) == ([{"action": "click"}], {"uses": 3}, ("x",))
        assert [event.data["number"] for event in store.events(run.id)] == [0, 1, 2]
        assert [use.responsive for use in store.uses("s")] == [True] * 3
        assert store.get_knowledge("effects") == {"Strike": {"n": 2}}
        assert store.get_frame(sha) == b"picture"
        latest = store.latest_run()
        assert latest is not None
        assert (latest.steps, latest.seed, latest.state) == (3, 2**40, {"step": 3})
        index = SpaceIndex(store, "space")
        assert index.search(np.array([0, 1, 0], np.float32), 1)[0][0] == "a"
        with pytest.raises(LibraryUnusable, match="opened for reading only"):
            store.put_knowledge("effects", "x", 1)


def test_a_failed_step_on_a_server_leaves_nothing(server: str) -> None:
    def write(store: Store) -> None:
        with store.step():
            store.put_knowledge("failed", "x", 1)
            store.put_scene(SceneRecord("failed"))
            raise RuntimeError

    with Store.open(server) as store:
        with pytest.raises(RuntimeError):
            write(store)
        assert store.get_knowledge("failed") == {}
        assert "failed" not in {scene.id for scene in store.scenes()}


def test_two_writers_share_a_server(server: str) -> None:
    with Store.open(server) as one, Store.open(server) as other:
        index = SpaceIndex(one, "shared")
        other.vectors.put("shared", {"x": np.ones(2, np.float32)})
        other.put_knowledge("shared", "k", 1)
        one.put_knowledge("shared", "k", 2)
        assert other.get_knowledge("shared") == {"k": 2}
        assert [owner for owner, _ in index.search(np.ones(2, np.float32))] == ["x"]


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(LibraryUnusable, match="cannot be used: ") as caught:
        Store.open(f"postgresql+psycopg://me:secret@/postgres?host={tmp_path}")
    assert "secret" not in str(caught.value)
